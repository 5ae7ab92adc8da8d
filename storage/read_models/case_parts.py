"""The parts of the file of a case, or of an agreement, as JSON names them: money is a Decimal, a day a date."""

from __future__ import annotations

from datetime import date, datetime
from decimal import Decimal
from typing import Literal, NotRequired, TypedDict

from models.case.persistent_defaulter import LeftToPeople
from models.case.status import Status
from models.case.step import Action
from models.ruler.schema import Hypothesis, Stage
from storage.agreement.signing import ScheduledInstalment
from storage.law.approvals import ToApprove


class Debt(TypedDict):
    id: str
    inscription: str
    period: str | None
    due: date
    amount: Decimal | None
    """Owed today; none where that can't be told."""
    pix_txid: str
    claimed: Decimal
    received: Decimal
    litigation: bool
    prescribes: date | None


# a class can't have an attribute `from`
Hold = TypedDict(
    "Hold",
    {
        "ground": str,
        "source": str,
        "by": str | None,
        "reason": str | None,
        "evidence": str | None,
        "from": date | None,
        "until": date | None,
        "since": datetime,
        "debts": list[str],
    },
)


class Payment(TypedDict):
    id: str | None
    debt: str
    amount: Decimal
    at: date
    paid_at: datetime
    recorded_at: datetime
    reversed: Decimal
    agreement: str | None


class Notice(TypedDict):
    id: str
    at: date
    hypothesis: str
    stage: str
    rigidity: int
    tone: str
    channel: str
    rung_channel: str
    template: str
    status: str
    failure: str | None
    formal: bool
    subject: str | None
    body: str
    address: NotRequired[str | None]
    """Told only in a file that reveals the person."""
    claimed_at: datetime
    sent_at: datetime | None
    served_on: date | None
    served_by: str | None
    served_reference: str | None
    credits: list[str]
    """The debts, and `return:` with their periods, that a formal notice lists where its channel serves it."""


class CommunicationNotice(TypedDict):
    """As JSON has it: a day is text."""

    id: str
    at: str
    channel: str
    status: str
    failure: str | None
    subject: str | None
    body: str


class Communication(TypedDict):
    """A receipt, a message about an instalment, or one before a due date."""

    id: str
    kind: str
    asked_on: date
    outcome: str | None
    """sent, withdrawn, unreached; none: it waits."""
    reason: str | None
    unpaid: bool
    """Whether it waits for the cohort's budget."""
    notices: list[CommunicationNotice]


class Reply(TypedDict):
    at: datetime
    channel: str
    intent: str
    address: NotRequired[str]
    body: NotRequired[str]
    """Told, as the address, only in a file that reveals the person."""
    answer: str | None


class Task(TypedDict):
    id: int
    kind: str
    what: str
    source: str | None
    reference: str
    due: date
    done_at: datetime | None
    done_by: str | None


class Benefit(TypedDict):
    id: str
    name: str
    code: str
    status: Literal["suspended", "active"]


class Defence(TypedDict):
    id: int
    filed_on: date
    reference: str
    by: str
    state: str
    decided_on: date | None
    decided_by: str | None
    reason: str | None
    appeal: bool
    credits: list[str]


class PriorStep(TypedDict):
    id: int
    kind: str
    on: date
    reference: str
    by: str
    annulled_on: date | None
    debts: list[str]
    """Empty: it was put on record before steps were of debts, and counts for none."""


class Request(TypedDict):
    id: int
    kind: str
    made_on: date
    due: date
    reference: str
    by: str
    answer: str | None
    answered_on: date | None
    answered_by: str | None
    reason: str | None
    credits: list[str]
    """The credits that it names and holds alone; empty: all of the case."""


class Promise(TypedDict):
    id: int
    amount: Decimal
    promised_for: date
    due: date
    judged_on: date
    channel: str
    by: str
    made_on: date
    state: str
    paid: Decimal
    decided_on: date | None
    reason: str | None
    """Why it was taken back."""


class Approval(TypedDict):
    given_by: str
    given_on: date
    reason: str
    state: str
    seen: dict[str, object]
    """As it was kept when it was given: today's is storage.law.approvals.Seen."""


class JournalEntry(TypedDict):
    at: date
    kind: str
    reason: str
    hypothesis: str | None
    stage: str | None
    rigidity: int | None
    recorded_at: datetime


class Event(JournalEntry):
    event: str | None
    """The kind as `subject:action`; none where this version doesn't know the kind."""


class Block(TypedDict):
    kind: Status
    reason: str
    since: date | None
    until: date | None


class NextStep(TypedDict):
    at: date
    action: Action
    hypothesis: Hypothesis | None
    stage: Stage | None
    rigidity: int | None
    reason: str


class ListedAgreement(TypedDict):
    id: str
    case: str
    policy: str
    state: str
    amount: Decimal
    discount: Decimal
    renegotiation: int
    signed_on: date
    effective_on: date | None
    broken_on: date | None
    completed_on: date | None
    next_step_on: str | None
    prescribes: date | None
    near_prescription: bool
    instalments: int
    paid: int


class PeriodsLeft(TypedDict):
    """Periods that the thresholds of a persistent defaulter leave out."""

    why: LeftToPeople
    periods: int


class CaseFile(TypedDict):
    case: str
    cohort: str
    ruler: str
    arm: str | None
    habits: dict[str, object] | None
    """By which the ruler tells him apart, with rungs for his habits."""
    tax_id: str
    """Masked in a file that doesn't reveal the person; the name is left out there."""
    name: str | None
    tax: str
    status: Status
    blocks: list[Block]
    hypothesis: Hypothesis | None
    stage: Stage | None
    rigidity: int | None
    occurrences: int
    next_step: NextStep | None
    waits_because: str | None
    holds: list[Hold]
    defences: list[Defence]
    prior_steps: list[PriorStep]
    requests: list[Request]
    promises: list[Promise]
    to_approve: ToApprove | None
    approvals: list[Approval]
    debts: list[Debt]
    left_to_people: list[PeriodsLeft]
    payments: list[Payment]
    agreements: list[ListedAgreement]
    notices: list[Notice]
    """The notices of rungs; what is told beside them is in `communications`."""
    communications: list[Communication]
    replies: list[Reply]
    tasks: list[Task]
    benefits: list[Benefit]
    events: list[Event]


class AgreementStep(TypedDict):
    """A models.agreement.instalments.Step as it is kept."""

    kind: str
    on: str
    n: int
    reason: str


class RecordedAgreement(TypedDict):
    agreement: str
    case: str
    policy: str
    state: str
    request: dict[str, object]
    """A models.agreement.quote.Request as it is kept."""
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
    next_step: AgreementStep | None


class AgreementDebt(TypedDict):
    debt: str
    amount: Decimal


class AgreementTask(TypedDict):
    due: date
    what: str
    source: str | None
    done_at: datetime | None


class AgreementFile(RecordedAgreement):
    debts: list[AgreementDebt]
    instalments: list[ScheduledInstalment]
    tasks: list[AgreementTask]
