"""`schedule …`: who becomes delinquent is taken into a cohort night after night, by a Schedule of Temporal's."""

import asyncio
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import asdict, dataclass
from datetime import UTC, date, datetime, time
from typing import Annotated
from zoneinfo import ZoneInfo

import typer
from temporalio.client import Client, ScheduleBackfill, ScheduleOverlapPolicy
from temporalio.service import RPCError

from commands.acting import By, credentials
from commands.cohort import Budget, Control, DryRunOnly, Rate, Rehearse, preview
from commands.console import Json, complain, emit, say, table
from commands.imports import answering_database
from commands.selection import Select, selection_of
from commands.services import temporal_client
from commands.typed import day
from embedded.home import find_services
from models.errors import Refusal
from operations.catalogue import in_force
from operations.cohorts import clock_of, create_schedule, must_share
from operations.rulers import load_ruler
from operations.schedules import backfill_schedule, delete_schedule, pause_schedule, resume_schedule
from storage.case.intakes import OpenIntake, open_intakes
from workflows import intakes
from workflows.effects import STARTS_A_SECOND
from workflows.intakes import described_schedule, make_schedule, paused, set_paused
from workflows.names import intake_id

schedule = typer.Typer(no_args_is_help=True)

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
    dry_run: DryRunOnly = False,
    json: Json = False,
) -> None:
    """Found a cohort that takes in whom its selection names at each of the schedule's times."""
    with answering_database() as catalogue:
        bundle = load_ruler(ruler, in_force(catalogue))
    read = bundle.ruler
    selection = selection_of(read, select or [])
    services = find_services()
    clock = clock_of(read, services.day_seconds, None, datetime.now(UTC))
    if dry_run:
        preview(name, read, selection, clock.origin_day, budget, must_share(control, (), read), {}, json)
        return

    def make(found: Callable[[datetime], object]) -> None:
        asyncio.run(_create(name, read.label, rate, cron, clock.timezone, found))

    whom = (selection, clock, budget, rehearse, control, rate, services.providers)
    with answering_database() as engine:
        create_schedule(engine, credentials(by), name, cron, make, bundle, *whom)
    shown = f"{name} takes in whom it names at {cron} ({clock.timezone})"
    emit({"schedule": name, "cron": cron, "timezone": clock.timezone}, json, lambda: say(shown))


@schedule.command(name="list")
def list_schedules(json: Json = False) -> None:
    """The schedules, when they run next, and whether they are paused."""
    with answering_database() as engine, engine.connect() as connection:
        on_record = [intake for intake in open_intakes(connection) if intake.cron is not None]
    found = asyncio.run(_list(on_record))
    rows = [(kept.schedule, kept.cron, kept.next_at, "paused" if kept.paused else "", kept.note) for kept in found]
    columns = ["cohort", "cron", "next run", "state", "note"]
    emit({"schedules": [asdict(kept) for kept in found]}, json, lambda: table(columns, rows))


@schedule.command()
def pause(name: str, by: By, json: Json = False) -> None:
    """Take nobody else in until it is resumed; the cases of the cohort go on."""
    who = credentials(by)
    with answering_database() as engine:
        pause_schedule(engine, who, name)
    _carry_out(lambda client: set_paused(client, name, who.name))
    _show_done(name, f"paused by {who.name}", json)


@schedule.command()
def resume(name: str, by: By, json: Json = False) -> None:
    """Take people in again; whom the pause left out are taken in at the next run."""
    who = credentials(by)
    with answering_database() as engine:
        resume_schedule(engine, who, name)
    _carry_out(lambda client: set_paused(client, name, None))
    _show_done(name, f"resumed by {who.name}", json)


@schedule.command()
def delete(name: str, by: By, json: Json = False) -> None:
    """Take nobody else in; the cohort and its cases go on."""
    with answering_database() as engine:
        delete_schedule(engine, credentials(by), name)
    _carry_out(lambda client: intakes.delete_schedule(client, name))
    _show_done(name, "deleted", json)


@schedule.command()
def backfill(name: str, since: Day, until: Day, by: By, json: Json = False) -> None:
    """Make up for the runs of some days, first and last included. Each takes in who is delinquent now, so that one that
    finds another under way is left out."""
    if until < since:
        raise typer.BadParameter("lies before --since", param_hint="--until")

    async def make_up() -> None:
        handle = (await temporal_client()).get_schedule_handle(intake_id(name))
        zone = ZoneInfo((await handle.describe()).schedule.spec.time_zone_name or "UTC")
        first, last = datetime.combine(since, time.min, zone), datetime.combine(until, time.max, zone)
        await handle.backfill(ScheduleBackfill(first, last, ScheduleOverlapPolicy.SKIP))

    with answering_database() as engine:
        backfill_schedule(engine, credentials(by), name, since, until, lambda: asyncio.run(make_up()))
    _show_done(name, f"runs from {since} to {until} made up for", json)


async def _create(
    name: str, label: str, rate: float, cron: str, timezone: str, found: Callable[[datetime], object]
) -> None:
    """Times that Temporal doesn't take found no cohort, and a cohort that is refused leaves no schedule."""
    client = await temporal_client()
    made_at = await make_schedule(client, name, label, rate, cron, timezone)
    try:
        found(made_at)
    except BaseException:
        await intakes.delete_schedule(client, name)
        raise


@dataclass(frozen=True)
class Kept:
    schedule: str
    cron: str
    next_at: datetime | None
    """None: it is paused, or Temporal has yet to be told of it."""
    paused: bool
    note: str | None


async def _list(on_record: Sequence[OpenIntake]) -> list[Kept]:
    client = await temporal_client()
    return [await _kept(client, intake) for intake in on_record]


async def _kept(client: Client, intake: OpenIntake) -> Kept:
    seen = await described_schedule(client, intake.cohort)
    ahead = seen.info.next_action_times if seen else []
    note = paused(intake.paused_by) if intake.paused_by else None
    return Kept(intake.cohort, str(intake.cron), ahead[0] if ahead else None, note is not None, note)


def _show_done(name: str, done: str, as_json: bool) -> None:
    emit({"schedule": name, "done": done}, as_json, lambda: say(f"{name}: {done}"))


def _carry_out(act: Callable[[Client], Awaitable[None]]) -> None:
    """Have Temporal follow the record at once; while it is away, the reconciler has it follow later."""
    asyncio.run(_carried_out(act))


async def _carried_out(act: Callable[[Client], Awaitable[None]]) -> None:
    try:
        await act(await temporal_client())
    except (RPCError, Refusal):
        complain("Temporal is told once it answers")
