"""`python -m bench.simulate`: the processors that a campaign of millions asks for, hour by hour, on paper.

A sample of cases is drawn and driven through the decision function, each until it pays; it is weighted to so many
taxpayers. The cost of each start, rung and payment is `COSTS`; a queue in front of each kind of process
holds what comes faster than it is done.
"""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from decimal import Decimal
from itertools import pairwise
from math import ceil
from random import Random
from typing import Annotated
from zoneinfo import ZoneInfo

import typer

from commands.console import emit, out, run, table
from models.case.plan import imagined_case, plan
from models.case.step import Action, Step
from models.case.view import View
from models.errors import Refusal
from models.law.calendar import Calendar, Clock
from models.ruler.schema import Ruler
from operations.rulers import load_ruler
from workflows.client import leave
from workflows.effects import STARTS_A_SECOND

SAMPLE = 20_000
TAXPAYERS = (60_000, 654_000, 10_000_000)
"""The campaign that was measured, Alagoas' vehicle-tax payers, and all of a large state's."""

START, RUNG, PAYMENT = "start", "rung", "payment"

COSTS: Mapping[str, Mapping[str, float]] = {
    START: {"worker": 8.0, "database": 3.6, "temporal": 11.6},
    RUNG: {"worker": 26.0, "database": 6.0, "temporal": 15.0},
    PAYMENT: {"worker": 20.0, "database": 12.0, "temporal": 16.0, "web": 12.0},
}
"""Milliseconds of processor time, by kind of process: estimates from the figures of docs/sizing.md, no measurement of
each."""

PAYS = 0.06
"""The part of those who are told that pays before the next step: a guess, which decides how many rungs are climbed."""

HOUR = timedelta(hours=1)


@dataclass(frozen=True)
class Happening:
    """Something that costs processor time, in the hour that begins then."""

    hour: datetime
    kind: str


@dataclass(frozen=True)
class Need:
    """The processors that a campaign asks for, of one kind of process."""

    process: str
    processor_hours: float
    """In all."""
    busiest: float
    """Processors, in the hour that asks for most."""
    enough: int
    """Processors with which nothing of an hour waits longer than the next one."""


def drawn(ruler: Ruler, calendar: Calendar, start: datetime, sample: int, seed: int) -> Iterator[Happening]:
    """The lives of a sample, on a clock of real length: each case enters one of the rows, climbs by the ruler, and pays
    at some time or never."""
    random = Random(seed)  # noqa: S311 - no secret
    zone = ruler.jurisdiction.timezone
    clock = Clock(day_seconds=Decimal(86_400), origin_wall=start, origin_day=start.date(), timezone=zone)
    for _ in range(sample):
        row, occurrences = random.choice([*ruler.rows]), random.randint(1, 4)
        view = imagined_case(ruler, calendar, row, occurrences, start.date())
        yield from _life(view, clock, calendar, random.random(), random)


def _life(view: View, clock: Clock, calendar: Calendar, share: float, random: Random) -> Iterator[Happening]:
    """The life of a case after its start; `share` is its place in each day's hours."""
    hours = view.ruler.jurisdiction.contact_hours
    for step in plan(view):
        at = _instant(step, clock)
        if step.action is Action.NOTIFY and step.on:
            channels = [route.channel for route in step.routes]
            at = hours.contact_at(clock, step.on, share, channels, calendar, clock.origin_wall)
        if at is None:
            return
        yield Happening(_hour_of(at), RUNG)
        if random.random() < PAYS:
            # by Pix, at any hour of the days that follow
            yield Happening(_hour_of(at + random.random() * timedelta(days=5)), PAYMENT)
            return


def _instant(step: Step, clock: Clock) -> datetime | None:
    return clock.instant_of(step.on) if step.on else None


def _hour_of(at: datetime) -> datetime:
    return at.astimezone(UTC).replace(minute=0, second=0, microsecond=0)


def starts(taxpayers: int, start: datetime) -> Counter[Happening]:
    """The starts of a cohort, at the rate at which one is started."""
    in_an_hour = int(STARTS_A_SECOND * 3600)
    full, rest = divmod(taxpayers, in_an_hour)
    hours = [in_an_hour] * full + [rest] * bool(rest)
    return Counter({Happening(_hour_of(start) + n * HOUR, START): count for n, count in enumerate(hours)})


Asked = Mapping[datetime, float]
"""The processor seconds that a kind of process is asked for, by the hour in which that comes."""


def by_hour(happened: Iterable[tuple[Happening, float]]) -> dict[str, Asked]:
    """The processor time that each kind of process is asked for, given how often each thing happens."""
    asked: dict[str, dict[datetime, float]] = defaultdict(lambda: defaultdict(float))
    for happening, times in happened:
        for process, milliseconds in COSTS[happening.kind].items():
            asked[process][happening.hour] += times * milliseconds / 1000
    return {process: dict(sorted(hours.items())) for process, hours in asked.items()}


