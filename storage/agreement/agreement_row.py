"""An agreement's row: what was signed, and the state that its life has come to."""

from __future__ import annotations

from datetime import date, datetime
from decimal import Decimal
from typing import NotRequired, TypedDict


class Offset(TypedDict):
    """A precatório that pays part of an agreement's debts."""

    process: str
    """The authority's process in which the offset was granted."""
    attested_by: str
    debts: dict[str, str]
    """The part of each."""
    refused_on: NotRequired[str]


class Debit(TypedDict):
    """The bank's order to debit the instalments, as a person attests it."""

    authorization: str
    ended_on: NotRequired[str]


class Deed(TypedDict):
    """The deed that the taxpayer accepted on a page, on the day and at the time of the row."""

    text: str
    digest: str
    address: str


class Terms(TypedDict):
    """The terms as they are kept, in JSON's form: money as a string with two decimals."""

    request: dict[str, object]
    """A models.agreement.quote.Request."""
    down_payment: str
    bonus: str
    total: str
    accrued: NotRequired[dict[str, str]]
    """By debt, what delay had added by the day of the agreement."""
    debit: NotRequired[Debit]
    offset: NotRequired[Offset]
    deed: NotRequired[Deed]
    rescinded_on: NotRequired[str]
    """The day that a person broke it."""


class AgreementRow(TypedDict):
    id: str
    case: str
    policy: str
    """By its digest."""
    terms: Terms
    state: str
    renegotiation: int
    amount: Decimal
    discount: Decimal
    signed_on: date
    signed_by: str
    signed_via: str
    identified_by: str | None
    effective_on: date | None
    broken_on: date | None
    decided_on: date | None
    completed_on: date | None
    charges: dict[str, str]
    next_step: dict[str, object] | None
    """A models.agreement.instalments.Step."""
    revision: int
    recorded_at: datetime
    closed_at: datetime | None
