"""The casebook's data, and the mark of what it holds to be right and the product still does otherwise."""

import csv
from datetime import date, timedelta
from pathlib import Path

import pytest

DATA = Path(__file__).parent / "data"


def wrong(case: str, today: str) -> pytest.MarkDecorator:
    """A strict expected failure that only a wrong value explains: who mends `case` takes the mark away."""
    raises = (AssertionError, pytest.fail.Exception)
    return pytest.mark.xfail(strict=True, raises=raises, reason=f"{case}: {today}")


def rows(name: str) -> list[dict[str, str]]:
    """A table of `data/`, tab-separated under its header; lines that begin with # are remarks."""
    lines = (DATA / name).read_text(encoding="utf-8").splitlines()
    said = [line for line in lines if not line.startswith("#")]
    return list(csv.DictReader(said, delimiter="\t", quoting=csv.QUOTE_NONE))


def days_off() -> frozenset[date]:
    return frozenset(map(date.fromisoformat, (DATA / "calendar/days-off.txt").read_text().split()))


def next_day(day: date, days: int = 1) -> date:
    return day + timedelta(days=days)
