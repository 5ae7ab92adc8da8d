"""`demo`: an invented city lives through its rulers on the real stack, at a compressed clock."""

import asyncio
import math
import sys
import time
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from pathlib import Path
from typing import Annotated, Any, get_args

import typer
from rich.progress import BarColumn, Progress, TextColumn, TimeRemainingColumn
from sqlalchemy import Engine

from commands.console import Json, complain, emit, err, say, table
from commands.typed import day
from embedded.home import demo_home
from embedded.stack import Stack, stoppable
from models.case.selection import Selection
from models.errors import Refusal
from models.formats import money
from models.law.calendar import Clock
from models.ruler.schema import Hypothesis, Stage
from operations.cohorts import begin_cohort
from operations.operation import Credentials
from operations.rulers import load_ruler
from rehearsal.bank import Bank
from rehearsal.campaign import opening_on
from rehearsal.census import Census
from rehearsal.city import MOST_TAXPAYERS, RULERS, Person, city
from rehearsal.clerk import Clerk
from rehearsal.clock import RehearsalClock, stepped_clock
from rehearsal.ground import clear
from rehearsal.life import Life
from rehearsal.people import Townspeople
from rehearsal.rest import Rest
from rehearsal.shift import AFTER, Shift
from rehearsal.supervisor import Supervisor
from rehearsal.tally import Tally
from reports.page import page
from storage.audit.invariants import violations
from storage.case.cohorts import Cohort
from storage.engine import connect
from storage.proof.report import CohortReport, read_report
from storage.read_models.call_centre import CallCentre, Figures, call_centre
from workflows.client import connect_to
from workflows.intakes import start_cohort

FIRST_DAY = date(2026, 3, 2)
"""A Monday; fixed, so that the demo is the same on whatever day it is run."""
EARLIEST, LATEST = date(2001, 1, 1), date(2090, 1, 1)

PLAIN_SECONDS = 10.0
TEND_SECONDS = 0.25


def register(app: typer.Typer) -> None:
    app.command()(demo)


def day_length(given: float) -> float:
    if not (math.isfinite(given) and 0.001 <= given <= 60):
        raise typer.BadParameter("a day of the demo lasts from 0.001 to 60 seconds")
    return given


def first_day(given: str) -> date:
    begins = day(given)
    if not EARLIEST <= begins <= LATEST:
        raise typer.BadParameter(f"the city starts between {EARLIEST} and {LATEST}")
    return begins


def writable(given: Path | None) -> Path | None:
    """Refused now, not after two minutes."""
    if given is not None and (given.is_dir() or not given.absolute().parent.is_dir()):
        raise typer.BadParameter(f"{given} is no file in an existing folder")
    return given


def demo(
    taxpayers: Annotated[int, typer.Option(min=1, max=MOST_TAXPAYERS, help="How many people.")] = 200,
    days: Annotated[int, typer.Option(min=1, max=1000, help="How many days they live through.")] = 240,
    day_seconds: Annotated[float, typer.Option(callback=day_length, help="How long a day lasts at least.")] = 0.3,
    seed: Annotated[int, typer.Option(help="The same seed and start, the same city and the same outcome.")] = 1,
    start: Annotated[date, typer.Option(parser=first_day, metavar="DATE", help="The city's first day.")] = FIRST_DAY,
    report: Annotated[
        Path | None, typer.Option(callback=writable, help="Where the HTML report goes; else to the demo's home.")
    ] = None,
    end: Annotated[bool, typer.Option("--exit", help="Stop at the end instead of staying up until Ctrl-C.")] = False,
    json: Json = False,
) -> None:
    """Let an invented city live through 240 days in two minutes, on the real database, server, worker and webhooks."""
    began = time.monotonic()
    play = Play(city(seed, start, taxpayers), start, start + timedelta(days=days), day_seconds, seed)
    where = demo_home()
    lived = False
    with stoppable():
        try:
            deliveries = clear(where)
            complain(f"starting the stack in {where}")
            with Stack(where, day_seconds) as stack:
                stack.publish()
                complain(f"console: {stack.sign_in}")
                complain(f"watch the city in Temporal's Web UI: {stack.services.ui}")
                ends = play.perform(stack, deliveries)
                result = conclude(ends, report or Path(where, "report.html"), str(stack.services.ui), began)
                result = {"taxpayers": taxpayers, **result}
                emit(result, json, lambda: show(result))
                sys.stdout.flush()
                lived = True
                if not end and sys.stdin.isatty() and sys.stdout.isatty():
                    stay(stack)
        except KeyboardInterrupt:
            if not lived:
                raise Refusal("stopped before the city had lived through its days") from None
    if result["violations"]:
        raise typer.Exit(1)


