"""Starting a cohort: cases are opened on record page by page, and each one's workflow is started."""

import asyncio
import math
from collections.abc import Collection, Mapping
from contextlib import closing
from datetime import date

from temporalio import activity
from temporalio.client import Client
from temporalio.service import RPCError

from activities.dependencies import Dependencies, now
from models.case.cohort_state import State
from models.events import CohortStateChanged
from storage.case.cohorts import Candidate, Cohort, candidates, cases_to_run, open_cases, read_cohort
from storage.case.first_evaluation import evaluate_first, know_running
from storage.case.intakes import end_start
from storage.case.selection import count_named
from storage.outbox import enqueue
from storage.proof.holdout import draw_arms
from workflows.client import is_unreachable
from workflows.effects import CohortEffects, Evaluation, Intake, StartCursor
from workflows.foreign import ours
from workflows.start import start_case

AT_ONCE = 20
"""Starts under way together: more only queue at the server."""

TOGETHER = 100
"""Cases that are evaluated together: a payment for one of their debts waits some 0.2 s for it."""

BATCH_SECONDS, PART_OF_SEARCH = 5.0, 0.1
"""A batch lasts so long that whoever watches sees it advance, but the search for its first page is a small part."""


class CohortActivities(CohortEffects):
    def __init__(self, dependencies: Dependencies, client: Client) -> None:
        self.dependencies = dependencies
        self.client = client

    @activity.defn
    async def start_cases(self, intake: Intake) -> StartCursor:
        """Start cases from the last heartbeat on, so a restart starts nobody twice and leaves nobody out."""
        reached = await self._take_in(intake)
        if reached.done:
            await asyncio.to_thread(self._end, intake.cohort)
        return reached

    async def _take_in(self, intake: Intake) -> StartCursor:
        details = activity.info().heartbeat_details
        cursor = StartCursor.model_validate(details[0]) if ours(details) else intake.cursor
        record = await asyncio.to_thread(self._read, intake.cohort)
        if record.lifecycle.state is State.CANCELLED:
            return cursor.model_copy(update={"done": True})
        today = max(record.clock.day_at(activity.info().started_time), record.clock.origin_day)
        if not cursor.total:
            cursor = cursor.model_copy(update={"total": await asyncio.to_thread(self._count, record, today)})
        if record.lot and not cursor.seen:
            await self._draw(record, today)
        began, rate_limit, after = _seconds(), RateLimit(intake.rate), (cursor.taxpayer, cursor.tax)
        with closing(
            candidates(self.dependencies.engine, record.frozen.ruler, record.selection, today, after)
        ) as pages:
            page = await asyncio.to_thread(next, pages, None)
            ends = began + max(BATCH_SECONDS, (_seconds() - began) / PART_OF_SEARCH)
            while page:
                cursor = await self._start_page(record, page, cursor, rate_limit)
                activity.heartbeat(cursor)
                if _seconds() > ends:
                    return cursor
                page = await asyncio.to_thread(next, pages, None)
        return cursor.model_copy(update={"done": True})

    def _read(self, cohort: str) -> Cohort:
        with self.dependencies.engine.connect() as connection:
            return read_cohort(connection, cohort)

    def _end(self, cohort: str) -> None:
        with self.dependencies.engine.begin() as connection:
            end_start(connection, cohort)

    def _count(self, cohort: Cohort, today: date) -> int:
        with self.dependencies.engine.connect() as connection:
            return count_named(connection, cohort.frozen.ruler, cohort.selection, today)

    async def _draw(self, cohort: Cohort, today: date) -> None:
        """Draw everybody for an arm: before anything is sent all are on record, and drawn. Done twice, only who came
        since is drawn."""
        with closing(candidates(self.dependencies.engine, cohort.frozen.ruler, cohort.selection, today)) as pages:
            while page := await asyncio.to_thread(next, pages, None):
                await asyncio.to_thread(open_cases, self.dependencies.engine, cohort, page, today)
                activity.heartbeat()
        await asyncio.to_thread(draw_arms, self.dependencies.engine, cohort)

    async def _start_page(
        self, cohort: Cohort, page: list[Candidate], cursor: StartCursor, rate_limit: "RateLimit"
    ) -> StartCursor:
        today = page[0].facts.today
        if not cohort.lot:
            await asyncio.to_thread(open_cases, self.dependencies.engine, cohort, page, today)
        run = await asyncio.to_thread(cases_to_run, self.dependencies.engine, cohort, page)
        failed = 0
        unseen = list(run.unseen.items())
        for first in range(0, len(unseen), TOGETHER):
            failed += await self._start_some(cohort, dict(unseen[first : first + TOGETHER]), rate_limit)
        taxpayer, tax = page[-1].pair
        return StartCursor(
            taxpayer=taxpayer,
            tax=tax,
            seen=cursor.seen + len(page),
            started=cursor.started + run.all,
            already_open=cursor.already_open + sum(candidate.cohort not in (None, cohort.name) for candidate in page),
            total=cursor.total,
            failed=cursor.failed + failed,
        )

    async def _start_some(self, cohort: Cohort, rulers: Mapping[str, str], rate_limit: "RateLimit") -> int:
        """Start some cases and give how many failed, of those given with the labels of their rulers."""
        gate = asyncio.Semaphore(AT_ONCE)
        evaluations = await asyncio.to_thread(self._evaluate, cohort, rulers.keys())

        async def start(case: str, ruler: str) -> bool:
            async with gate:
                await rate_limit.acquire()
                return await self._start(cohort, case, ruler, evaluations.get(case))

        started = await asyncio.gather(*(start(case, ruler) for case, ruler in rulers.items()))
        running = [case for case, taken in zip(rulers, started, strict=True) if taken]
        await asyncio.to_thread(know_running, self.dependencies.engine, running)
        return len(rulers) - len(running)

    def _evaluate(self, cohort: Cohort, cases: Collection[str]) -> dict[str, Evaluation]:
        transactions = evaluate_first(
            self.dependencies.engine, cohort.name, cases, now(), self.dependencies.post.unaddressed
        )
        return {tx.case.id: self.dependencies.evaluation(tx) for tx in transactions}

    async def _start(self, cohort: Cohort, case: str, ruler: str, evaluation: Evaluation | None) -> bool:
        """Start a case, and tell whether Temporal took it; whom it refuses holds nobody else up, and the relay tries
        again."""
        try:
            await start_case(self.client, case, cohort.name, ruler, evaluation=evaluation)
        except RPCError as error:
            if is_unreachable(error):
                raise
            await asyncio.to_thread(self._enqueue, case)
            return False
        return True

    def _enqueue(self, case: str) -> None:
        with self.dependencies.engine.begin() as connection:
            enqueue(connection, [case], CohortStateChanged())


class RateLimit:
    """A limit of so many starts a second, evenly spaced: a start that nobody asked for is not made up for later."""

    def __init__(self, rate: float) -> None:
        self.gap = 1 / rate
        self.next = -math.inf

    def wait(self, now: float) -> float:
        """The seconds to wait from `now` on for the start that is granted."""
        self.next = max(self.next + self.gap, now)
        return self.next - now

    async def acquire(self) -> None:
        await asyncio.sleep(self.wait(_seconds()))


def _seconds() -> float:
    return asyncio.get_running_loop().time()
