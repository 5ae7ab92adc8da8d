"""One notice: claimed in a transaction that sees every payment before it, handed to its provider, and recorded.

A notice is claimed once: (case, rung, channel) is its key. From the claim on it may leave, whatever is paid later; one
that its provider refused for now looks again before each attempt. A hand-over counts as unanswered until its answer is
on record, so a worker that dies in the middle leaves a notice that may have gone: the next attempt asks the provider,
and where the provider can't tell, hands it over once more and never a third time.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from contextlib import AbstractContextManager
from dataclasses import dataclass, fields
from datetime import date, datetime, timedelta
from decimal import Decimal
from typing import TypeVar

from sqlalchemy import Connection, case, func, select, update
from sqlalchemy.dialects.postgresql import insert
from temporalio import activity
from temporalio.exceptions import ApplicationError

from activities.dependencies import Dependencies, contact_at, late_contact_at, now
from activities.letters import letter_for
from channels.mail_gateway import Adapter, Busy, Content, Outgoing, Receipt, Unanswered, Undeliverable
from channels.mail_html import Letterhead, mail_html
from channels.rendering import Message, Words, pinned_words, render
from models.assets import reinstatement_template
from models.case.credit import CreditId
from models.case.gate import to_be_listed
from models.case.journal import EntryKind
from models.case.state import Suspended
from models.case.step import Action, Step
from models.contact.delivery import Progress, Route
from models.contact.sms import measure
from models.errors import Refusal
from models.money.prices import cost_of, fits
from models.ruler.schema import Ruler, Rung, Stage, tone_of
from models.taxid import formatted
from storage.amounts.prices import prices_of
from storage.case.cases import Case
from storage.case.people import Person, suppress_contact
from storage.case.transaction import CaseTransaction
from storage.law.listed import list_credits, listed_by_contact, listed_credits
from storage.schema import cohorts, notices
from workflows.effects import Contact, NextAction, NoticeEffects

HANDED_TWICE = 2
NO_WAIT = timedelta(0)

WHILE_PAUSED = timedelta(minutes=5)
"""How often a claimed notice that has not left looks whether its case goes on."""


@dataclass(frozen=True)
class Claimed:
    """A notice on its way."""

    message: Outgoing
    adapter: Adapter
    case: Case
    tries: int | None = None
    """Hand-overs before this one that have no answer; none: it was claimed just now."""
    hindrance: Exception | None = None
    """Why it may not leave any more, or not yet, unless it has left already."""


@dataclass(frozen=True)
class IssuedNotice:
    """A notice on record, from its claim on."""

    id: str
    channel: str
    at: date
    hypothesis: str
    stage: str
    formal: bool
    status: str
    """A models.contact.delivery.Progress."""
    subject: str | None
    body: str
    address: str | None
    unanswered: int
    claimed_at: datetime


ISSUED = [notices.c[field.name] for field in fields(IssuedNotice)]


class NoticeActivities(NoticeEffects):
    def __init__(self, dependencies: Dependencies) -> None:
        self.dependencies = dependencies
        self.links = dependencies.links

    @activity.defn
    def notify(self, contact: Contact) -> NextAction:
        with self._case_transaction(contact) as tx:
            claimed = self._claim(tx, contact)
        if claimed is None:
            return self.dependencies.next_action(tx)
        try:
            receipt = self._hand_over(claimed)
        except Undeliverable as refusal:
            self._record_lost(claimed, refusal)
            looks_different = True
        else:
            looks_different = self._record_sent(claimed, receipt)
        if looks_different:
            with self._case_transaction(contact) as tx:
                pass
        return self.dependencies.next_action(tx)

    def _case_transaction(self, contact: Contact) -> AbstractContextManager[CaseTransaction]:
        return self.dependencies.case_transaction(contact.case, contact.step.on)

    # ---- claiming

    def _claim(self, tx: CaseTransaction, contact: Contact) -> Claimed | None:
        """Claim a notice; None when it has left or is lost, or when something overtook it."""
        route = Route(channel=contact.channel, rung_channel=contact.rung_channel)
        notice = f"{contact.case}-{contact.step.number:02}-{contact.channel}"
        begun = _notices_of_rung(tx, contact.step)
        made = begun.get(notice)
        adapter = self.dependencies.gateway_of(tx.case).adapter(route.channel)
        if made is None:
            overtaken = tx.case.closed_at is not None or not _is_current(tx, contact.step, route)
            if overtaken or not _is_lawful_now(tx, route):
                return None
            # one rung is one contact: its notices carry the day of the first of them, whatever is paid in between
            first = next(iter(begun.values()), None)
            at = first.at if first else tx.case.clock.carried(tx.step.on or tx.today, tx.today)
            made = self._make(tx, contact.step, route, notice, at, adapter)
            if made is None:
                return None
            message = self._message(tx, made, contact.step, adapter)
            return Claimed(message, adapter, tx.case)
        if made.status != Progress.CLAIMED:
            return None
        message = self._message(tx, made, contact.step, adapter)
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
        message = render(route.channel, template, letter_for(tx, step, at, self._link(tx), credits), _words(tx.case))
        segments = measure(message.body).segments if route.channel == "sms" else 1
        cost = _cost(tx, route, at, segments)
        if not _spend(tx, cost, at_any_cost=informs):
            tx.over_budget()
            return None
        row = {
            "id": notice,
            "case": tx.case.id,
            "kind": "reinstatement" if informs else "rung",
            "step": step.number,
            "channel": route.channel,
            "rung_channel": route.rung_channel,
            "at": at,
            "due_at": _due_at(tx, step, at),
            "hypothesis": step.row,
            "stage": rung.stage,
            "rigidity": step.rigidity,
            "tone": tone_of(step.rigidity),
            "template": template,
            "formal": rung.formal and not informs,
            "status": Progress.CLAIMED,
            "subject": message.subject,
            "body": message.body,
            "address": tx.person.contacts.address(route.channel) if adapter.needs_contact else None,
            "unanswered": 1 if adapter.needs_contact else 0,
            "segments": segments,
            "cost": cost,
        }
        made = IssuedNotice(*tx.connection.execute(insert(notices).values(row).returning(*ISSUED)).one())
        carries = bool(credits) and rung.stage is not Stage.SUSPENSION and tx.case.ruler.serves(route.channel)
        if credits and carries:
            list_credits(tx.connection, notice, tx.facts, credits)
        # the reason as of now: a payment may have come since the workflow was told of the step
        tx.journal(EntryKind.NOTICE_ISSUED, tx.step.reason if tx.step.number == step.number else step.reason, at, step)
        if tx.state.steps == step.number and informs:
            tx.judge(tx.state.informed())
        elif tx.state.steps == step.number:
            _advance(tx, at)
        elif carries:
            # the channels before it carried no act: what comes next waits for the service of this one
            tx.look_again()
        return made

    def _message(self, tx: CaseTransaction, made: IssuedNotice, step: Step, adapter: Adapter) -> Outgoing:
        ruler, case, who = tx.case.ruler, tx.case, tx.person
        refusable = made.channel == "email" and not made.formal
        return Outgoing(
            notice=made.id,
            case=case.id,
            cohort=case.cohort,
            ruler=ruler.label,
            channel=made.channel,
            sender_name=ruler.authority,
            sender=ruler.sender,
            recipient_name=who.name,
            recipient=made.address if adapter.needs_contact else _written_to(made.channel, who),
            subject=made.subject,
            body=made.body,
            html=self._html(case, made) if made.channel == "email" else None,
            personal=_personal(made, who),
            unsubscribe=self.links.unsubscribe(case.id, "email") if self.links and refusable else None,
            content=self._content(tx, made) if made.channel == "whatsapp" else None,
            at=now(),
            since=made.claimed_at,
            formal=made.formal,
        )

    def _link(self, tx: CaseTransaction) -> str | None:
        return self.links.pay(tx.case.id) if self.links else None

    def _html(self, case: Case, made: IssuedNotice) -> str:
        pay_pages = self.links.pay_pages if self.links else None
        head = Letterhead(authority=case.ruler.authority, site=case.ruler.contact.site, pay_pages=pay_pages)
        return mail_html(Message(subject=made.subject, body=made.body), head, _words(case))

    def _content(self, tx: CaseTransaction, made: IssuedNotice) -> Content | None:
        """The WhatsApp template of the rung; None when its ruler has none, or the case went over to a ruler without
        that rung."""
        ruler, sent = tx.case.ruler, (made.hypothesis, made.stage)
        content = next((rung.content for row, _, rung in ruler.cells() if (row, rung.stage) == sent), None)
        variables = (tx.person.name, ruler.authority, self._link(tx) or ruler.contact.site)
        return Content(content, variables) if content else None

    # ---- handing over

    def _hand_over(self, claimed: Claimed) -> Receipt:
        """Hand a notice to its provider. Raises Undeliverable; ApplicationError for what Temporal is to try again."""
        message, adapter = claimed.message, claimed.adapter
        if claimed.tries is not None:
            if receipt := self._found(claimed, claimed.tries):
                return receipt
            self._count_hand_over(message.notice, +1)
        try:
            return _answered(lambda: adapter.deliver(message))
        except ApplicationError as error:
            if error.type == "Busy":
                self._count_hand_over(message.notice, -1)
            raise

    def _found(self, claimed: Claimed, tries: int) -> Receipt | None:
        """The receipt of an earlier attempt; None when the message is to be handed over again."""
        if tries and (receipt := _answered(lambda: claimed.adapter.taken(claimed.message))):
            return receipt
        if claimed.hindrance:
            raise claimed.hindrance
        if tries >= HANDED_TWICE and not claimed.adapter.tells:
            raise Undeliverable("o provedor não respondeu a dois envios")
        return None

    def _count_hand_over(self, notice: str, count: int) -> None:
        with self.dependencies.engine.begin() as connection:
            _handed(connection, notice, count)

    # ---- recording

    def _record_sent(self, claimed: Claimed, receipt: Receipt) -> bool:
        """Whether sending was service too: it is for a formal notice that a rehearsal wrote to a file. Elsewhere
        service must be proven. What a webhook has already told of the notice stands."""
        sent: dict[str, object] = {
            "status": case((notices.c.status == Progress.CLAIMED, receipt.status), else_=notices.c.status),
            "sent_at": func.coalesce(notices.c.sent_at, func.clock_timestamp()),
            "provider": receipt.provider,
            "provider_id": receipt.provider_id,
        }
        if claimed.message.formal and receipt.provider == "domicile":
            sent |= _deemed(claimed.case, claimed.case.clock.day_at(now()))
        mine = notices.c.id == claimed.message.notice
        rehearsed = claimed.case.clock.compressed and receipt.provider == "file"
        with self.dependencies.engine.begin() as connection:
            connection.execute(update(notices).where(mine).values(sent))
            serves = rehearsed and bool(listed_credits(connection, claimed.message.notice))
            if serves:
                connection.execute(update(notices).where(mine).values(served_on=notices.c.at, served_by="file"))
        return serves

    def _record_lost(self, claimed: Claimed, refusal: Undeliverable) -> None:
        message = claimed.message
        with self.dependencies.engine.begin() as connection:
            _lose(connection, message.notice, refusal.reason)
            if refusal.contact_is_suppressed and message.recipient:
                who = claimed.case.taxpayer
                suppress_contact(connection, who, message.channel, message.recipient, refusal.reason, message.notice)


def _deemed(case: Case, published: date) -> dict[str, object]:
    """The day the law takes a publication as served by silence, where it says one."""
    found = case.ruler.jurisdiction.deemed_on(published, case.frozen.calendar)
    return {"deemed_on": found[0], "deemed_by": found[1]} if found else {}


T = TypeVar("T")


def _answered(ask: Callable[[], T]) -> T:
    """Ask the provider for its answer; Temporal asks again where there was no answer, after the provider's own
    delay."""
    try:
        return ask()
    except Busy as busy:
        delay = timedelta(seconds=busy.retry_after) if busy.retry_after else None
        raise ApplicationError("the provider asks to try later", type="Busy", next_retry_delay=delay) from None
    except Unanswered:
        raise ApplicationError("the provider's answer was lost", type="Unanswered") from None


def _is_current(tx: CaseTransaction, asked: Step, route: Route) -> bool:
    """Whether the notice is still the next one, or its rung was just done on another channel and may go on."""
    step, state = tx.step, tx.state
    if not _has_rung(tx.case.ruler, asked):
        return False
    if step.number == asked.number:
        same = step.action is asked.action and step.action.contacts and (step.row, step.rung) == (asked.row, asked.rung)
        return same and tx.due and route in step.routes
    halted = bool(tx.facts.pauses) or tx.facts.cancelled_because is not None
    if asked.action is Action.INFORM:
        return state.steps == asked.number + 1 and not isinstance(state.place, Suspended) and not halted
    just_done = state.steps == asked.number + 1 and state.stands
    begun = just_done and (state.row, state.rung) == (asked.row, asked.rung)
    tried = {delivery.rung_channel for delivery in tx.facts.deliveries}
    stopped = halted or tx.facts.lacks or _offer_is_over(tx)
    return begun and route.rung_channel not in tried and tx.facts.outstanding and not stopped


def _offer_is_over(tx: CaseTransaction) -> bool:
    """The rung began before the offer's last day, and this notice of it did not get away until then."""
    offer = tx.case.ruler.offer
    return offer is not None and offer.deadline_day <= tx.today


