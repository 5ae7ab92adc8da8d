"""What a case is started with, and the states it can be seen in."""

from enum import StrEnum

from models.errors import Refusal


class Status(StrEnum):
    RUNNING = "running"
    ON_HOLD = "on_hold"
    PAUSED = "paused"
    UNREACHABLE = "unreachable"
    OVER_BUDGET = "over_budget"
    UNDER_DEFENCE = "under_defence"
    """The taxpayer has filed a defence, and nobody has decided it yet."""
    AWAITING_APPROVAL = "awaiting_approval"
    AWAITING_PRIOR_STEPS = "awaiting_prior_steps"
    """What the law wants before a suit is not on record (CNJ 547/2024)."""
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


def must_be_open(case: str, status: Status) -> None:
    if status.closed:
        raise Refusal(f"case {case} is {status}: nothing more can be done to it")
