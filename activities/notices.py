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
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from decimal import Decimal
from typing import Any, TypeVar

from sqlalchemy import Connection, Row, case, func, select, update
from sqlalchemy.dialects.postgresql import insert
from temporalio import activity
from temporalio.exceptions import ApplicationError

from activities.desk import Desk, contact_at, late_contact_at, now
from activities.letters import letter_for
from channels.mail_html import Letterhead, mail_html
from channels.post import Adapter, Busy, Content, Outgoing, Receipt, Unanswered, Undeliverable
from channels.rendering import Message, Words, pinned_words, render
from models.assets import reinstatement_template
from models.delivery import Leg, Progress
from models.errors import Refusal
from models.prices import cost_of, fits
from models.ruler import Ruler, Rung, tone_of
from models.sms import measure
from models.step import Action, Step
from models.taxid import formatted
from storage.cases import Case, Sitting
from storage.people import Person, bury
from storage.prices import prices_of
from storage.schema import cohorts, notices
from workflows.effects import Contact, NoticeEffects, Outlook

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


class NoticeActivities(NoticeEffects):
    def __init__(self, desk: Desk) -> None:
        self.desk = desk
        self.links = desk.links

    @activity.defn
    def notify(self, contact: Contact) -> Outlook:
        with self._sitting(contact) as sat:
            claimed = self._claim(sat, contact)
        if claimed is None:
            return self.desk.outlook(sat)
        try:
            receipt = self._hand_over(claimed)
        except Undeliverable as refusal:
            self._record_lost(claimed, refusal)
            looks_different = True
        else:
            looks_different = self._record_sent(claimed, receipt)
        if looks_different:
            with self._sitting(contact) as sat:
                pass
        return self.desk.outlook(sat)

    def _sitting(self, contact: Contact) -> AbstractContextManager[Sitting]:
        return self.desk.sitting(contact.case, contact.step.on)

    # ---- claiming

    def _claim(self, sat: Sitting, contact: Contact) -> Claimed | None:
        """None when it has left or is lost, or when something overtook it."""
        leg = Leg(channel=contact.channel, way=contact.way)
        notice = f"{contact.case}-{contact.step.number:02}-{contact.channel}"
        begun = _notices_of_rung(sat, contact.step)
        made = begun.get(notice)
        adapter = self.desk.post_of(sat.case).adapter(leg.channel)
        if made is None:
            overtaken = sat.case.closed_at is not None or not _is_current(sat, contact.step, leg)
            if overtaken or not _is_lawful_now(sat, leg):
                return None
            # one rung is one contact: its notices carry the day of the first of them, whatever is paid in between
            first = next(iter(begun.values()), None)
            at = first.at if first else sat.case.clock.carried(sat.step.on or sat.today, sat.today)
            made = self._make(sat, contact.step, leg, notice, at, adapter)
            if made is None:
                return None
            message = self._message(sat, made, contact.step, adapter)
            return Claimed(message, adapter, sat.case)
        if made.status != Progress.CLAIMED:
            return None
        message = self._message(sat, made, contact.step, adapter)
        return Claimed(
            message,
            adapter,
            sat.case,
            made.unanswered,
            _hindrance(sat, leg, adapter, contact.step),
        )

    def _make(self, sat: Sitting, step: Step, leg: Leg, notice: str, at: date, adapter: Adapter) -> Row[Any] | None:
        """Claims the notice: from here on it may leave, whatever is paid later. None: the cohort can't pay for it."""
        assert step.row is not None and step.rigidity is not None  # noqa: S101, PT018 - a step that sends has them
        rung, informs = _rung_of(sat, step), step.action is Action.INFORM
        template = reinstatement_template(rung.template) if informs else rung.template
        message = render(leg.channel, template, letter_for(sat, step, at, self._link(sat)), _words(sat.case))
        segments = measure(message.body).segments if leg.channel == "sms" else 1
        cost = _cost(sat, leg, at, segments)
        if not _spend(sat, cost, at_any_cost=informs):
            sat.over_budget()
            return None
        row = {
            "id": notice,
            "case": sat.case.id,
            "kind": "reinstatement" if informs else "rung",
            "step": step.number,
            "channel": leg.channel,
            "way": leg.way,
            "at": at,
            "due_at": _due_at(sat, step, at),
            "hypothesis": step.row,
            "stage": rung.stage,
            "rigidity": step.rigidity,
            "tone": tone_of(step.rigidity),
            "template": template,
            "formal": rung.formal and not informs,
            "status": Progress.CLAIMED,
            "subject": message.subject,
            "body": message.body,
            "address": sat.person.contacts.address(leg.channel) if adapter.needs_contact else None,
            "unanswered": 1 if adapter.needs_contact else 0,
            "segments": segments,
            "cost": cost,
        }
        made = sat.connection.execute(insert(notices).values(row).returning(notices)).one()
        # the reason as of now: a payment may have come since the workflow was told of the step
        sat.journal("notice", sat.step.reason if sat.step.number == step.number else step.reason, at, step)
        if sat.position.steps == step.number and informs:
            sat.judge(sat.position.told())
        elif sat.position.steps == step.number:
            _advance(sat, at)
        return made

    def _message(self, sat: Sitting, made: Row[Any], step: Step, adapter: Adapter) -> Outgoing:
        ruler, case, who = sat.case.ruler, sat.case, sat.person
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
            content=self._content(sat, made) if made.channel == "whatsapp" else None,
            at=now(),
            since=made.claimed_at,
            formal=made.formal,
        )

    def _link(self, sat: Sitting) -> str | None:
        return self.links.pay(sat.case.id) if self.links else None

    def _html(self, case: Case, made: Row[Any]) -> str:
        pay_pages = self.links.pay_pages if self.links else None
        head = Letterhead(authority=case.ruler.authority, site=case.ruler.contact.site, pay_pages=pay_pages)
        return mail_html(Message(subject=made.subject, body=made.body), head, _words(case))

    def _content(self, sat: Sitting, made: Row[Any]) -> Content | None:
        """None: its ruler has none, or the case went over to a ruler without that rung."""
        ruler, sent = sat.case.ruler, (made.hypothesis, made.stage)
        content = next((rung.content for row, _, rung in ruler.cells() if (row, rung.stage) == sent), None)
        variables = (sat.person.name, ruler.authority, self._link(sat) or ruler.contact.site)
        return Content(content, variables) if content else None

    # ---- handing over

    def _hand_over(self, claimed: Claimed) -> Receipt:
        """Raises Undeliverable; ApplicationError for what Temporal is to try again."""
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
        """What an earlier attempt came to. None: it is to be handed over again."""
        if tries and (receipt := _answered(lambda: claimed.adapter.taken(claimed.message))):
            return receipt
        if claimed.hindrance:
            raise claimed.hindrance
        if tries >= HANDED_TWICE and not claimed.adapter.tells:
            raise Undeliverable("o provedor não respondeu a dois envios")
        return None

    def _count_hand_over(self, notice: str, count: int) -> None:
        with self.desk.engine.begin() as connection:
            _handed(connection, notice, count)

    # ---- recording

    def _record_sent(self, claimed: Claimed, receipt: Receipt) -> bool:
        """Whether sending was service too: it is for a formal notice that a rehearsal wrote to the outbox. Elsewhere
        service must be proven. What a webhook has already told of the notice stands."""
        sent = {
            "status": case((notices.c.status == Progress.CLAIMED, receipt.status), else_=notices.c.status),
            "sent_at": func.coalesce(notices.c.sent_at, func.clock_timestamp()),
            "provider": receipt.provider,
            "provider_id": receipt.provider_id,
        }
        if claimed.message.formal and receipt.provider == "domicile":
            sent |= _deemed(claimed.case, claimed.case.clock.day_at(now()))
        mine = notices.c.id == claimed.message.notice
        rehearsed = claimed.case.clock.compressed and receipt.provider == "outbox"
        with self.desk.engine.begin() as connection:
            recorded = update(notices).where(mine).values(sent).returning(notices.c.formal)
            serves: bool = connection.execute(recorded).scalar_one() and rehearsed
            if serves:
                connection.execute(update(notices).where(mine).values(served_on=notices.c.at, served_by="outbox"))
        return serves

    def _record_lost(self, claimed: Claimed, refusal: Undeliverable) -> None:
        message = claimed.message
        with self.desk.engine.begin() as connection:
            _lose(connection, message.notice, refusal.reason)
            if refusal.contact_is_dead and message.recipient:
                who = claimed.case.taxpayer
                bury(connection, who, message.channel, message.recipient, refusal.reason, message.notice)


