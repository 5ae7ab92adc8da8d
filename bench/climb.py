"""A cohort and its bare double climb their first rungs: all at once, wave after wave, each in its own time."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from itertools import count

from sqlalchemy import text
from temporalio.client import Client, WorkflowHandle, WorkflowHistory

from bench.bare_ruler import QUEUE, BareRuler
from bench.ground import MONDAY, Ground, clock_of
from bench.processor import processor_seconds
from workflows.intakes import start_cohort
from workflows.names import case_workflow_id

WAVES = 3
"""The rungs of the ruler's mildest row: on the first day, and after 5 and 7 working days."""
LAST_DAYS = {1: MONDAY + timedelta(days=6), WAVES: MONDAY + timedelta(days=29)}
"""When the clock of a climb of so many waves stands still: the day before the next rung."""
DAYS_APART = 7

STARTED_A_SECOND = 15
"""How many cases are surely started: who starts after the first wave's day is no part of it."""
HEAD_START = 5.0
AT_ONCE = 20
PATIENCE_SECONDS = 180.0
"""The time a climb may take beyond its clock: what a worker lost is asked for again after a minute."""

_names = count(1)


@dataclass(frozen=True)
class Climb:
    climbers: int
    waves: Sequence[float]
    """The seconds that each took, from its first rung to its last."""
    history: WorkflowHistory
    """The history of one of them."""
    processor: float
    """Seconds of processor time from the end of the starts to the last rung, of all processes."""

    @property
    def rungs_a_second(self) -> float:
        return self.climbers * len(self.waves) / sum(self.waves)

    @property
    def processor_ms(self) -> float:
        """Milliseconds of processor time a rung."""
        return 1000 * self.processor / (self.climbers * len(self.waves))


async def climb(ground: Ground, waves: int = WAVES) -> Climb:
    scale, tax = ground.scale, f"CLIMB-{next(_names)}"
    ground.debtors(tax, scale.climbers)
    clock = clock_of(scale.day_seconds, MONDAY, _beginning(scale.climbers), LAST_DAYS[waves])
    client = await ground.client()
    cohort = ground.cohort(tax, clock)
    await (await start_cohort(client, cohort.name, cohort.frozen.ruler.label)).result()
    before = processor_seconds()
    days = (LAST_DAYS[waves] - MONDAY).days * scale.day_seconds
    await ground.until(lambda: ground.ask(SENT, tax=tax) >= scale.climbers * waves, days + PATIENCE_SECONDS)
    spent = processor_seconds() - before
    with ground.engine.connect() as connection:
        took = [row.seconds.total_seconds() for row in connection.execute(text(TOOK), {"tax": tax})]
    case = ground.ask("SELECT min(id) FROM cases WHERE cohort = :tax", tax=tax)
    history = await client.get_workflow_handle(case_workflow_id(case)).fetch_history()
    return Climb(scale.climbers, took[:waves], history, spent)


async def bare_climb(ground: Ground, waves: int = WAVES) -> Climb:
    scale, client, begins = ground.scale, await ground.client(), _beginning(ground.scale.climbers)
    day = timedelta(seconds=scale.day_seconds)
    window = day / 2

    def rungs(number: int) -> list[datetime]:
        share = number / scale.climbers
        return [begins + DAYS_APART * day * wave + window * share for wave in range(waves)]

    started = await start_bare(client, [rungs(number) for number in range(scale.climbers)])
    before = processor_seconds()
    done = await asyncio.gather(*(handle.result() for handle in started))
    spent = processor_seconds() - before
    took = [max(instants) - min(instants) for instants in zip(*done, strict=True)]
    return Climb(scale.climbers, took, await started[0].fetch_history(), spent)


async def start_bare(client: Client, rungs: Sequence[list[datetime]]) -> list[WorkflowHandle[BareRuler, list[float]]]:
    """Start bare workflows, as many at once as `CohortRuler` starts."""
    gate, family = asyncio.Semaphore(AT_ONCE), next(_names)

    async def start(number: int, due: list[datetime]) -> WorkflowHandle[BareRuler, list[float]]:
        async with gate:
            return await client.start_workflow(BareRuler.run, due, id=f"bare-{family}-{number}", task_queue=QUEUE)

    return await asyncio.gather(*(start(number, due) for number, due in enumerate(rungs)))


def _beginning(climbers: int) -> datetime:
    return datetime.now(UTC) + timedelta(seconds=HEAD_START + climbers / STARTED_A_SECOND)


SENT = "SELECT count(*) FROM notices JOIN cases ON cases.id = notices.case WHERE cohort = :tax AND sent_at IS NOT NULL"

TOOK = """
SELECT max(sent_at) - min(claimed_at) AS seconds
FROM notices JOIN cases ON cases.id = notices.case WHERE cohort = :tax GROUP BY step ORDER BY step
"""
