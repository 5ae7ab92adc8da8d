"""The days of the city on a clock that goes on, whatever is down, until nothing moves any more."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from typing import NoReturn

from sqlalchemy import Engine, text
from sqlalchemy.exc import OperationalError
from temporalio.service import RPCError

from models.law.calendar import Clock
from rehearsal.bank import Bank
from rehearsal.clerk import Clerk
from rehearsal.people import Townspeople
from rehearsal.supervisor import Supervisor
from rehearsal.tally import Tally, take_tally

ROUND_SECONDS = 0.2
TEND_SECONDS = 0.25
AWAY = (OperationalError, RPCError)
"""Errors of PostgreSQL and Temporal being away: they are started again meanwhile, and the round is tried again."""
QUIET = timedelta(seconds=2)
"""How long nothing may have moved, after the last day, until the city is said to rest."""

UNDER_WAY = text("""
    SELECT (SELECT count(*) FROM notices WHERE status = 'claimed')
         + (SELECT count(*) FROM outbox WHERE delivered_at IS NULL)
         + (SELECT count(*) FROM cases WHERE closed_at IS NULL AND CAST(next_step->>'on' AS date) <= :last_day)
         + (SELECT count(*) FROM agreements WHERE closed_at IS NULL AND CAST(next_step->>'on' AS date) <= :last_day)
""")


@dataclass
class Life:
    engine: Engine
    clock: Clock
    last_day: date
    people: Townspeople
    bank: Bank
    supervisor: Supervisor
    clerk: Clerk
    tend: Callable[[], None]
    watch: Callable[[date, Tally], None]
    patience: timedelta
    """How long after the last day nothing may move though something is left to do."""

    async def live(self) -> bool:
        """Whether it came to rest."""
        tending, resting = asyncio.create_task(self._keep_tending()), asyncio.create_task(self._until_rest())
        try:
            await asyncio.wait({tending, resting}, return_when=asyncio.FIRST_COMPLETED)
            return resting.result() if resting.done() else tending.result()
        finally:
            tending.cancel()
            resting.cancel()

    async def _keep_tending(self) -> NoReturn:
        """Beside the rounds, since a round may itself be waiting for a process that has ended."""
        while True:
            self.tend()
            await asyncio.sleep(TEND_SECONDS)

    async def _until_rest(self) -> bool:
        ends = self.clock.origin_wall + timedelta(
            seconds=float(self.clock.day_seconds) * ((self.last_day - self.clock.origin_day).days + 1)
        )
        quiet_since, moved_at, before = ends, ends, None
        while True:
            now = datetime.now(UTC)
            tally, at_rest = await self._round(self.clock.day_at(now))
            if tally is not None and tally != before:
                moved_at, before, at_rest = max(now, ends), tally, False
            if not at_rest:
                quiet_since = max(now, ends)
            if now - quiet_since > QUIET:
                return True
            if now > moved_at + self.patience:
                return False
            await asyncio.sleep(ROUND_SECONDS)

    async def _round(self, today: date) -> tuple[Tally | None, bool]:
        """The tally, none when somebody was away; and whether nobody did anything or has something left to do."""
        try:
            acted = [
                await asyncio.to_thread(self.people.live, today),
                await asyncio.to_thread(self.bank.live, today),
                await asyncio.to_thread(self.supervisor.live, today, today == self.last_day),
                await asyncio.to_thread(self.clerk.live, today),
            ]
            under_way = await asyncio.to_thread(self._under_way)
            tally = await asyncio.to_thread(take_tally, self.engine)
        except AWAY:
            return None, False
        self.watch(today, tally)
        return tally, not (any(acted) or under_way)

    def _under_way(self) -> int:
        with self.engine.connect() as connection:
            return int(connection.execute(UNDER_WAY, {"last_day": self.last_day}).scalar_one())
