"""The benchmark's parts run, on a stack of their own and with as little as there can be; but for the climb, whose days
take their time."""

import asyncio
from dataclasses import replace
from pathlib import Path

import pytest

from bench.bare_worker import bare_worker
from bench.fairness import fairness_figures
from bench.figures import Figure
from bench.ground import Ground
from bench.imports import import_figures
from bench.payments import payment_figures
from bench.reports import report_figures
from bench.scale import SCALES
from bench.starts import start_figures
from embedded.home import Home
from embedded.stack import Stack
from storage.engine import connect

TINY = replace(SCALES["smoke"], starts=8, crowd=6, few=1, payments=2, rows=40, reports=(20, 40))


async def measure(ground: Ground) -> list[Figure]:
    return [
        *await start_figures(ground),
        *await payment_figures(ground, TINY.starts),
        *await import_figures(ground),
        *await fairness_figures(ground),
        *await asyncio.to_thread(report_figures, ground),
    ]


def test_each_part_of_it_measures_something(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    with Stack(Home(tmp_path, "home"), TINY.day_seconds) as stack, bare_worker(stack):
        engine = connect(stack.services.database, pool=4)
        figures = asyncio.run(measure(Ground(stack, engine, TINY, print)))
        engine.dispose()
    assert len({figure.figure for figure in figures}) == len(figures) == 18
    assert [figure.figure for figure in figures if figure.ours < 0] == []
    assert "an import of 40 rows" in capsys.readouterr().out
