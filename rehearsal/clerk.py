"""The authority's clerk: has protested what the ruler can't collect, and tells CADIN, before anything goes to court."""

from __future__ import annotations

import asyncio
from contextlib import suppress
from datetime import datetime

from sqlalchemy import Engine, text

from models.case.facts import StepKind
from models.errors import Refusal
from models.law.calendar import Clock
from operations.due_process import take_prior_step
from operations.operation import Credentials

NAME = "escrivã da cidade"
STEPS: tuple[StepKind, ...] = ("protest", "cadin_notice")
"""Notified in due form, the debtors have had their administrative solution (CNJ 547/2024, art. 2º, § 2º)."""

WAITING = text("""SELECT id FROM cases WHERE status = 'awaiting_prior_steps' ORDER BY id""")


class Clerk:
    def __init__(self, engine: Engine, clock: Clock) -> None:
        self.engine = engine
        self.clock = clock

    async def live(self, now: datetime) -> None:
        await asyncio.to_thread(self._take_steps, now)

    def _take_steps(self, now: datetime) -> None:
        with self.engine.connect() as connection:
            waiting = connection.scalars(WAITING).all()
        for case in waiting:
            for kind in STEPS:
                # refused when it is on record, and the case has only not looked yet
                with suppress(Refusal):
                    on = self.clock.day_at(now)
                    take_prior_step(self.engine, Credentials(NAME), case, kind, on, f"livro da cidade, {case}", now)
