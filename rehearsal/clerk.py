"""The authority's clerk: registers, protests and tells CADIN what the ruler can't collect, before it goes to court."""

from __future__ import annotations

from datetime import UTC, date, datetime

from sqlalchemy import Engine, text

from models.case.facts import StepKind
from models.errors import Refusal
from operations.due_process import take_prior_step
from operations.operation import Credentials

NAME = "escrivã da cidade"
STEPS: dict[str, tuple[StepKind, ...]] = {
    "to_register": ("registration",),
    "awaiting_prior_steps": ("protest", "cadin_notice"),
}
"""By status. Notified in due form, the debtors have had their administrative solution (CNJ 547/2024, art. 2º, § 2º)."""

WAITING = text("SELECT id, status FROM cases WHERE status IN ('to_register', 'awaiting_prior_steps') ORDER BY id")


class Clerk:
    def __init__(self, engine: Engine) -> None:
        self.engine = engine

    def live(self, today: date) -> bool:
        """Whether anything was put on record."""
        with self.engine.connect() as connection:
            waiting = connection.execute(WAITING).all()
        taken = [self._takes(case.id, kind, today) for case in waiting for kind in STEPS[case.status]]
        return any(taken)

    def _takes(self, case: str, kind: StepKind, today: date) -> bool:
        """Take a prior step; False when it is on record already."""
        try:
            take_prior_step(
                self.engine, Credentials(NAME), case, kind, today, f"livro da cidade, {case}", datetime.now(UTC)
            )
        except Refusal:
            return False
        return True
