"""Whether a notice that was asked for is still to be sent: its contact may have been overtaken meanwhile.

Each notice is looked at before it leaves, also the second of a contact: what was paid, held or contested, and which
channels the taxpayer refused, since the first.
"""

from __future__ import annotations

from models.case.state import Suspended
from models.case.step import Action, Step
from models.case.transitions import reach_of
from models.contact.delivery import Route, routes_left
from models.ruler.schema import Ruler
from storage.case.transaction import CaseTransaction


def is_current(tx: CaseTransaction, asked: Step, route: Route) -> bool:
    """Whether the notice is still the next one, or its rung was just done on another channel and may go on."""
    step, state = tx.step, tx.state
    if tx.case.closed_at is not None or not _has_rung(tx.case.ruler, asked) or not still_reaches(tx, asked, route):
        return False
    if step.number == asked.number:
        same = step.action is asked.action and step.action.contacts and (step.row, step.rung) == (asked.row, asked.rung)
        return same and tx.due and route in step.routes
    halted = bool(tx.facts.pauses) or tx.facts.cancelled_because is not None
    if asked.action is Action.INFORM:
        return state.steps == asked.number + 1 and not isinstance(state.place, Suspended) and not halted
    just_done = state.steps == asked.number + 1 and state.stands
    begun = just_done and (state.row, state.rung) == (asked.row, asked.rung)
    stopped = halted or tx.facts.lacks or _offer_is_over(tx)
    return begun and not _is_claimed(tx, route) and is_pursued(tx) and not stopped


def is_pursued(tx: CaseTransaction) -> bool:
    """Whether something is outstanding whose next step waits for nobody's answer; a suspension is told of all the
    same."""
    reviewed = tx.facts.under_review and not isinstance(tx.state.place, Suspended)
    return tx.facts.outstanding and not reviewed


def still_reaches(tx: CaseTransaction, step: Step, route: Route) -> bool:
    """Whether the channel reaches the taxpayer, who may have refused it since the step was decided."""
    if step.row is None or step.rung is None:
        return True
    return route.channel in reach_of(tx.view, step.row, step.rung)


def unclaimed(tx: CaseTransaction, begun: Step) -> list[Route]:
    """The routes of the contact last begun by which no notice was claimed, and one is still to be sent: in place of a
    channel that reaches nobody any more the next of its fallbacks."""
    if begun.row is None or begun.rung is None or not _has_rung(tx.case.ruler, begun):
        return []
    wanted = {route.rung_channel for route in begun.routes if not _is_claimed(tx, route)}
    fallbacks, reach = tx.case.ruler.fallbacks(begun.row, begun.rung), reach_of(tx.view, begun.row, begun.rung)
    left = [route for route in routes_left(fallbacks, tx.facts.deliveries, reach) if route.rung_channel in wanted]
    return [route for route in left if is_current(tx, begun, route)]


def _is_claimed(tx: CaseTransaction, route: Route) -> bool:
    return route.rung_channel in {delivery.rung_channel for delivery in tx.facts.deliveries}


def _offer_is_over(tx: CaseTransaction) -> bool:
    """The rung began before the offer's last day, and this notice of it did not get away until then."""
    offer = tx.case.ruler.offer
    return offer is not None and offer.deadline_day <= tx.today


def _has_rung(ruler: Ruler, step: Step) -> bool:
    """The step's: a case that has gone over to another ruler since may have another one there, or none."""
    return any((row, index, rung.stage) == (step.row, step.rung, step.stage) for row, index, rung in ruler.cells())
