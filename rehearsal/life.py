"""The days of the city, one after another, each of them until nothing moves any more."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta

from sqlalchemy import Engine
from sqlalchemy.exc import OperationalError
from temporalio.service import RPCError

from rehearsal.bank import Bank
from rehearsal.clerk import Clerk
from rehearsal.clock import RehearsalClock
from rehearsal.people import Townspeople
from rehearsal.rest import Rest
from rehearsal.shift import Shift
from rehearsal.supervisor import Supervisor
from rehearsal.tally import Tally, take_tally

ROUND_SECONDS = 0.02
TEND_SECONDS = 0.25
AWAY = (OperationalError, RPCError)
"""Errors of PostgreSQL and Temporal being away: they are started again meanwhile, and the round is tried again."""
PATIENCE_SECONDS = 120.0
"""How long nothing may move on a day that isn't over, until it is said that it never will be."""


@dataclass
class Life:
    engine: Engine
    clock: RehearsalClock
    last_day: date
    day_seconds: float
    """How long a day lasts at least."""
    rest: Rest
    people: Townspeople
    bank: Bank
    supervisor: Supervisor
    clerk: Clerk
    shift: Shift
    tend: Callable[[], None]
    watch: Callable[[date, Tally], None]

    async def live(self) -> bool:
        """Whether the last day came to its end."""
        days, guard = asyncio.create_task(self._days()), asyncio.create_task(self._watch_over())
        try:
            done, _ = await asyncio.wait({days, guard}, return_when=asyncio.FIRST_COMPLETED)
            await asyncio.gather(*done)
            return days in done
        finally:
            days.cancel()
            guard.cancel()

    async def _watch_over(self) -> None:
        """Watch over the stack beside the days, since one may itself be waiting for a process that has ended; until
        nothing moves."""
        before, moved_at = None, time.monotonic()
        while time.monotonic() - moved_at < PATIENCE_SECONDS:
            self.tend()
            with suppress(OperationalError):
                today, tally = self.clock.today, await asyncio.to_thread(take_tally, self.engine)
                self.watch(today, tally)
                if (today, tally) != before:
                    before, moved_at = (today, tally), time.monotonic()
            await asyncio.sleep(TEND_SECONDS)

    async def _days(self) -> None:
        while True:
            await self._until_done()
            if self.clock.today == self.last_day:
                return
            left = self.clock.began + timedelta(seconds=self.day_seconds) - datetime.now(UTC)
            await asyncio.sleep(max(left.total_seconds(), 0))
            await self._move()

    async def _move(self) -> None:
        before = self.clock.today
        while self.clock.today == before:
            with suppress(*AWAY):
                await asyncio.to_thread(self.clock.move)

    async def _until_done(self) -> None:
        """Live today until all that is due is done and heard, and nobody has anything left to do about it."""
        while True:
            with suppress(*AWAY):
                if await self.rest.reached() and not await self._act():
                    return
            await asyncio.sleep(ROUND_SECONDS)

    async def _act(self) -> bool:
        """The first of those who have something to do does it; the others wait until it is heard."""
        today = self.clock.today
        if await asyncio.to_thread(self.people.live, today) or await asyncio.to_thread(self.bank.live, today):
            return True
        if await asyncio.to_thread(self.supervisor.live, today, today == self.last_day):
            return True
        if await asyncio.to_thread(self.shift.live, today):
            return True
        return await asyncio.to_thread(self.clerk.live, today)
