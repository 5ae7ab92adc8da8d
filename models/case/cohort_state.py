"""The lifecycle of a whole cohort: it runs, stands still, or is over."""

from __future__ import annotations

from datetime import date
from enum import StrEnum

from pydantic import BaseModel, ConfigDict

from models.case.facts import Pause


class State(StrEnum):
    RUNNING = "running"
    PAUSED = "paused"
    CANCELLED = "cancelled"
    """For good: its cases are closed as each of them looks at the record."""


class CohortLifecycle(BaseModel):
    model_config = ConfigDict(frozen=True)

    state: State = State.RUNNING
    by: str = ""
    """Who said so last."""
    reason: str = ""
    on: date | None = None
    """The logical day since which it is so."""

    @property
    def pause(self) -> Pause | None:
        return Pause(by=self.by, on=self.on, whole_cohort=True) if self.state is State.PAUSED else None

    @property
    def cancelled_because(self) -> str | None:
        return f"coorte cancelada por {self.by}: {self.reason}" if self.state is State.CANCELLED else None
