"""Events that reach a case from outside: the typed payloads of its signals. None carries a person's data.

A signal only says that something happened; what is true now is read from the record. So a repeated, late or
disordered signal does no harm.
"""

from __future__ import annotations

from datetime import date
from decimal import Decimal

from pydantic import BaseModel, ConfigDict


class Event(BaseModel):
    model_config = ConfigDict(frozen=True)

    @classmethod
    def signal(cls) -> str:
        """The signal's name in Temporal and in `outbox`: PaymentReceived → payment_received."""
        return "".join(f"_{c.lower()}" if c.isupper() else c for c in cls.__name__).lstrip("_")


class PaymentReceived(Event):
    payment: int
    amount: Decimal
    on: date


class PaymentReversed(Event):
    payment: int
    amount: Decimal
    on: date


class ReturnFiled(Event):
    tax: str
    period: str


class ReturnCorrected(Event):
    tax: str
    period: str


class HardshipDeclared(Event):
    by: str
    on: date


class NoticeServed(Event):
    notice: str
    on: date


class ServiceForeseen(Event):
    """The law takes a notice as served on that day: an edital was published, or a letter's receipt has no date."""

    notice: str
    on: date


class NoticeLost(Event):
    """A notice bounced, failed or was blocked."""

    notice: str


class ContactLost(Event):
    """An address of the taxpayer is on the suppression list, or he wants no more messages on a channel."""


class ContactGiven(Event):
    """People have put another e-mail or telephone on record."""


class PaymentClaimed(Event):
    """The taxpayer says that it is paid already."""

    on: date


class AgreementChanged(Event):
    """An instalment agreement was signed, took effect, was broken or completed."""

    agreement: str


class InstalmentsChanged(Event):
    """An agreement was signed, or money came in for its instalments: for its own workflow, not for the case's."""

    agreement: str


class CommunicationChanged(Event):
    """A communication was asked for, did not arrive, or has its money: for its own workflow, not for the case's."""

    communication: str


class BudgetChanged(Event):
    """The cohort may spend another amount."""


class CohortStateChanged(Event):
    """The whole cohort was started, paused, resumed or cancelled."""


class RulerChanged(Event):
    """The case goes by another ruler."""

    ruler: str
    """Its label, as it is searched by."""


class HoldsChanged(Event):
    """People have placed or lifted a hold."""


class DefenceChanged(Event):
    """A defence was filed or decided."""


class PriorStepTaken(Event):
    """A step that the law wants before a suit is on record."""


class PromiseChanged(Event):
    """A promise to pay was made, taken back or judged."""


class RatesLoaded(Event):
    """Rates are known that the amount owed may have waited for."""


class ExtractChanged(Event):
    """A newer extract placed or lifted a hold, or brought another debt of the same tax."""


class ActRecorded(Event):
    """People have approved, rejected, paused or resumed the case."""

    act: int
    """Its row in `acts`, which alone says who did what."""


class DayBegan(Event):
    """A rehearsal's clock was moved to a day on which the case has something to do."""

    on: date


class MemoryLost(Event):
    """Temporal was restored, or lost cases: what a workflow remembers may be older than its record, or gone."""


class HistoryRetired(Event):
    """The code now running can't follow the workflow's history: it is ended, and started anew from the record."""

    agreement: str | None = None
    """The agreement whose own workflow it is; none: the case's."""


YIELDING: tuple[type[Event], ...] = (CohortStateChanged, CommunicationChanged, RulerChanged)
"""The events of which there may be very many at once: each lets a taxpayer's own news pass."""

EVENTS: tuple[type[Event], ...] = (
    PaymentReceived,
    PaymentReversed,
    ReturnFiled,
    ReturnCorrected,
    HardshipDeclared,
    NoticeServed,
    ServiceForeseen,
    NoticeLost,
    ContactLost,
    ContactGiven,
    PaymentClaimed,
    AgreementChanged,
    InstalmentsChanged,
    CommunicationChanged,
    BudgetChanged,
    CohortStateChanged,
    RulerChanged,
    HoldsChanged,
    DefenceChanged,
    PriorStepTaken,
    PromiseChanged,
    RatesLoaded,
    ExtractChanged,
    ActRecorded,
    DayBegan,
    MemoryLost,
    HistoryRetired,
)
