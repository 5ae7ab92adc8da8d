"""The parts of a case's dossier, row by row as PostgreSQL keeps them: money is a Decimal, a day a date."""

from __future__ import annotations

from datetime import date, datetime
from decimal import Decimal
from typing import Any, TypedDict

from models.contact.channel import Channel
from models.ruler.schema import Hypothesis


class Decision(TypedDict):
    id: int
    at: date
    kind: str
    reason: str
    hypothesis: Hypothesis | None
    stage: str | None
    rigidity: int | None
    occurrences: int | None
    ruler: str
    evidence: dict[str, Any]
    """Each kind has its own."""
    recorded_at: datetime
    hash: str


class Notice(TypedDict):
    id: str
    kind: str
    """rung, reinstatement, or that of its communication, which is of no rung."""
    step: int | None
    channel: Channel
    rung_channel: Channel
    at: date
    hypothesis: Hypothesis | None
    stage: str | None
    rigidity: int | None
    tone: str | None
    formal: bool
    template: str
    status: str
    """A models.contact.delivery.Progress."""
    failure: str | None
    subject: str | None
    body: str
    address: str | None
    provider: str | None
    provider_id: str | None
    claimed_at: datetime
    sent_at: datetime | None
    served_on: date | None
    served_by: str | None
    served_reference: str | None
    deemed_on: date | None
    deemed_by: str | None


class Delivery(TypedDict):
    notice: str
    kind: str
    reason: str | None
    at: datetime
    recorded_at: datetime
    provider: str


class Reply(TypedDict):
    recorded_at: datetime
    channel: Channel
    intent: str
    body: str
    answer: str | None


class Debt(TypedDict):
    id: str
    inscription: str
    period: str | None
    due: date
    litigation: bool
    protested: bool
    prescribes: date | None
    extinct_on: date | None
    amount: Decimal
    received: Decimal
    remitted: Decimal
    balance: Decimal


class Filing(TypedDict):
    period: str
    due: date
    status: str
    filed_on: date | None
    declared: Decimal | None
    assessed: Decimal | None
    paid: Decimal
    paid_on: date | None
    corrected: Decimal | None
    corrected_on: date | None
    recorded_at: datetime
    superseded_at: datetime | None


class Hold(TypedDict):
    id: int
    debt: str
    ground: str
    source: str
    placed_by: str | None
    reason: str | None
    evidence: str | None
    since: date | None
    until: date | None
    placed_at: datetime
    lifted_at: datetime | None
    lifted_by: str | None
    lifted_because: str | None


class Payment(TypedDict):
    id: int
    reference: str
    channel: str
    debt: str
    amount: Decimal
    """The debt's share where an instalment was paid."""
    paid_on: date
    paid_at: datetime
    recorded_at: datetime
    matched_by: str | None
    agreement: str | None


class Reversal(TypedDict):
    id: int
    payment: int
    reference: str
    amount: Decimal
    reversed_on: date
    recorded_at: datetime


class Remission(TypedDict):
    id: int
    debt: str
    amount: Decimal
    ground: str
    reference: str
    remitted_on: date


class Agreement(TypedDict):
    id: str
    policy: str
    digest: str
    state: str
    amount: Decimal
    discount: Decimal
    renegotiation: int
    signed_on: date
    signed_by: str
    signed_via: str
    identified_by: str | None
    effective_on: date | None
    broken_on: date | None
    decided_on: date | None
    completed_on: date | None
    instalments: int
    paid: int


class Defence(TypedDict):
    id: int
    filed_on: date
    reference: str
    recorded_by: str
    recorded_at: datetime
    state: str
    decided_on: date | None
    decided_by: str | None
    reason: str | None
    decided_at: datetime | None
    appeal: bool
    credits: list[str]
    late: list[str]
    """The credits for which it was filed after its last day."""


class ListedCredit(TypedDict):
    """A credit that a formal notice lists."""

    credit: str
    debt: str | None
    period: str | None
    amount: Decimal | None
    due: date | None
    notice: str
    at: date
    channel: Channel
    served_on: date | None
    outgrown: bool
    """It was assessed at more since."""


class Approval(TypedDict):
    id: int
    given_by: str
    reason: str
    given_on: date
    seen: dict[str, Any]
    """As it was kept when it was given: today's is storage.law.approvals.Seen."""
    state: str
    recorded_at: datetime
    ended_at: datetime | None


class Suspension(TypedDict):
    id: int
    code: str
    name: str
    suspended_on: date
    approved_by: str
    recorded_at: datetime
    reinstated_on: date | None
    reinstated_at: datetime | None
    credits: list[str]


class PriorStep(TypedDict):
    id: int
    kind: str
    on: date
    reference: str
    recorded_by: str
    recorded_at: datetime
    debts: list[str]
