"""What a case is started with, and the states it can be seen in."""

from enum import StrEnum

from pydantic import BaseModel, ConfigDict


class Status(StrEnum):
    RUNNING = "running"
    ON_HOLD = "on_hold"
    PAUSED = "paused"
    UNREACHABLE = "unreachable"
    OVER_BUDGET = "over_budget"
    AWAITING_APPROVAL = "awaiting_approval"
    RESOLVED = "resolved"
    BENEFITS_SUSPENDED = "benefits_suspended"
    REFERRED = "referred"
    CANCELLED = "cancelled"
    CONTROL = "control"

    @property
    def closed(self) -> bool:
        """Whether the case's workflow has ended; a reversed payment opens it again."""
        return self in (Status.RESOLVED, Status.CANCELLED)


class CaseStart(BaseModel):
    """The input of a `TaxpayerRuler`: names only, since everything else is read from the record."""

    model_config = ConfigDict(frozen=True)

    case: str
    cohort: str
    ruler: str
