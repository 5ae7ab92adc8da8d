"""The decision of what a case does next, and why: pure functions of a view of it (`models/case/view.py`).

The same ones serve the live case, the dry run, the plan (`models/case/plan.py`) and the explanation of a decision.
"""

from __future__ import annotations

from datetime import date, timedelta

from models.case.blocks import Block, Situation, in_order, stops_of
from models.case.dwell import await_service, open_, waited
from models.case.dwell import due as due_on
from models.case.gate import cause_ended, gate, passages, unlisted
from models.case.referral import matter, refer
from models.case.state import OffMap, OnRow, Referred, Suspended
from models.case.status import Status
from models.case.step import Action, Decision, Step, act, at_once, cell, wait
from models.case.transitions import fallen_over, moved, routes_to
from models.case.view import View
from models.collections.promise import in_words
from models.contact.delivery import Route
from models.formats import day, moment
from models.law.contact_caps import first_free_day
from models.ruler.schema import Hypothesis, Stage
from models.words import CHANNELS, STAGES


def decide(view: View) -> Decision:
    """Decide on a case: first what has happened moves the state, then the state says what is next."""
    if why := view.facts.cancelled_because:
        situation = Situation(state=view.state.status)
        return Decision(state=view.state, step=at_once(view, Action.CANCEL, why), situation=situation)
    if view.facts.lacks:
        blocks = in_order(stops_of(view))
        return _decision(view, _until_promised(view, wait(view, blocks[0].reason)), blocks)
    view, transitions = moved(view)
    ahead = _ahead(view)
    blocks = in_order([*stops_of(view), *_met_on_the_map(view, ahead)])
    step = _before_prescription(view, _towards_deadline(view, _next(view, ahead, blocks)))
    step = _until_promised(view, step)
    decision = _decision(view, step, blocks)
    return decision.model_copy(update={"transitions": transitions})


def _decision(view: View, step: Step, blocks: tuple[Block, ...]) -> Decision:
    situation = Situation(state=view.state.status, blocks=blocks)
    step = step.model_copy(update={"status": situation.status})
    return Decision(state=view.state, step=step, situation=situation)


def _met_on_the_map(view: View, ahead: Step | None) -> tuple[Block, ...]:
    """The blocks on the steps ahead, whether or not the case stands still: nobody to reach, no money, no approval, …"""
    if ahead is None or ahead.status is Status.RUNNING or not (view.facts.outstanding or view.facts.suspended):
        return ()
    asked = view.state.approval if ahead.status is Status.AWAITING_APPROVAL else None
    return (Block(kind=ahead.status, reason=ahead.reason, since=asked.asked_on if asked else None),)


STOPS = (Status.ON_HOLD, Status.PAUSED, Status.UNDER_DEFENCE, Status.UNDER_REVIEW)


def _next(view: View, ahead: Step | None, blocks: tuple[Block, ...]) -> Step:
    place, facts = view.state.place, view.facts
    if isinstance(place, Suspended):
        return _while_suspended(view, place)
    if view.state.to_tell and (routes := _routes_of_reinstatement(view)):
        return wait(view, f"pausado por {facts.paused_by}") if facts.pauses else _inform(view, routes)
    if not facts.outstanding and not facts.suspended:
        return at_once(view, Action.RESOLVE, "nada mais em aberto")
    if any(block.kind in STOPS for block in blocks):
        until = facts.ground_ends_on if facts.on_hold else None
        return wait(view, blocks[0].reason, until and until + timedelta(days=1))
    return ahead or wait(view, "nenhuma evidência que esta régua aceite")


