"""How much is measured: BENCH is `smoke` (a minute and a half), empty (at most 20 minutes on two cores) or `full`."""

import os
from dataclasses import dataclass, replace

from models.errors import Refusal


@dataclass(frozen=True)
class Scale:
    starts: int
    """Cases that are started and sleep: the first of `levels`."""
    climbers: int
    """Cases that climb their first rungs together."""
    day_seconds: float
    """A day on the climbers' clock. Their waves are at least seven days apart, and each is over before the next."""
    levels: tuple[int, ...]
    """Cases alive while the cost of a case is measured."""
    crowd: int
    few: int
    """Notices of a big cohort that wait in line when those of a small one come due, and of that one."""
    payments: int
    rows: int
    """The rows of an import."""
    reports: tuple[int, int]
    """Cases of a smaller and of a larger report."""
    debts: int
    """The debts of a case that is explained."""


USUAL = Scale(
    starts=1_000,
    climbers=500,
    day_seconds=3.0,
    levels=(1_000, 10_000),
    crowd=2_000,
    few=20,
    payments=150,
    rows=100_000,
    reports=(60_000, 654_000),
    debts=4_000,
)

SCALES = {
    "smoke": Scale(
        starts=60,
        climbers=40,
        day_seconds=0.5,
        levels=(60, 200),
        crowd=200,
        few=2,
        payments=10,
        rows=5_000,
        reports=(600, 2_000),
        debts=100,
    ),
    "": USUAL,
    "full": replace(USUAL, levels=(*USUAL.levels, 60_000), payments=300, rows=1_000_000),
}


def scale_asked() -> Scale:
    asked = os.environ.get("BENCH", "")
    if asked not in SCALES:
        raise Refusal(f"BENCH is {asked!r}; write smoke, full, or leave it out")
    return SCALES[asked]