def _deemed(case: Case, published: date) -> dict[str, Any]:
    """The day the law takes a publication as served by silence, where it says one."""
    found = case.ruler.jurisdiction.deemed_on(published, case.frozen.calendar)
    return {"deemed_on": found[0], "deemed_by": found[1]} if found else {}


T = TypeVar("T")


def _answered(ask: Callable[[], T]) -> T:
    """What the provider answers; Temporal asks again where there was no answer, at the provider's own pace."""
    try:
        return ask()
    except Busy as busy:
        delay = timedelta(seconds=busy.retry_after) if busy.retry_after else None
        raise ApplicationError("the provider asks to try later", type="Busy", next_retry_delay=delay) from None
    except Unanswered:
        raise ApplicationError("the provider's answer was lost", type="Unanswered") from None


def _is_current(sat: Sitting, asked: Step, leg: Leg) -> bool:
    """Whether the notice is still the next one, or its rung was just done on another channel and may go on."""
    step, position = sat.step, sat.position
    if not _has_rung(sat.case.ruler, asked):
        return False
    if step.number == asked.number:
        same = step.action is asked.action and step.action.contacts and (step.row, step.rung) == (asked.row, asked.rung)
        return same and sat.due and leg in step.legs
    halted = sat.standing.paused_by is not None or sat.standing.cancelled_because is not None
    if asked.action is Action.INFORM:
        return position.steps == asked.number + 1 and not position.suspended and not halted
    just_done = position.steps == asked.number + 1 and position.stands
    begun = just_done and (position.row, position.rung) == (asked.row, asked.rung)
    tried = {delivery.way for delivery in sat.standing.deliveries}
    stopped = halted or sat.standing.lacks or _offer_is_over(sat)
    return begun and leg.way not in tried and sat.standing.outstanding and not stopped


