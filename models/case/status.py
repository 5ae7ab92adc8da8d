"""The words that a case is seen by: its blocks, in order, else the state it is in."""

from enum import StrEnum


class Status(StrEnum):
    """The status of a case. Of its blocks the first in this order is shown."""

    RUNNING = "running"
    ON_HOLD = "on_hold"
    PAUSED = "paused"
    UNREACHABLE = "unreachable"
    OVER_BUDGET = "over_budget"
    UNDER_DEFENCE = "under_defence"
    """The taxpayer has filed a defence, and nobody has decided it yet."""
    UNDER_REVIEW = "under_review"
    """A request of the taxpayer's awaits an answer, and the next step the answer."""
    AWAITING_APPROVAL = "awaiting_approval"
    AWAITING_PRIOR_STEPS = "awaiting_prior_steps"
    """A step that the law wants before a suit is not on record (CNJ 547/2024)."""
    TO_REGISTER = "to_register"
    """The debts must be registered as dívida ativa before anything else can be done (CTN art. 201)."""
    AMOUNT_UNKNOWN = "amount_unknown"
    """A rate or a rule is missing without which nobody can tell what is owed."""
    RESOLVED = "resolved"
    BENEFITS_SUSPENDED = "benefits_suspended"
    REFERRED = "referred"
    ENDED = "ended"
    """The offer of its campaign is over, and it was not settled."""
    CANCELLED = "cancelled"
    CONTROL = "control"

    @property
    def closed(self) -> bool:
        """Whether the case's workflow has ended; a reversed payment opens it again."""
        return self in (Status.RESOLVED, Status.ENDED, Status.CANCELLED)


WAITING = (
    Status.AWAITING_APPROVAL,
    Status.AWAITING_PRIOR_STEPS,
    Status.TO_REGISTER,
    Status.UNREACHABLE,
    Status.UNDER_DEFENCE,
    Status.AMOUNT_UNKNOWN,
    Status.OVER_BUDGET,
)
"""The statuses in which a case waits for somebody of the authority."""
