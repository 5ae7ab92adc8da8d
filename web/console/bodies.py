"""The words that people say with each act: bodies of the staff API, and the forms of the console."""

from __future__ import annotations

from datetime import date, datetime
from decimal import Decimal
from typing import Annotated, Literal
from zoneinfo import ZoneInfo

from pydantic import AfterValidator, BaseModel, BeforeValidator, ConfigDict, Field, WithJsonSchema
from pydantic_core import PydanticCustomError

from models.as_typed import read_amount
from models.case.facts import StepKind
from models.collections.outcome import Outcome
from models.collections.promise import PromiseChannel
from models.collections.queue import Queue
from models.errors import Refusal
from models.law.dated import EARLIEST, LATEST
from models.law.prescription import Cause
from models.law.requests import RequestKind
from storage.law.annulments import Mistake

Said = Annotated[str, Field(min_length=1, max_length=2000, pattern=r"^[^\x00]*[^\x00\s][^\x00]*$")]
"""Not blank, and nothing that the database wouldn't take."""


def _read(written: object) -> object:
    try:
        return read_amount(written.strip().removeprefix("R$")) if isinstance(written, str) else written
    except Refusal as refusal:
        raise ValueError(str(refusal)) from None


Amount = Annotated[Decimal, BeforeValidator(_read), Field(ge=0, max_digits=15, decimal_places=2, allow_inf_nan=False)]
"""Reais, zero or more, as a person or a program writes them."""


def _likely(day: date) -> date:
    if not EARLIEST <= day <= LATEST:
        raise PydanticCustomError("unlikely_day", f"write a day from {EARLIEST} to {LATEST}")
    return day


LIKELY = "^(?:(?:19|20|21)[0-9]{2}|2200)-(?:0[1-9]|1[0-2])-(?:0[1-9]|[12][0-9]|3[01])$"

Day = Annotated[date, AfterValidator(_likely), WithJsonSchema({"type": "string", "pattern": LIKELY})]
"""A day as people put it on record, not a typing error."""


class Asking(BaseModel):
    """Nothing more than the request itself; the ground of the bodies that say more."""

    model_config = ConfigDict(extra="forbid")


NOTHING = Asking()


class Reasoning(Asking):
    reason: Said


class Judging(Reasoning):
    seen: str = ""
    """For an approval, `to_approve.fingerprint` of the case as it was shown."""


class Releasing(Reasoning):
    ground: Said | None = None
    debts: list[Said] = []


class Holding(Releasing):
    ground: Said
    evidence: Said | None = None
    since: Annotated[Day | None, Field(alias="from")] = None
    until: Day | None = None


class Defending(Asking):
    reference: Said
    on: Day | None = None
    credits: tuple[str, ...] = ()
    """The debts, and `return:` with their periods; none: all that a formal notice lists."""


class Ruling(Reasoning):
    decided: Literal["accepted", "rejected"]
    on: Day | None = None
    credits: tuple[str, ...] = ()
    """Where several defences are open, a credit of the one that is meant."""


class Promising(Asking):
    amount: Annotated[Amount, Field(gt=0)]
    on: Day
    channel: PromiseChannel = PromiseChannel.PHONE


class TakingBack(Reasoning):
    promise: Annotated[int, Field(ge=1, lt=2**63)]


BRASILIA = ZoneInfo("America/Sao_Paulo")


def in_brasilia(at: datetime | None) -> datetime | None:
    """An instant, which is Brasília's hour where no zone is said."""
    return at.replace(tzinfo=BRASILIA) if at is not None and at.tzinfo is None else at


class Ending(Asking):
    outcome: Outcome
    amount: Amount | None = None
    on: Day | None = None
    """The day promised, as `amount` is how much."""
    call_back_at: datetime | None = None
    """When to call back; without a zone it is Brasília's hour."""
    note: Said | None = None
    instalments: Annotated[int, Field(ge=1, le=999)] | None = None
    """In how many the taxpayer agreed to pay; none: he chooses as he signs."""


class Reassigning(Asking):
    to: Said


class Queueing(Asking):
    agent: Said
    queues: list[Queue]


class Serving(Asking):
    notice: Said
    on: Day
    reference: Said
    """The proof of it."""


class Stepping(Asking):
    kind: StepKind
    on: Day
    reference: Said
    debts: list[Said] = []


class Interrupting(Asking):
    cause: Cause
    on: Day
    reference: Said
    debts: list[Said] = []


class Requesting(Asking):
    kind: RequestKind
    reference: Said
    on: Day | None = None


class Answering(Reasoning):
    kind: RequestKind
    decided: Literal["granted", "denied"]


class Contacting(Asking):
    email: Said | None = None
    phone: Said | None = None


class Annulling(Reasoning):
    kind: Mistake
    entry: Said | None = None
    """The newest of its kind, unless it is named."""


class Budgeting(Asking):
    amount: Amount