def _offer_is_over(sat: Sitting) -> bool:
    """The rung began before the offer's last day, and this notice of it did not get away until then."""
    offer = sat.case.ruler.offer
    return offer is not None and offer.deadline_day <= sat.today


def _is_lawful_now(sat: Sitting, leg: Leg) -> bool:
    return _opens_in(sat, leg) == NO_WAIT


def _opens_in(sat: Sitting, leg: Leg) -> timedelta | None:
    """How long until the leg's contact hours; None: never, the clock stands still before them. On a compressed clock a
    contact is judged by the instant it was due at, which lies inside its hours."""
    if sat.case.clock.compressed:
        return NO_WAIT
    at = late_contact_at(sat.case, [leg.channel])
    return None if at is None else max(at - now(), NO_WAIT)


def _hindrance(sat: Sitting, leg: Leg, adapter: Adapter, step: Step) -> Exception | None:
    """What has happened since the notice was claimed, for one that an earlier attempt may not have handed over."""
    if not adapter.needs_contact:
        return None
    if not (sat.standing.outstanding or step.action is Action.INFORM):
        return Undeliverable("nada mais em aberto antes do envio")
    if sat.case.closed_at is not None or sat.standing.cancelled_because:
        return Undeliverable("caso encerrado antes do envio")
    if sat.standing.paused_by is not None:
        return ApplicationError("paused", type="Paused", next_retry_delay=WHILE_PAUSED)
    wait = _opens_in(sat, leg)
    if wait == NO_WAIT:
        return None
    return ApplicationError("outside the contact hours", type="OutOfHours", next_retry_delay=wait)


