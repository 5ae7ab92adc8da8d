"""Compares the intakes on record with Temporal: makes again what is gone there of those that are not over."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

from anyio.to_thread import run_sync
from sqlalchemy import Connection, Engine
from temporalio.client import Client

from storage.audit.interference import record_interference_with_cohort
from storage.audit.living import record_stranger
from storage.case.intakes import OpenIntake, ever_scheduled, open_intakes, schedule_made
from workflows.intakes import (
    delete_schedule,
    described_schedule,
    make_schedule,
    scheduled,
    set_paused,
    start_cohort,
)
from workflows.names import cohort_workflow_id, intake_id
from workflows.running import How, describe, terminate

CARRIED_OUT = timedelta(minutes=1)
"""In which an act on an intake is its command's to carry out in Temporal."""


@dataclass(frozen=True)
class Mended:
    """A look at an intake in Temporal, and what came of it."""

    done: str | None = None
    """The name of what had been done to it; None: nothing."""
    made_at: datetime | None = None
    """When its schedule was made again."""


async def keep_intakes(client: Client, engine: Engine) -> None:
    """Make Temporal run each intake as the record has it, and put on record which it didn't."""
    now = datetime.now(UTC)
    intakes = await run_sync(_read, engine)
    for intake in intakes:
        if intake.changed_at < now - CARRIED_OUT and (mended := await _keep(client, intake)) != Mended():
            await run_sync(_write, engine, lambda c: _tell(c, intake.cohort, mended, now))  # noqa: B023
    on_record = {intake.cohort for intake in intakes if intake.cron is not None}
    strays = {cohort async for cohort in scheduled(client)} - on_record
    for cohort in sorted(strays):
        await _end_stray(client, engine, cohort, now)


async def _keep(client: Client, intake: OpenIntake) -> Mended:
    return await (_keep_schedule(client, intake, intake.cron) if intake.cron else _keep_start(client, intake))


async def _keep_start(client: Client, intake: OpenIntake) -> Mended:
    """One that failed for a reason of its own is left to people."""
    workflow = cohort_workflow_id(intake.cohort)
    seen = await describe(client, workflow, "CohortRuler")
    if seen.how is How.RUNS or seen.failed:
        return Mended()
    if seen.how is How.ANOTHER:
        await terminate(client, workflow)
    await start_cohort(client, intake.cohort, intake.ruler, intake.rate)
    return Mended("start loss" if seen.how is How.LOST else "start end")


async def _keep_schedule(client: Client, intake: OpenIntake, cron: str) -> Mended:
    """A schedule that was changed in Temporal, or made there, is made anew: only our own making is known to be ours. Of
    one from before that was on record nobody knows whose it is, and nobody is blamed."""
    seen = await described_schedule(client, intake.cohort)
    if seen is not None and seen.info.last_updated_at is None and seen.info.created_at == intake.made_at:
        if seen.schedule.state.paused == (intake.paused_by is not None):
            return Mended()
        await set_paused(client, intake.cohort, intake.paused_by)
        return Mended("schedule pause")
    made_at = await make_schedule(
        client, intake.cohort, intake.ruler, intake.rate, cron, intake.timezone, intake.paused_by
    )
    if seen is None:
        return Mended("schedule loss", made_at)
    blamed = seen.info.last_updated_at is not None or intake.made_at is not None
    return Mended("schedule change" if blamed else None, made_at)


def _tell(connection: Connection, cohort: str, mended: Mended, now: datetime) -> None:
    if mended.made_at is not None:
        schedule_made(connection, cohort, mended.made_at)
    if mended.done is not None:
        record_interference_with_cohort(connection, mended.done, cohort, now)


async def _end_stray(client: Client, engine: Engine, cohort: str, now: datetime) -> None:
    """End a schedule that the record has none of, unless it is being made."""
    seen = await described_schedule(client, cohort)
    if seen is None or seen.info.created_at > now - CARRIED_OUT:
        return
    await delete_schedule(client, cohort)
    if not await run_sync(_was_ever, engine, cohort):
        await run_sync(_write, engine, lambda c: record_stranger(c, intake_id(cohort)))


def _read(engine: Engine) -> list[OpenIntake]:
    with engine.connect() as connection:
        return open_intakes(connection)


def _was_ever(engine: Engine, cohort: str) -> bool:
    with engine.connect() as connection:
        return bool(ever_scheduled(connection, [cohort]))


def _write(engine: Engine, do: Callable[[Connection], None]) -> None:
    with engine.begin() as connection:
        do(connection)