def _is_lawful_now(tx: CaseTransaction, route: Route) -> bool:
    return _opens_in(tx, route) == NO_WAIT


def _opens_in(tx: CaseTransaction, route: Route) -> timedelta | None:
    """How long until the route's contact hours; None: never, the clock stands still before them. On a compressed clock
    a contact is judged by the instant it was due at, which lies inside its hours."""
    if tx.case.clock.compressed:
        return NO_WAIT
    at = late_contact_at(tx.case, [route.channel])
    return None if at is None else max(at - now(), NO_WAIT)


def _hindrance(tx: CaseTransaction, route: Route, adapter: Adapter, step: Step) -> Exception | None:
    """The hindrance that has come up since the notice was claimed, for one that an earlier attempt may not have handed
    over."""
    if not adapter.needs_contact:
        return None
    if not (tx.facts.outstanding or step.action is Action.INFORM):
        return Undeliverable("nada mais em aberto antes do envio")
    if tx.case.closed_at is not None or tx.facts.cancelled_because:
        return Undeliverable("caso encerrado antes do envio")
    if tx.facts.pauses:
        return ApplicationError("paused", type="Paused", next_retry_delay=WHILE_PAUSED)
    wait = _opens_in(tx, route)
    if wait == NO_WAIT:
        return None
    return ApplicationError("outside the contact hours", type="OutOfHours", next_retry_delay=wait)


