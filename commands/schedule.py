"""`schedule …`: who becomes delinquent is taken into a cohort night after night, by a Schedule of Temporal's."""

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable
from dataclasses import asdict, dataclass
from datetime import date, datetime, time, timedelta
from typing import Annotated
from zoneinfo import ZoneInfo

import typer
from temporalio.client import (
    Client,
    Schedule,
    ScheduleActionStartWorkflow,
    ScheduleAlreadyRunningError,
    ScheduleBackfill,
    ScheduleHandle,
    ScheduleOverlapPolicy,
    SchedulePolicy,
    ScheduleSpec,
)
from temporalio.service import RPCError, RPCStatusCode

from commands.acting import By, credentials
from commands.cohort import Budget, Control, Rate, Rehearse, clock_of
from commands.console import Json, emit, say, table
from commands.imports import answering_database
from commands.selection import Select, selection_of
from commands.services import temporal_client
from commands.typed import day
from embedded.home import find_services
from models.errors import Refusal
from operations.catalogue import in_force
from operations.cohorts import create_schedule
from operations.rulers import load_ruler
from operations.schedules import backfill_schedule, delete_schedule, pause_schedule, resume_schedule
from storage.case.cohorts import Cohort
from workflows.cohort_ruler import CohortRuler
from workflows.effects import STARTS_A_SECOND, Intake
from workflows.names import TASK_QUEUE, intake_id
from workflows.start import before_its_cases

schedule = typer.Typer(no_args_is_help=True)

CATCH_UP = timedelta(hours=24)
"""A run that nobody was there to start is started as late as that; the next one takes in whom it missed."""

Day = Annotated[date, typer.Option(parser=day, metavar="DATE")]


def register(app: typer.Typer) -> None:
    app.add_typer(schedule, name="schedule")


@schedule.command()
def create(
    name: Annotated[str, typer.Argument(help="The cohort that grows; it is founded unless it is there.")],
    cron: Annotated[str, typer.Option(help='When, in the jurisdiction\'s time: "0 3 * * 1-5".')],
    ruler: Annotated[str, typer.Option(help="A ruler's file, or the name of one.")],
    by: By,
    select: Select = None,
    budget: Budget = None,
    rehearse: Rehearse = False,
    rate: Rate = STARTS_A_SECOND,
    control: Control = None,
    json: Json = False,
) -> None:
    """Found a cohort that takes in whom its selection names at each of the schedule's times."""
    with answering_database() as catalogue:
        bundle = load_ruler(ruler, in_force(catalogue))
    read = bundle.ruler
    selection = selection_of(read, select or [])
    services = find_services()
    clock = clock_of(read, services.day_seconds, None)
    times = ScheduleSpec(cron_expressions=[cron], time_zone_name=clock.timezone)

    def make(found: Callable[[], Cohort]) -> None:
        asyncio.run(_create(Intake(cohort=name, rate=rate), read.label, times, found))

    whom = (selection, clock, budget, rehearse, control, rate, services.providers)
    with answering_database() as engine:
        create_schedule(engine, credentials(by), name, cron, make, bundle, *whom)
    shown = f"{name} takes in whom it names at {cron} ({clock.timezone})"
    emit({"schedule": name, "cron": cron, "timezone": clock.timezone}, json, lambda: say(shown))


@schedule.command(name="list")
def list_schedules(json: Json = False) -> None:
    """The schedules, when they run next, and whether they are paused."""
    found = asyncio.run(_list())
    rows = [(kept.schedule, kept.next_at, "paused" if kept.paused else "", kept.note) for kept in found]
    columns = ["cohort", "next run", "state", "note"]
    emit({"schedules": [asdict(kept) for kept in found]}, json, lambda: table(columns, rows))


@schedule.command()
def pause(name: str, by: By, json: Json = False) -> None:
    """Take nobody else in until it is resumed; the cases of the cohort go on."""
    who = credentials(by)
    with answering_database() as engine:
        pause_schedule(engine, who, name, lambda note: _carried_out(name, lambda handle: handle.pause(note=note)))
    _show_done(name, f"paused by {who.name}", json)


