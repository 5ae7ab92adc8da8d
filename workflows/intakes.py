"""An intake in Temporal: a workflow that takes a cohort's people in once, or the schedule that starts one each time."""

from __future__ import annotations

from collections.abc import AsyncIterator
from datetime import datetime, timedelta

from temporalio.client import (
    Client,
    Schedule,
    ScheduleActionStartWorkflow,
    ScheduleDescription,
    ScheduleOverlapPolicy,
    SchedulePolicy,
    ScheduleSpec,
    ScheduleState,
    WorkflowHandle,
)
from temporalio.common import WorkflowIDConflictPolicy
from temporalio.service import RPCError, RPCStatusCode

from models.errors import Refusal
from workflows.cohort_ruler import CohortRuler
from workflows.effects import STARTS_A_SECOND, Intake, StartCursor
from workflows.names import INTAKE, TASK_QUEUE, cohort_workflow_id, intake_id
from workflows.start import before_its_cases

CATCH_UP = timedelta(hours=24)
"""A run that nobody was there to start is started as late as that; the next one takes in whom it missed."""


async def start_cohort(
    client: Client, cohort: str, ruler: str, rate: float = STARTS_A_SECOND
) -> WorkflowHandle[CohortRuler, StartCursor]:
    """Start the workflow that takes a cohort's people in, unless it runs; `ruler` is the label of its ruler."""
    return await client.start_workflow(
        CohortRuler.run,
        Intake(cohort=cohort, rate=rate),
        id=cohort_workflow_id(cohort),
        task_queue=TASK_QUEUE,
        id_conflict_policy=WorkflowIDConflictPolicy.USE_EXISTING,
        static_summary=_summary(cohort, ruler),
        priority=before_its_cases(cohort),
    )


async def make_schedule(
    client: Client, cohort: str, ruler: str, rate: float, cron: str, timezone: str, paused_by: str | None = None
) -> datetime:
    """Make the schedule by which a cohort grows, in place of whatever is there, and say when Temporal made it, as it
    says itself: nobody else can make one of that moment. Raises Refusal: the cron is none."""
    action = ScheduleActionStartWorkflow(
        CohortRuler.run,
        Intake(cohort=cohort, rate=rate),
        id=intake_id(cohort),
        task_queue=TASK_QUEUE,
        static_summary=_summary(cohort, ruler),
        priority=before_its_cases(cohort),
    )
    times = ScheduleSpec(cron_expressions=[cron], time_zone_name=timezone)
    policy = SchedulePolicy(overlap=ScheduleOverlapPolicy.SKIP, catchup_window=CATCH_UP)
    state = ScheduleState(note=paused(paused_by), paused=True) if paused_by else ScheduleState()
    await delete_schedule(client, cohort)
    try:
        made = await client.create_schedule(intake_id(cohort), Schedule(action, times, policy, state))
    except RPCError as error:
        if error.status is not RPCStatusCode.INVALID_ARGUMENT:
            raise
        raise Refusal(f'{cron!r} is no time of a schedule; write for example "0 3 * * 1-5"') from None
    return (await made.describe()).info.created_at


async def described_schedule(client: Client, cohort: str) -> ScheduleDescription | None:
    """None: Temporal knows of none."""
    try:
        return await client.get_schedule_handle(intake_id(cohort)).describe()
    except RPCError as error:
        if error.status is not RPCStatusCode.NOT_FOUND:
            raise
        return None


async def set_paused(client: Client, cohort: str, by: str | None) -> None:
    """Pause a schedule, or let it go on."""
    handle = client.get_schedule_handle(intake_id(cohort))
    await (handle.pause(note=paused(by)) if by else handle.unpause(note=""))


async def delete_schedule(client: Client, cohort: str) -> None:
    """Delete a schedule, if it is there."""
    try:
        await client.get_schedule_handle(intake_id(cohort)).delete()
    except RPCError as error:
        if error.status is not RPCStatusCode.NOT_FOUND:
            raise


async def scheduled(client: Client) -> AsyncIterator[str]:
    """The cohorts that Temporal has schedules of."""
    async for listed in await client.list_schedules():
        if listed.id.startswith(INTAKE):
            yield listed.id.removeprefix(INTAKE)


def paused(by: str) -> str:
    return f"paused by {by}"


def _summary(cohort: str, ruler: str) -> str:
    return f"{cohort} · {ruler}"[:180]
