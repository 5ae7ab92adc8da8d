"""The authority's clerk: has protested what the ruler can't collect, and tells CADIN, before anything goes to court."""

from __future__ import annotations

from datetime import UTC, date, datetime

from sqlalchemy import Engine, text

from models.case.facts import StepKind
from models.errors import Refusal
from operations.due_process import take_prior_step
from operations.operation import Credentials

NAME = "escrivã da cidade"
STEPS: tuple[StepKind, ...] = ("protest", "cadin_notice")
"""Notified in due form, the debtors have had their administrative solution (CNJ 547/2024, art. 2º, § 2º)."""

WAITING = text("""SELECT id FROM cases WHERE status = 'awaiting_prior_steps' ORDER BY id""")


class Clerk:
    def __init__(self, engine: Engine) -> None:
        self.engine = engine

    def live(self, today: date) -> bool:
        """Whether anything was put on record."""
        with self.engine.connect() as connection:
            waiting = connection.scalars(WAITING).all()
        taken = [self._takes(case, kind, today) for case in waiting for kind in STEPS]
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
