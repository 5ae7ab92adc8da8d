"""Starting a cohort: cases are opened on record page by page, and each one's workflow is started."""

import asyncio
from contextlib import closing
from datetime import date

from sqlalchemy import Engine
from temporalio import activity
from temporalio.client import Client

from storage.cohorts import Candidate, Cohort, candidates, cases_to_run, open_cases, read_cohort
from storage.holdout import draw_arms
from workflows.effects import CohortEffects, StartCursor
from workflows.start import start_case

AT_ONCE = 20
"""Starts under way together: more only queue at the server."""


class CohortActivities(CohortEffects):
    def __init__(self, engine: Engine, client: Client) -> None:
        self.engine = engine
        self.client = client

    @activity.defn
    async def start_cases(self, cohort: str) -> StartCursor:
        """Goes on from its last heartbeat, so a restart starts nobody twice and leaves nobody out."""
        details = activity.info().heartbeat_details
        cursor = StartCursor.model_validate(details[0]) if details else StartCursor()
        with self.engine.connect() as connection:
            record = read_cohort(connection, cohort)
        today = max(record.clock.day_at(activity.info().started_time), record.clock.origin_day)
        if record.holdout and not cursor.seen:
            await self._hold_out(record, today)
        after = (cursor.taxpayer, cursor.tax)
        with closing(candidates(self.engine, record.frozen.ruler, record.selection, today, after)) as pages:
            while page := await asyncio.to_thread(next, pages, None):
                cursor = await self._start_page(record, page, cursor)
                activity.heartbeat(cursor)
        return cursor

    async def _hold_out(self, cohort: Cohort, today: date) -> None:
        """Before anything is sent everybody is on record, and drawn. Done twice, only who came since is drawn."""
        with closing(candidates(self.engine, cohort.frozen.ruler, cohort.selection, today)) as pages:
            while page := await asyncio.to_thread(next, pages, None):
                await asyncio.to_thread(open_cases, self.engine, cohort, page, today)
                activity.heartbeat()
        await asyncio.to_thread(draw_arms, self.engine, cohort)

    async def _start_page(self, cohort: Cohort, page: list[Candidate], cursor: StartCursor) -> StartCursor:
        today = page[0].standing.today
        if not cohort.holdout:
            await asyncio.to_thread(open_cases, self.engine, cohort, page, today)
        ours = await asyncio.to_thread(cases_to_run, self.engine, cohort, page)
        gate = asyncio.Semaphore(AT_ONCE)

        async def start(case: str) -> None:
            async with gate:
                await start_case(self.client, case, cohort.name, cohort.frozen.ruler.label)

        await asyncio.gather(*(start(case) for case in ours))
        taxpayer, tax = page[-1].pair
        return StartCursor(
            taxpayer=taxpayer,
            tax=tax,
            seen=cursor.seen + len(page),
            started=cursor.started + len(ours),
            already_open=cursor.already_open + sum(candidate.cohort not in (None, cohort.name) for candidate in page),
        )
