"""The effects that a workflow may ask for: the activities' names and types, without a line of how they do it."""

from __future__ import annotations

from datetime import date, datetime, timedelta
from typing import Any, Literal

from pydantic import BaseModel, ConfigDict
from temporalio import activity
from temporalio.common import RetryPolicy

from models.agreement.instalments import State
from models.agreement.instalments import Step as InstalmentStep
from models.case.blocks import Situation
from models.case.status import Status
from models.case.step import Step
from models.contact.channel import Channel
from models.contact.communication import CommunicationKind

PATIENCE: dict[str, Any] = {
    "start_to_close_timeout": timedelta(seconds=60),
    "retry_policy": RetryPolicy(
        initial_interval=timedelta(seconds=1),
        maximum_interval=timedelta(minutes=5),
        non_retryable_error_types=["Refusal"],
    ),
}
"""With which an activity is asked for: until it is done, unless it is refused."""


class _Value(BaseModel):
    model_config = ConfigDict(frozen=True)


class Dispatch(_Value):
    """A notice to be made, and the task queue of whoever takes it there."""

    channel: Channel
    rung_channel: Channel
    queue: str


class NextAction(_Value):
    """A case after something was done to it: the step that is next, and when it runs."""

    revision: int
    """The higher of two is the newer."""
    step: Step
    situation: Situation = Situation(state=Status.RUNNING)
    """The blocks on it, which say what may be done to it."""
    closed: bool = False
    runs_at: datetime | None = None
    """The wall instant the step is due; none: only an event can bring it, be it that its day has begun."""
    dispatches: tuple[Dispatch, ...] = ()
    """The notices of the step."""
    charges: bool = False
    """Whether a bank is there whose charges are to be those of the day before a notice names them."""
    hypothesis: str | None = None
    stage: str | None = None
    rigidity: int | None = None
    """The cell the case stands on."""


class PlannedStep(_Value):
    on: date | None
    what: str


class Unfinished(_Value):
    """A notice of a contact that was begun, claimed or not, that hasn't left: its workflow may have been lost while it
    was on its way."""

    step: Step
    dispatch: Dispatch


class Evaluation(_Value):
    """A next action with what has been and what would come if nothing happened."""

    next_action: NextAction
    path: tuple[str, ...]
    plan: tuple[PlannedStep, ...]
    unfinished: tuple[Unfinished, ...] = ()


class Contact(_Value):
    """One notice: a rung of a case on one channel."""

    case: str
    step: Step
    channel: Channel
    rung_channel: Channel
    """The channel of the rung that it stands for: its own, or the one it falls over from."""


class EvaluationRequest(_Value):
    """A look at the record, and the act that the workflow is told of, if it is."""

    case: str
    act: int | None = None


class StartCursor(_Value):
    """How far the start of a cohort has come."""

    taxpayer: int = 0
    tax: str = ""
    started: int = 0
    already_open: int = 0
    seen: int = 0
    total: int = 0
    """Whom the selection names, at most."""
    failed: int = 0
    """Cases that Temporal would not start; the relay tries them again."""
    done: bool = False

    @property
    def left(self) -> int:
        return 0 if self.done else max(self.total - self.seen, 0)


STARTS_A_SECOND = 500.0
"""Cases at most, unless somebody asks for fewer or more."""


class Intake(_Value):
    """The input of a `CohortRuler`: which cohort, and from where on."""

    cohort: str
    rate: float = STARTS_A_SECOND
    cursor: StartCursor = StartCursor()


class CaseEffects:
    @activity.defn
    def evaluate(self, asked: EvaluationRequest) -> Evaluation:
        raise NotImplementedError

    @activity.defn
    def ask_approval(self, case: str) -> NextAction:
        raise NotImplementedError

    @activity.defn
    def suspend_benefits(self, case: str) -> NextAction:
        raise NotImplementedError

    @activity.defn
    def reinstate_benefits(self, case: str) -> NextAction:
        raise NotImplementedError

    @activity.defn
    def deem_served(self, case: str) -> NextAction:
        raise NotImplementedError

    @activity.defn
    def refer(self, case: str) -> NextAction:
        raise NotImplementedError

    @activity.defn
    def resolve(self, case: str) -> NextAction:
        raise NotImplementedError

    @activity.defn
    def end_campaign(self, case: str) -> NextAction:
        raise NotImplementedError

    @activity.defn
    def cancel(self, case: str) -> NextAction:
        raise NotImplementedError


class NoticeEffects:
    @activity.defn
    def notify(self, contact: Contact) -> NextAction:
        raise NotImplementedError


class AgreementStart(_Value):
    """The input of an `InstalmentAgreement`: names only, since everything else is read from the record."""

    agreement: str
    case: str
    cohort: str
    policy: str


class AgreementNextAction(_Value):
    """An agreement after something was done to it, and what comes next."""

    revision: int
    """The higher of two is the newer."""
    state: State
    step: InstalmentStep | None
    runs_at: datetime | None = None
    """The wall instant the step is due; none: only a payment can bring anything."""
    paid: int
    of: int
    """Instalments."""
    on_hold_since: date | None
    charges: bool = False
    """Whether a bank is there at which each instalment has a charge."""


class AgreementReview(_Value):
    """A step of an agreement that has come due; without one, a look at the record."""

    agreement: str
    step: InstalmentStep | None = None


class AgreementEffects:
    @activity.defn
    def review_agreement(self, dispatch: AgreementReview) -> AgreementNextAction:
        raise NotImplementedError

    @activity.defn
    def tell_of_instalment(self, dispatch: AgreementReview) -> AgreementNextAction:
        raise NotImplementedError


class CommunicationStart(_Value):
    """The input of a `Communication`: names only, since everything else is read from the record."""

    communication: str
    kind: CommunicationKind
    case: str
    cohort: str
    ruler: str


class CommunicationNextAction(_Value):
    """A communication after something was done to it, and what is to be sent next."""

    outcome: str | None = None
    """None: it is not over."""
    runs_at: datetime | None = None
    """The wall instant from which it may be sent; none: only news can bring it."""
    dispatches: tuple[Dispatch, ...] = ()


class CommunicationDispatch(_Value):
    """A communication by one channel, and the channel that this stands for."""

    communication: str
    channel: Channel
    rung_channel: Channel


class CommunicationEffects:
    @activity.defn
    def look_at_communication(self, communication: str) -> CommunicationNextAction:
        raise NotImplementedError

    @activity.defn
    def communicate(self, dispatch: CommunicationDispatch) -> CommunicationNextAction:
        raise NotImplementedError


class CaseStart(_Value):
    """The input of a `TaxpayerRuler`: names, since everything else is read from the record, and what was read there
    when it was started. Without that, the workflow reads it first."""

    case: str
    cohort: str
    ruler: str
    evaluation: Evaluation | None = None


class CohortEffects:
    @activity.defn
    async def start_cases(self, intake: Intake) -> StartCursor:
        """Start some of the cases: as many as a few seconds allow."""
        raise NotImplementedError


class Interference(_Value):
    """Something that somebody did in Temporal itself, where nobody acts for the authority."""

    subject: str
    """The id of what the workflow is of: a case, an agreement, a cohort."""
    case: str | None = None
    """The case that people are to look at."""
    what: Literal["update", "cancel"]
    name: str = ""
    """The name of the update, as it was sent."""
    times: int = 1


class InterferenceEffects:
    @activity.defn
    def record_interference(self, told: Interference) -> None:
        raise NotImplementedError


class ChargeEffects:
    @activity.defn
    def charge(self, case: str) -> None:
        raise NotImplementedError
