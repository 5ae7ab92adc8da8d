"""One notice of a rung: claimed in a transaction that sees every payment before it, handed over, and recorded.

A notice is claimed once: (case, rung, channel) is its key. From the claim on it may leave, whatever is paid later; one
that its provider refused for now looks again before each attempt.
"""

from __future__ import annotations

from datetime import date, datetime, timedelta

from temporalio import activity

from activities.batches import write_claims
from activities.current import is_current, is_pursued, still_reaches
from activities.dependencies import Dependencies, contact_at, hours_of, late_contact_at, now
from activities.handing_over import Claimed, carry, out_of_hours, while_paused
from activities.letters import letter_for
from activities.outgoing import made_of, outgoing, price_of, words_of
from channels.mail_gateway import Adapter, Content, Outgoing, Undeliverable
from channels.rendering import render
from models.assets import reinstatement_template
from models.case.credit import CreditId
from models.case.gate import to_be_listed
from models.case.journal import EntryKind
from models.case.state import Suspended
from models.case.step import Action, Step
from models.contact.delivery import Progress, Route
from models.ruler.schema import Rung, Stage, tone_of
from storage.case.transaction import CaseTransaction
from storage.contact.costs import spend
from storage.contact.notices import IssuedNotice, issued, notices_of_rung
from storage.law.listed import list_credits, listed_by_contact
from workflows.effects import Contact, NextAction, NoticeEffects

NO_WAIT = timedelta(0)


class NoticeActivities(NoticeEffects):
    def __init__(self, dependencies: Dependencies) -> None:
        self.dependencies = dependencies
        self.links = dependencies.links

    @activity.defn
    def notify(self, contact: Contact) -> NextAction:
        case, day = contact.case, contact.step.on
        tx, claimed = self.dependencies.carry_out(case, lambda tx: self._claim(tx, contact), day)
        if claimed and carry(self.dependencies, claimed):
            tx, _ = self.dependencies.carry_out(case, lambda tx: None, day)
        return self.dependencies.next_action(tx)

    # ---- claiming

    def _claim(self, tx: CaseTransaction, contact: Contact) -> Claimed | None:
        """Claim a notice; None when it has left or is lost, or when something overtook it."""
        route = Route(channel=contact.channel, rung_channel=contact.rung_channel)
        notice = f"{contact.case}-{contact.step.number:02}-{contact.channel}"
        # a contact that is still to be counted has no notice yet
        counted = tx.state.steps > contact.step.number
        begun = notices_of_rung(tx.connection, tx.case.id, contact.step.number) if counted else {}
        made = begun.get(notice)
        adapter = self.dependencies.adapter(tx.case, route.channel)
        if made is None:
            if not is_current(tx, contact.step, route):
                return None
            wait = _opens_in(tx, route, contact.step)
            # a step that has not begun is asked for again in its hours, the other notices of one that has are not
            if wait and begun:
                raise out_of_hours(wait)
            if wait != NO_WAIT:
                return None
            # one rung is one contact: its notices carry the day of the first of them, whatever is paid in between
            first = next(iter(begun.values()), None)
            at = first.at if first else tx.case.clock.carried(tx.step.on or tx.today, tx.today)
            made = self._make(tx, contact.step, route, notice, at, adapter)
            if made is None:
                return None
            message = self._message(tx, made, adapter)
            return Claimed(message, adapter, tx.case)
        if made.status != Progress.CLAIMED:
            return None
        message = self._message(tx, made, adapter)
        return Claimed(
            message,
            adapter,
            tx.case,
            made.unanswered,
            _hindrance(tx, route, adapter, contact.step),
        )

    def _make(
        self, tx: CaseTransaction, step: Step, route: Route, notice: str, at: date, adapter: Adapter
    ) -> IssuedNotice | None:
        """Claim the notice: from here on it may leave, whatever is paid later. None: the cohort can't pay for it."""
        assert step.row is not None and step.rigidity is not None  # noqa: S101, PT018 - a step that sends has them
        rung, informs = _rung_of(tx, step), step.action is Action.INFORM
        template = reinstatement_template(rung.template) if informs else rung.template
        credits = _credits_of(tx, step) if rung.formal and not informs else None
        message = render(route.channel, template, letter_for(tx, step, at, self._link(tx), credits), words_of(tx.case))
        segments, cost = price_of(tx.case, route.channel, message, at)
        if not spend(tx.connection, tx.case, cost, at_any_cost=informs):
            tx.over_budget()
            return None
        row = {
            "id": notice,
            "case": tx.case.id,
            "kind": "reinstatement" if informs else "rung",
            "step": step.number,
            "rung_channel": route.rung_channel,
            "at": at,
            "due_at": _due_at(tx, step, at),
            "hypothesis": step.row,
            "stage": rung.stage,
            "rigidity": step.rigidity,
            "tone": tone_of(step.rigidity),
            "template": template,
            "formal": rung.formal and not informs,
            **made_of(route.channel, message, tx.person, adapter, segments, cost),
        }
        tx.claims.append(row)
        carries = bool(credits) and rung.stage is not Stage.SUSPENSION and tx.case.ruler.serves(route.channel)
        if credits and carries:
            write_claims([tx])
            list_credits(tx.connection, notice, tx.facts, credits)
        if tx.state.steps == step.number:
            tx.begun = step
        # the reason as of now: a payment may have come since the workflow was told of the step
        tx.journal(EntryKind.NOTICE_ISSUED, tx.step.reason if tx.step.number == step.number else step.reason, at, step)
        if tx.state.steps == step.number and informs:
            tx.judge(tx.state.informed())
        elif tx.state.steps == step.number:
            _advance(tx, at)
        elif carries:
            # the channels before it carried no act: what comes next waits for the service of this one
            tx.look_again()
        return issued(row)

    def _message(self, tx: CaseTransaction, made: IssuedNotice, adapter: Adapter) -> Outgoing:
        content = self._content(tx, made) if made.channel == "whatsapp" else None
        return outgoing(tx.case, tx.person, made, adapter, self.links, words_of(tx.case), content)

    def _link(self, tx: CaseTransaction) -> str | None:
        return self.links.pay(tx.case.id) if self.links else None

    def _content(self, tx: CaseTransaction, made: IssuedNotice) -> Content | None:
        """The WhatsApp template of the rung; None when its ruler has none, or the case went over to a ruler without
        that rung."""
        ruler, sent = tx.case.ruler, (made.hypothesis, made.stage)
        content = next((rung.content for row, _, rung in ruler.cells() if (row, rung.stage) == sent), None)
        variables = (tx.person.name, ruler.authority, self._link(tx) or ruler.contact.site)
        return Content(content, variables) if content else None


