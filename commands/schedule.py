"""`schedule …`: who becomes delinquent is taken into a cohort night after night, by a Schedule of Temporal's."""

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable
from dataclasses import asdict, dataclass
from datetime import UTC, datetime, time, timedelta
from typing import Annotated

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

from commands.acting import By
from commands.cohort import (
    Budget,
    MinAmount,
    Rate,
    Rehearse,
    Tax,
    Uf,
    amount_of,
    begin_cohort,
    clock_of,
    selection_of,
)
from commands.console import Json, emit, out, table
from commands.ruler import load_ruler
from commands.services import database, temporal_client
from embedded.home import find_services
from models.errors import Refusal
from storage.cohorts import Cohort, read_cohort
from workflows.cohort_ruler import CohortRuler
from workflows.effects import STARTS_A_SECOND, Intake
from workflows.names import TASK_QUEUE, intake_id
from workflows.start import fair_to

schedule = typer.Typer(no_args_is_help=True, help="Take the newly delinquent into a cohort, night after night.")

CATCH_UP = timedelta(hours=24)
"""A run that nobody was there to start is started as late as that; the next one takes in whom it missed."""

Day = Annotated[datetime, typer.Option(formats=["%Y-%m-%d"])]


def register(app: typer.Typer) -> None:
    app.add_typer(schedule, name="schedule")


@schedule.command()
def create(
    name: Annotated[str, typer.Argument(help="The cohort that grows; it is founded unless it is there.")],
    cron: Annotated[str, typer.Option(help='When, in the jurisdiction\'s time: "0 3 * * 1-5".')],
    ruler: Annotated[str, typer.Option(help="A ruler's file, or the name of a shipped one.")],
    by: By,
    min_amount: MinAmount = "0",
    uf: Uf = None,
    tax: Tax = None,
    budget: Budget = None,
    rehearse: Rehearse = False,
    rate: Rate = STARTS_A_SECOND,
    json: Json = False,
) -> None:
    """Found a cohort that takes in whom its selection names at each of the schedule's times."""
    read, source = load_ruler(ruler)
    selection = selection_of(read, min_amount, uf, tax)
    clock = clock_of(read, find_services().day_seconds, None)
    limit = None if budget is None else amount_of(budget, "--budget")
    begun = begin_cohort(database(), name, read, source, by, selection, clock, limit, rehearsal=rehearse)
    asyncio.run(_create(begun, cron, rate))
    shown = f"{name} takes in whom it names at {cron} ({clock.timezone})"
    emit({"schedule": name, "cron": cron, "timezone": clock.timezone}, json, lambda: out.print(shown, markup=False))


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
    note = f"paused by {by}"
    _do(name, note, json, lambda handle: handle.pause(note=note))


@schedule.command()
def resume(name: str, by: By, json: Json = False) -> None:
    """Take people in again; whom the pause left out are taken in at the next run."""
    note = f"resumed by {by}"
    _do(name, note, json, lambda handle: handle.unpause(note=note))


@schedule.command()
def delete(name: str, by: By, json: Json = False) -> None:
    """Take nobody else in; the cohort and its cases go on."""
    _do(name, "deleted", json, lambda handle: handle.delete())


@schedule.command()
def backfill(name: str, since: Day, until: Day, by: By, json: Json = False) -> None:
    """Make up for the runs of some days, first and last included. Each takes in who is delinquent now, so that one that
    finds another under way is left out."""
    if until < since:
        raise typer.BadParameter("lies before --since", param_hint="--until")
    first, last = (datetime.combine(day, time.min, UTC) for day in (since, until + timedelta(days=1)))
    missed = ScheduleBackfill(first, last, ScheduleOverlapPolicy.SKIP)
    _do(name, f"runs from {since:%Y-%m-%d} to {until:%Y-%m-%d} made up for", json, lambda h: h.backfill(missed))


async def _create(begun: Cohort, cron: str, rate: float) -> None:
    client = await temporal_client()
    label = begun.frozen.ruler.label
    action = ScheduleActionStartWorkflow(
        CohortRuler.run,
        Intake(cohort=begun.name, rate=rate),
        id=intake_id(begun.name),
        task_queue=TASK_QUEUE,
        static_summary=f"{begun.name} · {label}"[:180],
        priority=fair_to(begun.name),
    )
    spec = ScheduleSpec(cron_expressions=[cron], time_zone_name=begun.clock.timezone)
    policy = SchedulePolicy(overlap=ScheduleOverlapPolicy.SKIP, catchup_window=CATCH_UP)
    try:
        await client.create_schedule(intake_id(begun.name), Schedule(action, spec, policy))
    except ScheduleAlreadyRunningError:
        raise Refusal(
            f"cohort {begun.name} has a schedule already; delete it first with `schedule delete {begun.name}`"
        ) from None
    except RPCError as error:
        if error.status is not RPCStatusCode.INVALID_ARGUMENT:
            raise
        raise Refusal(f'{cron!r} is no time of a schedule; write for example "0 3 * * 1-5"') from None


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


def _do(name: str, done: str, as_json: bool, act: Callable[[ScheduleHandle], Awaitable[None]]) -> None:
    with database().connect() as connection:
        read_cohort(connection, name)
    asyncio.run(_act(name, act))
    emit({"schedule": name, "done": done}, as_json, lambda: out.print(f"{name}: {done}", markup=False))


async def _act(name: str, act: Callable[[ScheduleHandle], Awaitable[None]]) -> None:
    """Raises Refusal when there is no schedule of that name."""
    client = await temporal_client()
    try:
        await act(client.get_schedule_handle(intake_id(name)))
    except RPCError as error:
        if error.status is not RPCStatusCode.NOT_FOUND:
            raise
        raise Refusal(f"cohort {name} has no schedule; `schedule list` shows those that are there") from None