def _while_suspended(view: View, place: Suspended) -> Step:
    if why := cause_ended(view, place):
        return at_once(view, Action.REINSTATE, why)
    if view.facts.pauses:
        return wait(view, f"pausado por {view.facts.paused_by}; benefícios suspensos")
    last = len(view.ruler.rows[place.row].rungs) - 1
    if place.rung < last:
        due = view.calendar.working(view.state.clock.not_before)
        step = _rung_step(view, place.row, last, due, "comunicação da suspensão de benefícios aprovada")
        # the case may have come from a ruler whose notices before it were harder than this one
        hardest = max(view.state.last_rigidity, view.ruler.rigidity(place.row, last, view.state.occurrences))
        return step.model_copy(update={"rigidity": hardest})
    if routes := fallen_over(view):
        return _fall_over(view, place, routes)
    return wait(view, f"benefícios suspensos; {open_(view.facts)}")


def _ahead(view: View) -> Step | None:
    """The next step as if nothing stopped the case; none off the map, and while benefits are suspended."""
    match view.state.place:
        case OnRow() as on:
            return _climb(view, on)
        case Referred() as referred:
            return _after_referral(view, referred)
    return None


def _after_referral(view: View, place: Referred) -> Step:
    """The step after a referral: a debt that came up since goes to court on steps of its own."""
    found = matter(view)
    if place.debts is None or not (found.referable or found.to_register):
        return wait(view, "encaminhado para protesto e execução fiscal")
    return refer(view, view.facts.today, f"outros débitos já encaminhados; {open_(view.facts)}")


def _climb(view: View, on: OnRow) -> Step:
    """The next step on the map, as if nothing stopped the case."""
    ruler = view.ruler
    if routes := fallen_over(view):
        return _fall_over(view, on, routes)
    row, index, why = on.row, on.rung + 1, ""
    if index == len(ruler.rows[row].rungs):
        above = ruler.rows[row].climbs_to
        why = f"a escada de {row.upper()} terminou; "
        if above is None and ruler.offer:
            return wait(view, f"todos os avisos da campanha foram dados; {open_(view.facts)}")
        if above is None:
            return _end(view, on)
        row, index = above, 0
    if ruler.rung(row, index).stage is Stage.SUSPENSION:
        return _at_the_gate(view, on, row, index)
    due = due_on(view)
    if due is None:
        return await_service(view)
    if ruler.offer and (before := ruler.rung(row, index).before):
        due = max(due, ruler.offer.day_of(view.calendar, before))
    return _contact(view, row, index, due, f"{why}{waited(view, on)}")


def _at_the_gate(view: View, on: OnRow, row: Hypothesis, index: int) -> Step:
    """Credits that joined after the formal notices, or were raised since, get one of their own, at the tone that the
    case has come to; what the others have come to waits for none of them."""
    late = unlisted(view)
    others = gate(view, on) if any(each.opens for each in passages(view)) or not late else None
    if not late or not view.facts.has_benefits:
        return others or gate(view, on)
    today = view.calendar.working(max(view.facts.today, view.state.clock.not_before))
    own = _contact(
        view, row, index - 1, today, f"notificação própria do que se juntou ou foi elevado depois; {open_(view.facts)}"
    )
    if others and (own.on is None or (others.on and others.on < own.on)):
        return others
    return own.model_copy(update={"rigidity": max(own.rigidity or 0, view.state.last_rigidity) or None})


def _end(view: View, on: OnRow) -> Step:
    due = due_on(view)
    if due is None:
        return await_service(view)
    return refer(view, due, f"fim da régua; {waited(view, on)}")


def _routes_of_reinstatement(view: View) -> tuple[Route, ...]:
    """The routes by which a taxpayer is told that his benefits are back: those that told him of their suspension."""
    row = view.state.row
    if row is None or row not in view.ruler.rows:
        return ()
    return routes_to(view, row, len(view.ruler.rows[row].rungs) - 1)


def _inform(view: View, routes: tuple[Route, ...]) -> Step:
    """The message that benefits are back. Nothing need be outstanding for it: it asks for nothing."""
    place = view.state.place
    assert not isinstance(place, OffMap)  # noqa: S101 - only a case on the map was ever suspended
    last = len(view.ruler.rows[place.row].rungs) - 1
    on, why = view.calendar.working(view.facts.today), "comunicação de que os benefícios foram devolvidos"
    return cell(view, Action.INFORM, place.row, last, on, why).model_copy(update={"routes": routes})


