"""The days of the city, one after another, until nothing moves any more."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from typing import NoReturn

from sqlalchemy import Engine, text
from sqlalchemy.exc import OperationalError
from temporalio.service import RPCError

from models.law.calendar import Clock
from rehearsal.clerk import Clerk
from rehearsal.people import Townspeople
from rehearsal.supervisor import Supervisor

ROUND_SECONDS = 0.2
TEND_SECONDS = 0.25
AWAY = (OperationalError, RPCError)
"""Of PostgreSQL and of Temporal: they are started again meanwhile, and the round is tried again."""
QUIET = timedelta(seconds=2)
"""How long nothing may have moved, after the last day, until the city is said to rest."""

TALLY = text("""
    SELECT (SELECT count(*) FROM notices WHERE sent_at IS NOT NULL) AS notices,
           (SELECT count(*) FROM notices WHERE status = 'claimed') AS leaving,
           (SELECT count(*) FROM payments) AS payments,
           (SELECT coalesce(sum(amount), 0) FROM payments)
               - (SELECT coalesce(sum(amount), 0) FROM reversals) AS recovered,
           (SELECT count(*) FROM outbox WHERE delivered_at IS NULL) AS outbox,
           count(*) FILTER (WHERE closed_at IS NOT NULL) AS closed,
           count(*) FILTER (WHERE status = 'benefits_suspended') AS suspended,
           count(*) FILTER (WHERE closed_at IS NULL AND CAST(next_step->>'on' AS date) <= :last_day)
               + (SELECT count(*) FROM agreements
                  WHERE closed_at IS NULL AND CAST(next_step->>'on' AS date) <= :last_day) AS due,
           coalesce(sum(revision), 0) + (SELECT coalesce(sum(revision), 0) FROM agreements) AS revisions
    FROM cases
""")


@dataclass(frozen=True)
class Tally:
    notices: int
    leaving: int
    payments: int
    recovered: Decimal
    outbox: int
    closed: int
    suspended: int
    due: int
    revisions: int


@dataclass
class Life:
    engine: Engine
    clock: Clock
    last_day: date
    people: Townspeople
    supervisor: Supervisor
    clerk: Clerk
    tend: Callable[[], None]
    watch: Callable[[date, Tally], None]
    patience: timedelta
    """How long after the last day the city may take to come to rest."""

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
        quiet_since, before = ends, None
        while True:
            now = datetime.now(UTC)
            tally = await self._round(now)
            if tally is None or tally != before or self._moving(tally):
                quiet_since, before = max(now, ends), tally
            if now - quiet_since > QUIET:
                return True
            if now > ends + self.patience:
                return False
            await asyncio.sleep(ROUND_SECONDS)

    async def _round(self, now: datetime) -> Tally | None:
        """None when somebody was away."""
        try:
            await asyncio.to_thread(self.people.live, now)
            await self.supervisor.live(now)
            await self.clerk.live(now)
            tally = await asyncio.to_thread(self._tally)
        except AWAY:
            return None
        self.watch(self.clock.day_at(now), tally)
        return tally

    def _moving(self, tally: Tally) -> bool:
        under_way = tally.leaving or tally.outbox or tally.due
        return bool(under_way) or not (self.people.idle and self.supervisor.idle)

    def _tally(self) -> Tally:
        with self.engine.connect() as connection:
            return Tally(**connection.execute(TALLY, {"last_day": self.last_day}).mappings().one())