# ---- the play


@dataclass(frozen=True)
class Ends:
    cohorts: Sequence[CohortReport]
    violations: list[str]
    centre: CallCentre


@dataclass(frozen=True)
class Play:
    people: tuple[Person, ...]
    first_day: date
    last_day: date
    day_seconds: float
    seed: int

    def perform(self, stack: Stack, deliveries: Path) -> Ends:
        """Perform the demo, from the authority's extracts to the last day."""
        engine = connect(stack.services.database, pool=6)
        census = Census(engine, deliveries)
        census.take(self.people, self.first_day)
        bank = Bank(engine, deliveries, str(stack.services.pix_webhook_url))
        first = stepped_clock(self.first_day, load_ruler("alagoas-icms").ruler.jurisdiction.timezone)
        cohorts = [self._found(engine, tax, first) for tax in RULERS if any(p.tax == tax for p in self.people)]
        clock = RehearsalClock(engine, [cohort.name for cohort in cohorts], first)
        over = asyncio.run(self._live(stack, engine, census, bank, clock, cohorts))
        ends = Ends(
            [read_report(engine, cohort.name) for cohort in cohorts],
            [fault for cohort in cohorts for fault in violations(engine, cohort.name)],
            _centre(engine),
        )
        engine.dispose()
        if not over:
            ends.violations.append(f"the city did not get beyond {clock.today}: see the logs in the demo's home")
        return ends

    def _found(self, engine: Engine, tax: str, clock: Clock) -> Cohort:
        bundle = load_ruler(RULERS[tax])
        if bundle.ruler.offer:
            bundle = opening_on(self.first_day, bundle.ruler.offer, bundle)
        name = f"cidade-{tax.lower()}"
        return begin_cohort(engine, Credentials("demo"), name, bundle, Selection(tax=tax), clock, rehearsal=True)

    async def _live(
        self, stack: Stack, engine: Engine, census: Census, bank: Bank, clock: RehearsalClock, cohorts: list[Cohort]
    ) -> bool:
        client = await connect_to(stack.services.temporal, stack.home.payload_keys)
        started = [await start_cohort(client, cohort.name, cohort.frozen.ruler.label) for cohort in cohorts]
        for handle in started:
            await handle.result()
        people = Townspeople(engine, census, bank, self.seed, self.people)
        with watching(self.first_day, self.last_day) as watch:
            return await Life(
                engine=engine,
                clock=clock,
                last_day=self.last_day,
                day_seconds=self.day_seconds,
                rest=Rest(engine, client),
                people=people,
                bank=bank,
                supervisor=Supervisor(engine, self.people),
                clerk=Clerk(engine),
                shift=Shift(engine, people, self.first_day + AFTER),
                tend=stack.tend,
                watch=watch,
            ).live()


def _centre(engine: Engine) -> CallCentre:
    with engine.connect() as connection:
        return call_centre(connection, datetime.now(UTC))


def conclude(ends: Ends, report: Path, ui: str, began: float) -> dict[str, Any]:
    statuses: Counter[str] = Counter()
    for cohort in ends.cohorts:
        statuses.update(cohort.statuses)
    try:
        report.write_text(page("Cidade de demonstração", ends.cohorts, ends.violations, ui), encoding="utf-8")
    except OSError as error:
        raise Refusal(f"the report can't be written to {report}: {error.strerror}") from None
    return {
        "statuses": dict(sorted(statuses.items())),
        "cells": list(cells(ends.cohorts)),
        "notices": sum(cohort.notices for cohort in ends.cohorts),
        "payments": sum(cohort.payments for cohort in ends.cohorts),
        "recovered": sum((cohort.recovered for cohort in ends.cohorts), Decimal(0)),
        "suspended": sum(cohort.suspended for cohort in ends.cohorts),
        "reinstated": sum(cohort.reinstated for cohort in ends.cohorts),
        "fell_over": sum(cohort.fell_over for cohort in ends.cohorts),
        "receipts": sum(cohort.receipts for cohort in ends.cohorts),
        "replies": sum(cohort.replies for cohort in ends.cohorts),
        "agreements": sum_of(cohort.agreements for cohort in ends.cohorts),
        "settled_by_offer": sum(cohort.settled_by_offer for cohort in ends.cohorts),
        "call_centre": {"coverage": ends.centre["coverage"], "whole": ends.centre["whole"]},
        "violations": ends.violations,
        "seconds": round(time.monotonic() - began, 1),
        "ui": ui,
        "report": str(report.absolute()),
    }


