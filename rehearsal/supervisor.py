"""The supervisors: asked to suspend somebody's benefits, one approves within days, and now and then refuses at first;
another one approves as well where the ruler wants two."""

from __future__ import annotations

import asyncio
from collections.abc import Iterable
from contextlib import suppress
from datetime import date, datetime, timedelta

from sqlalchemy import Engine, Row, text

from models.errors import Refusal
from models.law.calendar import Clock
from operations.cases import approve_suspension, reject_suspension
from operations.operation import Credentials
from rehearsal.city import Person

THINKS = timedelta(days=2)
FIRST, SECOND = "supervisora da cidade", "procurador da cidade"
WHY = "ciência provada, prazo de defesa decorrido, débito ainda em aberto"
WHY_NOT = "conferir antes se há defesa protocolada"

ASKED = text("""
    SELECT cases.id, tax_id, CAST(state->>'asked_on' AS date) AS asked_on,
           state->>'rejected_on' IS NOT NULL AS was_rejected, state->'approvers' ? :first AS was_approved
    FROM cases JOIN taxpayers ON taxpayers.id = cases.taxpayer
    WHERE status = 'awaiting_approval' ORDER BY cases.id
""")


class Supervisor:
    def __init__(self, engine: Engine, clock: Clock, people: Iterable[Person]) -> None:
        self.engine = engine
        self.clock = clock
        self.rejected_first = {person.tax_id for person in people if person.rejected_first}
        self.idle = True

    async def live(self, now: datetime) -> None:
        """Answers the gates whose time has come; on the clock's last day, all that are left."""
        today = self.clock.day_at(now)
        asked = await asyncio.to_thread(self._asked)
        due = [gate for gate in asked if gate.asked_on + THINKS <= today or today == self.clock.last_day]
        self.idle = not due
        for gate in due:
            await asyncio.to_thread(self._answer, gate, now)

    def _asked(self) -> list[Row[tuple[str, str, date, bool, bool]]]:
        with self.engine.connect() as connection:
            return list(connection.execute(ASKED, {"first": FIRST}).all())

    def _answer(self, gate: Row[tuple[str, str, date, bool, bool]], now: datetime) -> None:
        # refused when the case has moved on meanwhile; what has changed since is looked at again
        with suppress(Refusal):
            if gate.tax_id in self.rejected_first and not gate.was_rejected:
                reject_suspension(self.engine, Credentials(FIRST), gate.id, WHY_NOT, now)
            else:
                who = Credentials(SECOND if gate.was_approved else FIRST)
                approve_suspension(self.engine, who, gate.id, "", WHY, now)