def _has_rung(ruler: Ruler, step: Step) -> bool:
    """The step's: a case that has gone over to another ruler since may have another one there, or none."""
    return any((row, index, rung.stage) == (step.row, step.rung, step.stage) for row, index, rung in ruler.cells())


def _credits_of(tx: CaseTransaction, step: Step) -> tuple[CreditId, ...]:
    """The credits that a formal notice of this contact lists: those that its other channels have listed already, less
    what has been settled since; of a suspension those that it was carried out for."""
    place = tx.state.place
    if isinstance(place, Suspended):
        return place.credits
    assert step.row is not None and step.rung is not None  # noqa: S101, PT018 - a step that sends has them
    listed = listed_by_contact(tx.connection, tx.case.id, step.number)
    pursued = {credit.id for credit in tx.facts.credits if credit.outstanding}
    return tuple(credit for credit in listed if credit in pursued) or to_be_listed(tx.view, step.row, step.rung)


def _rung_of(tx: CaseTransaction, step: Step) -> Rung:
    assert step.row is not None and step.rung is not None  # noqa: S101, PT018 - a step that sends has them
    return tx.case.ruler.rung(step.row, step.rung)


def _words(case: Case) -> Words:
    """The templates that its ruler was frozen with."""
    return pinned_words(case.frozen.digest, case.frozen.texts)