def _opens_in(tx: CaseTransaction, route: Route, step: Step) -> timedelta | None:
    """How long until the route's contact hours; None: never, the clock stands still before them. On a compressed clock
    a contact is judged by the instant it was due at, which lies inside its hours."""
    if tx.case.clock.compressed:
        return NO_WAIT
    at = late_contact_at(tx.case, [route.channel], hours_of(tx.case, step))
    return None if at is None else max(at - now(), NO_WAIT)


def _hindrance(tx: CaseTransaction, route: Route, adapter: Adapter, step: Step) -> Exception | None:
    """The hindrance that has come up since the notice was claimed, for one that an earlier attempt may not have handed
    over."""
    if not adapter.needs_contact:
        return None
    if not (is_pursued(tx) or step.action is Action.INFORM):
        return Undeliverable("nada mais a cobrar antes do envio")
    if tx.case.closed_at is not None or tx.facts.cancelled_because:
        return Undeliverable("caso encerrado antes do envio")
    if not still_reaches(tx, step, route):
        return Undeliverable("o canal foi recusado, ou seu endereço deixou de valer, antes do envio")
    if tx.facts.pauses:
        return while_paused()
    wait = _opens_in(tx, route, step)
    if wait == NO_WAIT:
        return None
    return out_of_hours(wait)


def _credits_of(tx: CaseTransaction, step: Step) -> tuple[CreditId, ...]:
    """The credits that a formal notice of this contact lists: those that its other channels have listed already, less
    what has been settled since; of a suspension those that it was carried out for."""
    place = tx.state.place
    if isinstance(place, Suspended):
        return place.credits
    assert step.row is not None and step.rung is not None  # noqa: S101, PT018 - a step that sends has them
    listed = listed_by_contact(tx.connection, tx.case.id, step.number)
    pursued = {credit.id for credit in tx.facts.credits if credit.pursued}
    return tuple(credit for credit in listed if credit in pursued) or to_be_listed(tx.view, step.row, step.rung)


def _rung_of(tx: CaseTransaction, step: Step) -> Rung:
    assert step.row is not None and step.rung is not None  # noqa: S101, PT018 - a step that sends has them
    return tx.case.ruler.rung(step.row, step.rung)


def _due_at(tx: CaseTransaction, step: Step, at: date) -> datetime | None:
    """The logical instant that its contact hours are judged on: that of leaving on a real clock."""
    clock = tx.case.clock
    if not clock.compressed:
        return now()
    due = contact_at(tx.case, at, [route.channel for route in step.routes], hours_of(tx.case, step))
    return clock.logical_at(due) if due else None


def _advance(tx: CaseTransaction, at: date) -> None:
    step = tx.step
    assert step.row is not None and step.rung is not None and step.rigidity is not None  # noqa: S101, PT018 - a step that sends has them
    formal = tx.case.ruler.rung(step.row, step.rung).formal
    tx.contacted(at, counts=not formal)
    tx.judge(tx.state.done(tx.case.ruler, step.row, step.rung, step.rigidity, at))
    if formal:
        write_claims([tx])
        # what comes next waits for the service of this notice, no longer of the one before
        tx.look_again()