def _contact(view: View, row: Hypothesis, index: int, due: date, why: str) -> Step:
    """A rung that is due on `due`, on the first day that its taxpayer may be contacted."""
    facts, calendar = view.facts, view.calendar
    if not routes_to(view, row, index):
        why = "nenhum contato alcança o contribuinte pelos canais do degrau"
        return wait(view, why, blocked=Status.UNREACHABLE)
    if facts.over_budget:
        return wait(view, "o orçamento da coorte não paga o próximo degrau", blocked=Status.OVER_BUDGET)
    if facts.claimed_paid_on:
        processed = calendar.after(facts.claimed_paid_on, view.ruler.payments.processing)
        if processed > due:
            due, why = processed, f"{why}; pagamento informado em {day(facts.claimed_paid_on)} aguarda o banco"
    formal = view.ruler.rung(row, index).formal
    if (promise := facts.promised) and not formal and promise.judged_on > due:
        due, why = promise.judged_on, f"{why}; {in_words(promise)} aguarda o banco"
    if not formal:
        free = first_free_day(due, facts.contacted_on, facts.limits, calendar)
        if free > due:
            due, why = free, f"{why}; adiado pelo limite de contatos por pessoa"
    return _rung_step(view, row, index, due, why)


def _fall_over(view: View, place: OnRow | Suspended, routes: tuple[Route, ...]) -> Step:
    """The step by which the last rung goes on by other channels: the same contact, at the next lawful hour."""
    lost = ", ".join(CHANNELS[route.rung_channel] for route in routes)
    instead = ", ".join(CHANNELS[route.channel] for route in routes)
    why = f"não alcançado por {lost}: recorre a {instead}"
    on = view.facts.today
    if (promise := view.facts.promised) and not view.ruler.rung(place.row, place.rung).formal:
        on, why = promise.judged_on, f"{why}; {in_words(promise)} aguarda o banco"
    step = _rung_step(view, place.row, place.rung, on, why)
    same = {"number": view.state.steps - 1, "rigidity": view.state.last_rigidity, "routes": routes}
    return step.model_copy(update=same)


def _towards_deadline(view: View, step: Step) -> Step:
    """The step as the offer's deadline allows it: nobody is contacted on its last day, or after. A case that isn't
    settled ends once the bank has had its days, whatever it waits for."""
    offer = view.ruler.offer
    if offer is None or step.action is Action.RESOLVE:
        return step
    if step.action is Action.NOTIFY and step.on and max(step.on, view.facts.today) < offer.deadline_day:
        return step.model_copy(update={"reason": f"{step.reason}; a oferta vale até {moment(offer.until)}"})
    over = offer.over_on(view.calendar, view.ruler.payments.processing)
    why = f"oferta até {moment(offer.until)}: sem quitação, a campanha encerra em {day(over)}; {step.reason}"
    return act(view, Action.END, over, why)


def _before_prescription(view: View, step: Step) -> Step:
    """The step as prescription allows it: a case that only waits looks again on the day its first debt prescribes."""
    days = [debt.prescribes for debt in view.facts.debts if debt.outstanding and not debt.prescription_refuted]
    first = min((day for day in days if day), default=None)
    if step.action is not Action.WAIT or first is None or (step.on and step.on <= first):
        return step
    return step.model_copy(update={"on": first})


def _until_promised(view: View, step: Step) -> Step:
    """The step as an open promise allows it: the case looks again on the day on which that is kept or broken."""
    first = view.facts.promise_judged_on
    if first is None or step.action.at_once or (step.on and step.on <= first):
        return step
    return wait(view, step.reason, first, blocked=step.status)


def _rung_step(view: View, row: Hypothesis, index: int, on: date, why: str) -> Step:
    why = f"{row.upper()} · {STAGES[view.ruler.rung(row, index).stage]}: {why}"
    step = cell(view, Action.NOTIFY, row, index, on, why)
    return step.model_copy(update={"routes": routes_to(view, row, index)})
