"""`python -m bench`: each figure beside the bare floor measured in the same run on the same server.

BENCH=smoke takes a minute and a half, BENCH=full what needs 60,000 live cases. Exits with 1 when a goal is missed.
"""

import asyncio
import os
import sys
import tempfile
from dataclasses import asdict
from time import monotonic
from typing import Annotated

import typer

from bench.bare_worker import bare_worker
from bench.climb import bare_climb, climb
from bench.fairness import fairness_figures
from bench.figures import Figure
from bench.ground import Ground
from bench.history import history_figures
from bench.imports import import_figures
from bench.live import live_figures
from bench.reports import report_figures
from bench.rungs import rung_figures
from bench.scale import scale_asked
from bench.sizing import readable
from bench.starts import start_figures
from bench.wave import wave_figures
from commands.console import emit, err, out, run, table
from embedded.home import Home
from embedded.stack import Stack, stoppable
from storage.engine import connect
from workflows.client import leave

MARKS = {True: "yes", False: "NO", None: ""}


def bench(
    json: Annotated[bool, typer.Option("--json", help="Print JSON on stdout instead of a table.")] = False,
) -> None:
    """Measure Régua beside bare Temporal and PostgreSQL, on a stack of its own."""
    scale, began = scale_asked(), monotonic()
    # without bytecode on disk the workflows' sandbox would compile our modules anew for each case
    os.environ.pop("PYTHONDONTWRITEBYTECODE", None)
    with (
        stoppable(),
        tempfile.TemporaryDirectory(prefix="regua-bench-") as folder,
        # of a rehearsal, so that a timer is not late by up to a second
        Stack(Home(folder, "home"), scale.day_seconds) as stack,
        bare_worker(stack),
    ):
        engine = connect(stack.services.database, pool=4)
        figures = asyncio.run(measure(Ground(stack, engine, scale, say)))
        engine.dispose()
    say(f"measured in {monotonic() - began:.0f} s")
    emit([asdict(figure) for figure in figures], json, lambda: show(figures))
    sys.stdout.flush()
    if any(figure.met is False for figure in figures):
        raise typer.Exit(1)


async def measure(ground: Ground) -> list[Figure]:
    ground.say(f"{ground.scale.starts} starts")
    figures = await start_figures(ground)
    ground.say(f"{ground.scale.climbers} cases climb")
    ours, bare = await climb(ground), await bare_climb(ground)
    figures += [*rung_figures(ours, bare), *history_figures(ours, bare)]
    figures += await live_figures(ground)
    figures += await import_figures(ground)
    ground.say(f"{ground.scale.few} behind {ground.scale.crowd}")
    figures += await fairness_figures(ground)
    ground.say(f"payments while {ground.scale.crowd} notices leave")
    figures += await wave_figures(ground)
    return [*figures, *await asyncio.to_thread(report_figures, ground)]


def say(sentence: str) -> None:
    err.print(sentence, markup=False)


def show(figures: list[Figure]) -> None:
    rows = [(f.figure, readable(f.ours), readable(f.bare), f.goal, MARKS[f.met]) for f in figures]
    table(("figure", "ours", "bare", "goal", "met"), rows)
    missed = [figure.figure for figure in figures if figure.met is False]
    out.print(f"missed: {', '.join(missed)}" if missed else "every goal is met", soft_wrap=True)


if __name__ == "__main__":
    app = typer.Typer(add_completion=False, pretty_exceptions_enable=False)
    app.command()(bench)
    leave(run(app))