@schedule.command()
def resume(name: str, by: By, json: Json = False) -> None:
    """Take people in again; whom the pause left out are taken in at the next run."""
    who = credentials(by)
    with answering_database() as engine:
        resume_schedule(engine, who, name, lambda note: _carried_out(name, lambda handle: handle.unpause(note=note)))
    _show_done(name, f"resumed by {who.name}", json)


@schedule.command()
def delete(name: str, by: By, json: Json = False) -> None:
    """Take nobody else in; the cohort and its cases go on."""
    with answering_database() as engine:
        delete_schedule(engine, credentials(by), name, lambda _: _carried_out(name, lambda handle: handle.delete()))
    _show_done(name, "deleted", json)


@schedule.command()
def backfill(name: str, since: Day, until: Day, by: By, json: Json = False) -> None:
    """Make up for the runs of some days, first and last included. Each takes in who is delinquent now, so that one that
    finds another under way is left out."""
    if until < since:
        raise typer.BadParameter("lies before --since", param_hint="--until")

    async def make_up(handle: ScheduleHandle) -> None:
        spec = (await handle.describe()).schedule.spec
        zone = ZoneInfo(spec.time_zone_name or "UTC")
        first, last = datetime.combine(since, time.min, zone), datetime.combine(until, time.max, zone)
        await handle.backfill(ScheduleBackfill(first, last, ScheduleOverlapPolicy.SKIP))

    with answering_database() as engine:
        backfill_schedule(engine, credentials(by), name, since, until, lambda _: _carried_out(name, make_up))
    _show_done(name, f"runs from {since} to {until} made up for", json)


async def _create(intake: Intake, label: str, times: ScheduleSpec, found: Callable[[], Cohort]) -> None:
    """Times that Temporal doesn't take found no cohort, and a cohort that is refused leaves no schedule."""
    client, name = await temporal_client(), intake.cohort
    action = ScheduleActionStartWorkflow(
        CohortRuler.run,
        intake,
        id=intake_id(name),
        task_queue=TASK_QUEUE,
        static_summary=f"{name} · {label}"[:180],
        priority=before_its_cases(name),
    )
    policy = SchedulePolicy(overlap=ScheduleOverlapPolicy.SKIP, catchup_window=CATCH_UP)
    try:
        handle = await client.create_schedule(intake_id(name), Schedule(action, times, policy))
    except ScheduleAlreadyRunningError:
        raise Refusal(f"cohort {name} has a schedule already; delete it first with `schedule delete {name}`") from None
    except RPCError as error:
        if error.status is not RPCStatusCode.INVALID_ARGUMENT:
            raise
        [cron] = times.cron_expressions
        raise Refusal(f'{cron!r} is no time of a schedule; write for example "0 3 * * 1-5"') from None
    try:
        found()
    except BaseException:
        await handle.delete()
        raise


@dataclass(frozen=True)
class Kept:
    schedule: str
    next_at: datetime | None
    paused: bool
    note: str | None


async def _list() -> list[Kept]:
    client = await temporal_client()
    return [kept async for kept in _intakes(client)]


async def _intakes(client: Client) -> AsyncIterator[Kept]:
    async for listed in await client.list_schedules():
        name = listed.id.removeprefix(intake_id(""))
        if name != listed.id and listed.schedule and listed.info:
            state, ahead = listed.schedule.state, listed.info.next_action_times
            yield Kept(name, ahead[0] if ahead else None, state.paused, state.note)


def _show_done(name: str, done: str, as_json: bool) -> None:
    emit({"schedule": name, "done": done}, as_json, lambda: say(f"{name}: {done}"))


def _carried_out(name: str, act: Callable[[ScheduleHandle], Awaitable[None]]) -> bool:
    """Whether there is a schedule of that name."""
    return asyncio.run(_acted(name, act))


async def _acted(name: str, act: Callable[[ScheduleHandle], Awaitable[None]]) -> bool:
    client = await temporal_client()
    try:
        await act(client.get_schedule_handle(intake_id(name)))
    except RPCError as error:
        if error.status is not RPCStatusCode.NOT_FOUND:
            raise
        return False
    return True
