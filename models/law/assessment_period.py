"""The assessment periods of taxes (períodos de apuração): months, quarters and years, and which follow each other."""

from __future__ import annotations

import re
from collections.abc import Iterable
from itertools import pairwise
from typing import NamedTuple


class AssessmentPeriod(NamedTuple):
    a_year: int
    """How many of its length there are in a year."""
    number: int
    """Counted on without a gap, so that the period after it has the next number."""


def read_period(written: str) -> AssessmentPeriod | None:
    """A period as extracts have it: `2026-09`, `2026-T3` or `2026`. None: the text names none."""
    if month := re.fullmatch(r"(\d{4})-(0[1-9]|1[0-2])", written):
        return AssessmentPeriod(12, int(month[1]) * 12 + int(month[2]))
    if quarter := re.fullmatch(r"(\d{4})-?[QT]([1-4])", written):
        return AssessmentPeriod(4, int(quarter[1]) * 4 + int(quarter[2]))
    return AssessmentPeriod(1, int(written)) if re.fullmatch(r"\d{4}", written) else None


def longest_streak(periods: Iterable[AssessmentPeriod]) -> int:
    """How many follow each other without a gap, at most; a month is followed by a month, a quarter by a quarter."""
    ordered = sorted(set(periods))
    longest = current = min(len(ordered), 1)
    for before, after in pairwise(ordered):
        current = current + 1 if after == (before.a_year, before.number + 1) else 1
        longest = max(longest, current)
    return longest
