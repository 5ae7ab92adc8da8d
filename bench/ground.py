"""The ground the benchmark stands on: an embedded stack, invented debtors, and cohorts of them on a ruler as
shipped."""

from __future__ import annotations

import asyncio
import sys
import time
from collections.abc import Callable
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from decimal import Decimal
from pathlib import Path
from typing import Any

from sqlalchemy import Engine, text
from temporalio.client import Client

from bench.scale import Scale
from embedded import postgres
from embedded.child import REPOSITORY, environment
from embedded.home import Home
from embedded.stack import Stack
from models.case.selection import Selection
from models.errors import Refusal
from models.law.calendar import Clock
from operations.cohorts import begin_cohort
from operations.operation import Credentials
from operations.rulers import load_ruler
from storage.case.cohorts import Cohort
from workflows.client import connect_to

RULER = "divida-ativa"
"""Its mildest rows have one channel a rung."""

MONDAY = date(2026, 3, 2)
SUNDAY = date(2026, 3, 1)
"""Nobody is contacted on it, so a cohort that starts on one, on a clock of real length, sleeps for a day and more."""
ASLEEP_SECONDS = 86_000.0
"""The length of a day: not quite real, so that its first day may be that Sunday."""


LOOKED_EVERY = 0.2


@dataclass(frozen=True)
class Ground:
    stack: Stack
    engine: Engine
    scale: Scale
    say: Callable[[str], None]

    @property
    def home(self) -> Home:
        return self.stack.home

    @property
    def owners_database(self) -> str:
        """The database in which the bare floors may have tables of their own, which the product's role may not."""
        return postgres.address(self.home, postgres.port_of(self.stack.services.database))

    @property
    def environment(self) -> dict[str, str]:
        """The environment of a command that works on this stack."""
        return environment(
            TEMPORAL_ADDRESS=self.stack.services.temporal,
            DATABASE_URL=self.stack.services.database,
            REGUA_HOME=str(self.home),
            REGUA_PAYLOAD_KEYS=self.home.payload_keys,
        )

    async def client(self) -> Client:
        return await connect_to(self.stack.services.temporal, self.home.payload_keys)

    def debtors(self, tax: str, count: int) -> None:
        """Import so many people with one debt each, that nobody else has; `tax` in capitals, as imports write it."""
        with self.engine.begin() as connection:
            connection.execute(text(DEBTORS), {"tax": tax, "count": count, "due": MONDAY - timedelta(days=30)})
            connection.execute(text("ANALYZE taxpayers; ANALYZE debts; ANALYZE debtors"))

    def cohort(self, tax: str, clock: Clock) -> Cohort:
        """Begin a cohort of all debtors of that tax; its notices become files."""
        who, people = Credentials("bench"), Selection(tax=tax)
        return begin_cohort(self.engine, who, tax, load_ruler(RULER), people, clock, rehearsal=True)

    def ask(self, query: str, **values: Any) -> Any:
        with self.engine.connect() as connection:
            return connection.execute(text(query), values).scalar_one()

    async def until(self, holds: Callable[[], bool], seconds: float) -> None:
        """Wait until something holds. Raises Refusal when it takes too long."""
        deadline = time.monotonic() + seconds
        while not await asyncio.to_thread(holds):
            if time.monotonic() > deadline:
                raise Refusal(f"what is measured did not come to its end within {seconds:.0f} s")
            self.stack.tend()
            await asyncio.sleep(LOOKED_EVERY)


DEBTORS = """
WITH people AS (
    INSERT INTO taxpayers (key, tax_id, name, is_company, email)
    SELECT :tax || n, lpad(n::text, 11, '0'), 'Pessoa Exemplo ' || n, false, 'contribuinte' || n || '@example.com'
    FROM generate_series(1, :count) AS n
    RETURNING id
),
owed AS (
    INSERT INTO debts (tax, inscription, due, amount)
    SELECT :tax, 'EX' || id, :due, 1000 FROM people RETURNING id, inscription
)
INSERT INTO debtors (debt, taxpayer, uf) SELECT owed.id, people.id, 'AL'
FROM owed JOIN people ON owed.inscription = 'EX' || people.id
"""


def clock_of(day_seconds: float, first_day: date, begins: datetime, last_day: date | None = None) -> Clock:
    return Clock(
        day_seconds=Decimal(str(day_seconds)),
        origin_wall=begins,
        origin_day=first_day,
        timezone="America/Sao_Paulo",
        last_day=last_day,
    )


# ---- processes


def memory_of(pid: int, mark: str = "VmRSS") -> float:
    """MiB that a process occupies; its peak so far by the mark VmHWM. Nothing once it has ended."""
    try:
        status = Path("/proc", str(pid), "status").read_text()
    except OSError:
        return 0.0
    lines = [line.split() for line in status.splitlines() if line.startswith(f"{mark}:")]
    return int(lines[0][1]) / 1024 if lines else 0.0


def child_memory(stack: Stack, name: str) -> float:
    [pid] = [child.pid for child in stack.children if child.name == name]
    return memory_of(pid or 0)


SAMPLED_EVERY = 0.02


async def run_command(ground: Ground, *arguments: str) -> tuple[float, float]:
    """Run `starter.py`: its seconds, and its peak memory in MiB. Raises Refusal when it fails."""
    began, peak = time.monotonic(), 0.0
    running = await asyncio.create_subprocess_exec(
        sys.executable,
        "starter.py",
        *arguments,
        env=ground.environment,
        cwd=REPOSITORY,
        stdout=asyncio.subprocess.DEVNULL,
        stderr=asyncio.subprocess.PIPE,
    )
    said = asyncio.ensure_future(running.communicate())
    while not said.done():
        peak = max(peak, memory_of(running.pid, "VmHWM"))
        await asyncio.wait({said}, timeout=SAMPLED_EVERY)
    if running.returncode:
        raise Refusal(f"starter.py {arguments[0]} failed: {said.result()[1].decode().strip()}")
    return time.monotonic() - began, peak