def _has_rung(ruler: Ruler, step: Step) -> bool:
    """The step's: a case that has gone over to another ruler since may have another one there, or none."""
    return any((row, index, rung.stage) == (step.row, step.rung, step.stage) for row, index, rung in ruler.cells())


def _rung_of(sat: Sitting, step: Step) -> Rung:
    assert step.row is not None and step.rung is not None  # noqa: S101, PT018 - a step that sends has them
    return sat.case.ruler.rung(step.row, step.rung)


def _words(case: Case) -> Words:
    """The templates that its ruler was frozen with."""
    return pinned_words(case.frozen.digest, case.frozen.texts)


def _cost(sat: Sitting, leg: Leg, at: date, segments: int) -> Decimal:
    try:
        return cost_of(prices_of(sat.case.ruler), leg.channel, at, segments)
    except Refusal as missing:
        # tried again until somebody puts the price there, and seen as pending in the Web UI meanwhile
        raise ApplicationError(str(missing), type="NoPrice") from None


def _spend(sat: Sitting, cost: Decimal, at_any_cost: bool) -> bool:
    """Takes the money from the cohort's budget, where it has one: never more than there is, however many claim.

    The row stays locked also when there isn't enough: whoever raises the budget then sees this case as stopped.
    """
    if not sat.case.budgeted:
        return True
    mine = cohorts.c.name == sat.case.cohort
    purse = sat.connection.execute(select(cohorts.c.budget, cohorts.c.spent).where(mine).with_for_update()).one()
    if not (at_any_cost or fits(purse.budget, purse.spent, cost)):
        return False
    sat.connection.execute(update(cohorts).where(mine).values(spent=purse.spent + cost))
    return True


def _due_at(sat: Sitting, step: Step, at: date) -> datetime | None:
    """The logical instant that its contact hours are judged on: that of leaving on a real clock."""
    clock = sat.case.clock
    if not clock.compressed:
        return now()
    due = contact_at(sat.case, at, [leg.channel for leg in step.legs])
    return clock.logical_at(due) if due else None


def _notices_of_rung(sat: Sitting, step: Step) -> dict[str, Row[Any]]:
    """Claimed already, on whatever channel. Not locked: who reports of one waits for its case, which this holds."""
    of_rung = select(notices).where(notices.c.case == sat.case.id, notices.c.step == step.number)
    return {row.id: row for row in sat.connection.execute(of_rung.order_by(notices.c.id))}


def _advance(sat: Sitting, at: date) -> None:
    step = sat.step
    assert step.row is not None and step.rung is not None and step.rigidity is not None  # noqa: S101, PT018 - a step that sends has them
    formal = sat.case.ruler.rung(step.row, step.rung).formal
    sat.contacted(at, counts=not formal)
    sat.judge(sat.position.done(sat.case.ruler, step.row, step.rung, step.rigidity, at))
    if formal:
        # what comes next waits for the service of this notice, no longer of the one before
        sat.look_again()


OWN = re.compile(r"\S*\d\S*")
"""Amounts, dates, numbers and links: what of a text may be one recipient's alone."""


def _personal(made: Row[Any], who: Person) -> tuple[str, ...]:
    return tuple(dict.fromkeys([who.name, *OWN.findall(f"{made.subject or ''} {made.body}")]))


def _written_to(channel: str, who: Person) -> str | None:
    """For providers that need no address: whom the file is for."""
    return formatted(who.tax_id) if channel == "domicile" else who.contacts.addresses["email"]


def _handed(connection: Connection, notice: str, count: int) -> None:
    counted = update(notices).where(notices.c.id == notice).values(unanswered=notices.c.unanswered + count)
    connection.execute(counted)


def _lose(connection: Connection, notice: str, reason: str) -> None:
    """Unless a webhook has told more of it meanwhile."""
    mine = update(notices).where(notices.c.id == notice, notices.c.status == Progress.CLAIMED)
    connection.execute(mine.values(status=Progress.FAILED, failure=reason))