def sum_of(counts: Iterable[Mapping[str, int]]) -> dict[str, int]:
    total: Counter[str] = Counter()
    for each in counts:
        total.update(each)
    return dict(total)


def cells(cohorts: Sequence[CohortReport]) -> Iterator[dict[str, Any]]:
    """The cells of all rulers together: where cases stand at the end, and what was sent on the way."""
    for row in get_args(Hypothesis):
        for stage in Stage:
            here = [cohort.counts[row, stage] for cohort in cohorts if (row, stage) in cohort.counts]
            if here:
                cases, notices = (sum(column) for column in zip(*here, strict=True))
                yield {"hypothesis": row, "stage": stage, "cases": cases, "notices": notices}


# ---- what people see


@contextmanager
def watching(first_day: date, last_day: date) -> Iterator[Any]:
    """A bar in place on a terminal, as wide as that is; else a line now and then."""
    length = (last_day - first_day).days
    columns = (
        TextColumn("{task.description}"),
        BarColumn(bar_width=None),
        TextColumn("{task.fields[tally]}"),
        TimeRemainingColumn(),
    )
    with Progress(*columns, console=err, transient=True, expand=True, disable=not err.is_terminal) as bar:
        task = bar.add_task("day 0", total=length, tally="")
        spoken = time.monotonic()

        def watch(today: date, tally: Tally) -> None:
            nonlocal spoken
            day = f"day {(today - first_day).days}/{length}"
            bar.update(task, completed=(today - first_day).days, description=day, tally=in_short(tally))
            if not err.is_terminal and time.monotonic() - spoken >= PLAIN_SECONDS:
                spoken = time.monotonic()
                complain(f"{day} ({today}): {in_words(tally)}")

        yield watch


def in_short(tally: Tally) -> str:
    """A progress line so short that a bar fits beside it in 80 columns."""
    return f"{tally.notices} notices, {tally.payments} payments, {tally.resolved} resolved"


def in_words(tally: Tally) -> str:
    return (
        f"{tally.notices} notices, {tally.payments} payments, {money(tally.recovered)} recovered, "
        f"{tally.resolved} resolved, {tally.suspended} suspended"
    )


def show(result: dict[str, Any]) -> None:
    table(["status", "cases"], result["statuses"].items())
    rows = [(c["hypothesis"], c["stage"], c["cases"], c["notices"]) for c in result["cells"]]
    table(["hypothesis", "stage", "cases", "notices"], rows)
    say(
        f"{result['notices']} notices, {result['payments']} payments, {money(result['recovered'])} recovered; benefits "
        f"suspended in {result['suspended']} cases, given back in {result['reinstated']}; {result['seconds']:.0f} s"
    )
    signed = result["agreements"]
    say(
        f"{result['fell_over']} notices fell over to another channel, {result['replies']} replies, "
        f"{result['receipts']} receipts; {signed['signed']} agreements signed, {signed['broken']} broken, "
        f"{signed['completed']} completed; {result['settled_by_offer']} debts settled by an offer"
    )
    for agent in result["call_centre"]["whole"]:
        say(in_figures(agent))
    for violation in result["violations"]:
        say(f"violation: {violation}")
    say(f"{len(result['violations'])} violations")
    say(f"Temporal Web UI  {result['ui']}")
    say(f"report           {Path(result['report']).as_uri()}")


def in_figures(shift: Figures) -> str:
    """The agent's shift in a sentence, each figure beside what it is a share of."""
    return (
        f"call centre: {shift['connected']} of {shift['calls']} calls answered, "
        f"{shift['right_party']} by the taxpayer, "
        f"{shift['promises']} promises of {money(shift['promised'])}; {shift['kept']} of {shift['matured']} kept, "
        f"{money(shift['kept_amount'])} of {money(shift['matured_amount'])}; {shift['calls_an_hour']} calls and "
        f"{money(shift['reais_an_hour'] or Decimal(0))} an hour"
    )


def stay(stack: Stack) -> None:
    say("the city stays up until Ctrl-C; `starter.py stack sign-in` prints an address of its console")
    while True:
        stack.tend()
        time.sleep(TEND_SECONDS)
