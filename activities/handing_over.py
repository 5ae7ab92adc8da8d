"""The hand-over of a claimed notice to its provider, and the record of what the provider answered.

A hand-over counts as unanswered until its answer is on record, so a worker that dies in the middle leaves a notice
that may have gone: the next attempt asks the provider, and where the provider can't tell, hands it over once more and
never a third time.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import date, timedelta
from typing import TypeVar

from sqlalchemy import Engine
from temporalio.exceptions import ApplicationError

from activities.dependencies import Dependencies, now
from channels.mail_gateway import Adapter, Busy, Outgoing, Receipt, Unanswered, Undeliverable
from storage.case.cases import Case
from storage.case.people import suppress_contact
from storage.contact.notices import Sent, count_hand_over, lose

HANDED_TWICE = 2


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


WHILE_PAUSED = timedelta(minutes=5)
"""How often a claimed notice that has not left looks whether its case goes on."""


def while_paused() -> ApplicationError:
    """The error at which Temporal tries a notice again until the pause is over."""
    return ApplicationError("paused", type="Paused", next_retry_delay=WHILE_PAUSED)


def out_of_hours(wait: timedelta | None) -> ApplicationError:
    """The error at which Temporal tries a notice again in its contact hours."""
    return ApplicationError("outside the contact hours", type="OutOfHours", next_retry_delay=wait)


def carry(dependencies: Dependencies, claimed: Claimed) -> bool:
    """Hand a notice over and record what came of it; whether its case looks different by it, since the notice is lost,
    or was service. Raises ApplicationError for what Temporal is to try again."""
    try:
        receipt = _hand_over(dependencies.engine, claimed)
    except Undeliverable as refusal:
        _record_lost(dependencies.engine, claimed, refusal)
        return True
    return dependencies.sent.carry_out(_sent(claimed, receipt))


def _hand_over(engine: Engine, claimed: Claimed) -> Receipt:
    """Hand a notice to its provider. Raises Undeliverable; ApplicationError for what Temporal is to try again."""
    message, adapter = claimed.message, claimed.adapter
    if claimed.tries is not None:
        if receipt := _found(claimed, claimed.tries):
            return receipt
        _count(engine, message.notice, +1)
    try:
        return _answered(lambda: adapter.deliver(message))
    except ApplicationError as error:
        if error.type == "Busy":
            _count(engine, message.notice, -1)
        raise


def _found(claimed: Claimed, tries: int) -> Receipt | None:
    """The receipt of an earlier attempt; None when the message is to be handed over again."""
    if tries and (receipt := _answered(lambda: claimed.adapter.taken(claimed.message))):
        return receipt
    if claimed.hindrance:
        raise claimed.hindrance
    if tries >= HANDED_TWICE and not claimed.adapter.tells:
        raise Undeliverable("o provedor não respondeu a dois envios")
    return None


def _count(engine: Engine, notice: str, count: int) -> None:
    with engine.begin() as connection:
        count_hand_over(connection, notice, count)


def _sent(claimed: Claimed, receipt: Receipt) -> Sent:
    """The record of a hand-over. Sending is service too for a formal notice that a rehearsal wrote to a file; elsewhere
    service must be proven."""
    message, clock = claimed.message, claimed.case.clock
    published = message.formal and receipt.provider == "domicile"
    deemed_on, deemed_by = _deemed(claimed.case, clock.day_at(now())) if published else (None, None)
    return Sent(
        notice=message.notice,
        status=receipt.status,
        provider=receipt.provider,
        provider_id=receipt.provider_id,
        deemed_on=deemed_on,
        deemed_by=deemed_by,
        rehearsed=clock.compressed and receipt.provider == "file",
    )


def _record_lost(engine: Engine, claimed: Claimed, refusal: Undeliverable) -> None:
    message = claimed.message
    with engine.begin() as connection:
        lose(connection, message.notice, refusal.reason)
        if refusal.contact_is_suppressed and message.recipient:
            who = claimed.case.taxpayer
            suppress_contact(connection, who, message.channel, message.recipient, refusal.reason, message.notice)


def _deemed(case: Case, published: date) -> tuple[date, str] | tuple[None, None]:
    """The day the law takes a publication as served by silence, and that law, where it says one."""
    return case.ruler.jurisdiction.deemed_on(published, case.frozen.calendar) or (None, None)


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