def _cost(tx: CaseTransaction, route: Route, at: date, segments: int) -> Decimal:
    try:
        return cost_of(prices_of(tx.case.ruler), route.channel, at, segments)
    except Refusal as missing:
        # tried again until the cohort goes over to a ruler with that price, and seen as pending in the Web UI meanwhile
        raise ApplicationError(str(missing), type="NoPrice") from None


def _spend(tx: CaseTransaction, cost: Decimal, at_any_cost: bool) -> bool:
    """Take the money from the cohort's budget, where it has one: never more than there is, however many claim.

    The row stays locked also when there isn't enough: whoever raises the budget then sees this case as stopped.
    """
    if not tx.case.budgeted:
        return True
    mine = cohorts.c.name == tx.case.cohort
    purse = tx.connection.execute(select(cohorts.c.budget, cohorts.c.spent).where(mine).with_for_update()).one()
    if not (at_any_cost or fits(purse.budget, purse.spent, cost)):
        return False
    tx.connection.execute(update(cohorts).where(mine).values(spent=purse.spent + cost))
    return True


def _due_at(tx: CaseTransaction, step: Step, at: date) -> datetime | None:
    """The logical instant that its contact hours are judged on: that of leaving on a real clock."""
    clock = tx.case.clock
    if not clock.compressed:
        return now()
    due = contact_at(tx.case, at, [route.channel for route in step.routes])
    return clock.logical_at(due) if due else None


