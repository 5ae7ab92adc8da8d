"""The monthly rates that are shipped, in `rates/`: commands that need no database read them too."""

from __future__ import annotations

from functools import cache
from pathlib import Path

from models.money.rates import Rates, Series, read_series

SHIPPED = Path(__file__).parent.parent.parent / "rates"


@cache
def shipped_series() -> tuple[Series, ...]:
    """The series in `rates/`."""
    return tuple(read_series(file.read_text(encoding="utf-8")) for file in sorted(SHIPPED.glob("*.yaml")))


def shipped_rates() -> Rates:
    return Rates({series.name: series.percents for series in shipped_series()})
