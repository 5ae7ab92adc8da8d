"""Whether a case costs more the more of them are alive: its rungs, its payment, and what the processes occupy.

Most of the cases only wait; a fresh cohort climbs among them. Bare: as many bare workflows climb there.
"""

from __future__ import annotations

from dataclasses import dataclass

from bench.climb import bare_climb, climb
from bench.figures import Figure, at_most, stated
from bench.ground import ASLEEP_SECONDS, RULER, SUNDAY, Ground, child_memory, run_command
from bench.payments import payment_figures
from bench.starts import PATIENCE_SECONDS, UNSETTLED

DEARER = 1.3
"""By how much a case may cost more among the most than among the fewest."""


@dataclass(frozen=True)
class Level:
    live: int
    cost: float
    """Milliseconds a rung."""
    bare_cost: float
    worker: float
    """MiB, as `web`."""
    web: float
    starter: float | None = None
    """The peak of the command that started them."""


async def live_figures(ground: Ground) -> list[Figure]:
    figures: list[Figure] = []
    levels: list[Level] = []
    for number, live in enumerate(ground.scale.levels, start=1):
        ground.say(f"{live} cases alive")
        starter = await _fill(ground, number, live)
        figures += await payment_figures(ground, live)
        levels.append(await _measured(ground, live, starter))
    return [*figures, *_costs(levels), *_memory(levels)]


async def _fill(ground: Ground, number: int, live: int) -> float | None:
    """Start cases by the analyst's own command, until so many are alive."""
    missing = live - ground.ask(ALIVE)
    if missing <= 0:
        return None
    tax = f"ASLEEP-{number}"
    ground.debtors(tax, missing)
    options = ("--ruler", RULER, "--tax", tax, "--day-seconds", f"{ASLEEP_SECONDS:.0f}", "--start", f"{SUNDAY}")
    _, peak = await run_command(ground, "cohort", "start", tax, *options, "--rehearse", "--json")
    await ground.until(lambda: ground.ask(ALIVE) >= live and ground.ask(UNSETTLED) == 0, PATIENCE_SECONDS)
    return peak


ALIVE = "SELECT count(*) FROM cases WHERE closed_at IS NULL"


async def _measured(ground: Ground, live: int, starter: float | None) -> Level:
    ours, bare = await climb(ground, waves=1), await bare_climb(ground, waves=1)
    worker, web = child_memory(ground.stack, "worker"), child_memory(ground.stack, "web")
    return Level(live, 1000 / ours.rungs_a_second, 1000 / bare.rungs_a_second, worker, web, starter)


def _costs(levels: list[Level]) -> list[Figure]:
    first, last = levels[0], levels[-1]
    dearer = f"cost of a case, {last.live} live to {first.live} live"
    each = [stated(f"ms a rung, {level.live} live", level.cost, level.bare_cost) for level in levels]
    return [*each, at_most(DEARER, dearer, last.cost / first.cost, last.bare_cost / first.bare_cost)]


def _memory(levels: list[Level]) -> list[Figure]:
    return [
        figure
        for level in levels
        for figure in (
            stated(f"worker memory, MiB, {level.live} live", level.worker),
            stated(f"web memory, MiB, {level.live} live", level.web),
            *([stated(f"starter memory, MiB, {level.live} live", level.starter)] if level.starter else []),
        )
    ]