def _notices_of_rung(tx: CaseTransaction, step: Step) -> dict[str, IssuedNotice]:
    """Claimed already, on whatever channel. Not locked: who reports of one waits for its case, which this holds."""
    of_rung = select(*ISSUED).where(notices.c.case == tx.case.id, notices.c.step == step.number)
    found = tx.connection.execute(of_rung.order_by(notices.c.id))
    return {row.id: IssuedNotice(*row) for row in found}


def _advance(tx: CaseTransaction, at: date) -> None:
    step = tx.step
    assert step.row is not None and step.rung is not None and step.rigidity is not None  # noqa: S101, PT018 - a step that sends has them
    formal = tx.case.ruler.rung(step.row, step.rung).formal
    tx.contacted(at, counts=not formal)
    tx.judge(tx.state.done(tx.case.ruler, step.row, step.rung, step.rigidity, at))
    if formal:
        # what comes next waits for the service of this notice, no longer of the one before
        tx.look_again()


OWN = re.compile(r"\S*\d\S*")
"""Amounts, dates, numbers and links: what of a text may be one recipient's alone."""


def _personal(made: IssuedNotice, who: Person) -> tuple[str, ...]:
    return tuple(dict.fromkeys([who.name, *OWN.findall(f"{made.subject or ''} {made.body}")]))


def _written_to(channel: str, who: Person) -> str | None:
    """The name that a file is written to, for providers that need no address."""
    if channel == "domicile":
        return formatted(who.tax_id)
    return who.contacts.addresses["address" if channel == "letter" else "email"]


def _handed(connection: Connection, notice: str, count: int) -> None:
    counted = update(notices).where(notices.c.id == notice).values(unanswered=notices.c.unanswered + count)
    connection.execute(counted)


def _lose(connection: Connection, notice: str, reason: str) -> None:
    """Put a notice down as lost, unless a webhook has told more of it meanwhile."""
    mine = update(notices).where(notices.c.id == notice, notices.c.status == Progress.CLAIMED)
    connection.execute(mine.values(status=Progress.FAILED, failure=reason))
