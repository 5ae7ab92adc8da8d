"""Fairness: a small cohort that is started behind the backlog of a big one doesn't wait for the big one's end."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping
from datetime import UTC, datetime

from temporalio.client import Client

from bench.climb import AT_ONCE, LAST_DAYS, PATIENCE_SECONDS
from bench.figures import Figure, at_most
from bench.ground import MONDAY, Ground, clock_of
from storage.case.cohorts import Cohort, candidates, cases_to_run, open_cases
from workflows.start import start_case

MOST = 0.1
"""If cohorts took turns once only, as many would leave before the last of the few as there are of these, one in a
hundred; but a case waits in line several times until its first notice is out."""

SENT_A_SECOND = 10
"""How many notices are surely sent."""


async def fairness_figures(ground: Ground) -> list[Figure]:
    """Both are started while the worker is away, the few last, and all of their first notices are due."""
    crowd, few = ground.scale.crowd, ground.scale.few
    await begin_wave(ground, {"crowd": crowd, "few": few})
    await ground.until(lambda: ground.ask(SENT) == crowd + few, crowd / SENT_A_SECOND + PATIENCE_SECONDS)
    return [at_most(MOST, f"of {crowd:,} notices in line leave before {few} behind them", ground.ask(BEFORE) / crowd)]


async def begin_wave(ground: Ground, cohorts: Mapping[str, int]) -> None:
    """Start so many cases of each cohort, in this order, while the worker is away; then it begins to send their first
    notices."""
    client, clock = await ground.client(), clock_of(ground.scale.day_seconds, MONDAY, datetime.now(UTC), LAST_DAYS[1])
    [worker] = [child for child in ground.stack.children if child.name == "worker"]
    worker.stop()
    for name, count in cohorts.items():
        ground.debtors(name, count)
        await _get_in_line(ground, client, ground.cohort(name, clock))
    worker.start()


async def _get_in_line(ground: Ground, client: Client, cohort: Cohort) -> None:
    gate, label = asyncio.Semaphore(AT_ONCE), cohort.frozen.ruler.label

    async def start(case: str) -> None:
        async with gate:
            await start_case(client, case, cohort.name, label)

    for page in candidates(ground.engine, cohort.frozen.ruler, cohort.selection, MONDAY):
        open_cases(ground.engine, cohort, page, MONDAY)
        await asyncio.gather(*(start(case) for case in cases_to_run(ground.engine, cohort, page).unseen))


SENT = """
SELECT count(*) FROM notices JOIN cases ON cases.id = notices.case
WHERE cohort IN ('crowd', 'few') AND sent_at IS NOT NULL
"""

BEFORE = """
SELECT count(*) FROM notices JOIN cases ON cases.id = notices.case
WHERE cohort = 'crowd' AND sent_at < (
    SELECT max(sent_at) FROM notices JOIN cases ON cases.id = notices.case WHERE cohort = 'few')
"""
