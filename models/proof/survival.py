"""How soon people pay: the share that has paid by each day, those not followed to the end counted as far as they were
(Kaplan–Meier)."""

from __future__ import annotations

import math
import warnings
from collections.abc import Sequence
from dataclasses import dataclass
from typing import NamedTuple

import numpy as np
from scipy.stats import CensoredData, ecdf, logrank


class Day(NamedTuple):
    """The outcomes of a group's cases on one day, counted from the group's start."""

    day: int
    paid: int
    """How many paid on this day."""
    left: int
    """How many had not paid and were last seen on this day: the report's, or their case was closed otherwise."""


class Point(NamedTuple):
    day: int
    paid: float
    """The share that has paid by this day."""
    low: float | None
    """With `high` the 95 % interval; none where the formula has none: before the first payment and once all paid."""
    high: float | None


@dataclass(frozen=True)
class Curve:
    """A step at each day that anybody paid or was last seen on."""

    points: tuple[Point, ...]
    median: int | None
    """The day by which half have paid; none while fewer have."""


def curve(days: Sequence[Day]) -> Curve:
    unpaid = ecdf(_times(days)).sf
    with warnings.catch_warnings():
        # said by `Point.low`
        warnings.filterwarnings("ignore", "The confidence interval is undefined", RuntimeWarning)
        interval = unpaid.confidence_interval(method="log-log")
    points = tuple(
        Point(int(day), _paid(share), _known(_paid(high)), _known(_paid(low)))
        for day, share, low, high in zip(
            unpaid.quantiles,
            unpaid.probabilities,
            interval.low.probabilities,
            interval.high.probabilities,
            strict=True,
        )
    )
    return Curve(points, next((point.day for point in points if point.paid >= 0.5), None))


def log_rank(ours: Sequence[Day], theirs: Sequence[Day]) -> float | None:
    """The p-value of there being no difference in how soon the two groups pay; none where nothing can be compared."""
    if not any(day.paid for day in (*ours, *theirs)) or not _cases(ours) or not _cases(theirs):
        return None
    with np.errstate(invalid="ignore"):  # all paid on one day: there is nothing to rank
        return _known(float(logrank(_times(ours), _times(theirs)).pvalue))


def _times(days: Sequence[Day]) -> CensoredData:
    when = np.array([day.day for day in days], dtype=int)
    return CensoredData(
        uncensored=np.repeat(when, [day.paid for day in days]), right=np.repeat(when, [day.left for day in days])
    )


def _cases(days: Sequence[Day]) -> int:
    return sum(day.paid + day.left for day in days)


def _paid(unpaid: float) -> float:
    return 1 - float(unpaid)


def _known(number: float) -> float | None:
    return None if math.isnan(number) else number
