"""The casebook's data."""

import csv
from datetime import date, timedelta
from pathlib import Path

DATA = Path(__file__).parent / "data"


def rows(name: str) -> list[dict[str, str]]:
    """A table of `data/`, tab-separated under its header; lines that begin with # are remarks."""
    lines = (DATA / name).read_text(encoding="utf-8").splitlines()
    said = [line for line in lines if not line.startswith("#")]
    return list(csv.DictReader(said, delimiter="\t", quoting=csv.QUOTE_NONE))


def days_off() -> frozenset[date]:
    return frozenset(map(date.fromisoformat, (DATA / "calendar/days-off.txt").read_text().split()))


def next_day(day: date, days: int = 1) -> date:
    return day + timedelta(days=days)
