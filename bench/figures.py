"""A figure beside its floor: what Régua takes, what bare Temporal or PostgreSQL takes on the same server, the goal."""

import math
from collections.abc import Sequence
from dataclasses import dataclass


@dataclass(frozen=True)
class Figure:
    figure: str
    """The thing measured, with its unit."""
    ours: float
    bare: float | None = None
    """None: there is nothing bare of that kind."""
    goal: str = "stated"
    met: bool | None = None
    """None: there is no goal, the figure is only stated."""


def stated(figure: str, ours: float, bare: float | None = None) -> Figure:
    return Figure(figure, ours, bare)


def at_most(most: float, figure: str, ours: float, bare: float | None = None) -> Figure:
    return Figure(figure, ours, bare, f"≤ {most:g}", ours <= most)


def share_of_bare(least: float, figure: str, ours: float, bare: float) -> Figure:
    return Figure(figure, ours, bare, f"≥ {least:g} × bare", ours >= least * bare)


def beside_bare(least: float, figure: str, ours: float, bare: float) -> Figure:
    """A cost, of which the bare one is to be at least such a part."""
    return Figure(figure, ours, bare, f"bare ≥ {least:g} × ours", bare >= least * ours)


def percentile(samples: Sequence[float], percent: float) -> float:
    """The percentile by the nearest rank: a value that was measured, not one between two."""
    return sorted(samples)[max(math.ceil(len(samples) * percent / 100), 1) - 1]