def longest_wait(asked: Asked, processors: float) -> float:
    """The hours that what comes last waits at worst: a queue that `processors` work off, hour after hour."""
    backlog = worst = 0.0
    hours = sorted(asked)
    for hour, following in [*pairwise(hours), (hours[-1], hours[-1] + HOUR)]:
        backlog = max(backlog + asked[hour] - processors * 3600, 0.0)
        worst = max(worst, backlog / (processors * 3600))
        idle = (following - hour) / HOUR - 1
        backlog = max(backlog - idle * processors * 3600, 0.0)
    return worst


def needs(asked: Mapping[str, Asked]) -> list[Need]:
    return [_need(process, hours) for process, hours in sorted(asked.items())]


def _need(process: str, asked: Asked) -> Need:
    busiest = max(asked.values()) / 3600
    enough = next(n for n in range(1, ceil(busiest) + 2) if longest_wait(asked, n) <= 1)
    return Need(process, sum(asked.values()) / 3600, busiest, enough)


MEASURED_TAXPAYERS, MEASURED_PROCESSORS, MEASURED_HOURS = 60_000, 2, 85 / 60
"""The campaign of docs/sizing.md: how long until the first rung was out at all."""


def floor_of_first_rungs(taxpayers: int, processors: int) -> float:
    """The hours in which so many processors, all of them busy, start cases and send each its first rung."""
    each = sum(COSTS[START].values()) + sum(COSTS[RUNG].values())
    return taxpayers * each / 1000 / processors / 3600


def simulate(
    ruler: Annotated[str, typer.Option(help="A ruler, by name or file.")] = "divida-ativa",
    sample: Annotated[int, typer.Option(min=1, help="Cases that are drawn.")] = SAMPLE,
    seed: Annotated[int, typer.Option(help="The same seed draws the same lives.")] = 1,
    start: Annotated[str, typer.Option(help="The day on which the campaign starts.")] = "2026-03-02",
    json: Annotated[bool, typer.Option("--json", help="Print JSON on stdout instead of a table.")] = False,
) -> None:
    """Say what workers, database and Temporal need by the hour, for more taxpayers than can be tried."""
    rules = load_ruler(ruler).ruler
    begins = datetime.combine(_day(start), time(8), ZoneInfo(rules.jurisdiction.timezone))
    lives = Counter(drawn(rules, rules.jurisdiction.days_off(begins.year - 1), begins, sample, seed))
    asked = {}
    for taxpayers in TAXPAYERS:
        weighted = [(happening, times * taxpayers / sample) for happening, times in lives.items()]
        asked[taxpayers] = by_hour([*weighted, *starts(taxpayers, begins).items()])
    needed = {taxpayers: needs(each) for taxpayers, each in asked.items()}
    on_paper = floor_of_first_rungs(MEASURED_TAXPAYERS, MEASURED_PROCESSORS)
    said = {
        "needs": {taxpayers: [vars(need) for need in each] for taxpayers, each in needed.items()},
        "processor_seconds_by_hour": {
            taxpayers: {
                process: {f"{at:%Y-%m-%dT%H}": spent for at, spent in of.items()} for process, of in each.items()
            }
            for taxpayers, each in asked.items()
        },
        "first_rungs_of_60000": {"on_paper_hours": on_paper, "measured_hours": MEASURED_HOURS},
    }

    def show() -> None:
        rows = [
            (f"{taxpayers:,}", need.process, f"{need.processor_hours:,.1f}", f"{need.busiest:,.2f}", str(need.enough))
            for taxpayers, each in needed.items()
            for need in each
        ]
        table(("taxpayers", "process", "processor hours", "busiest hour, processors", "enough"), rows)
        most = asked[max(asked)]
        first_day = sorted({at for each in most.values() for at in each if at < begins + timedelta(days=1)})
        table(
            (f"first day of {max(asked):,}, UTC", *most),
            [(f"{at:%H:%M}", *(f"{most[process].get(at, 0) / 3600:.1f}" for process in most)) for at in first_day],
        )
        out.print(
            f"first rung out at all {MEASURED_TAXPAYERS:,} on {MEASURED_PROCESSORS} processors:"
            f" {on_paper:.2f} h on paper, {MEASURED_HOURS:.2f} h measured",
            soft_wrap=True,
        )

    emit(said, json, show)


def _hours(asked: Mapping[str, Asked]) -> dict[str, dict[str, float]]:
    return {process: {f"{at:%Y-%m-%dT%H}": spent for at, spent in each.items()} for process, each in asked.items()}


def _day(written: str) -> date:
    try:
        return date.fromisoformat(written)
    except ValueError:
        raise Refusal(f"--start is {written!r}; write a day as 2026-03-02") from None


if __name__ == "__main__":
    app = typer.Typer(add_completion=False, pretty_exceptions_enable=False)
    app.command()(simulate)
    leave(run(app))
