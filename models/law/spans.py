"""Stretches of days in which something stands still by law: the default fine, or prescription."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date, timedelta

ONE_DAY = timedelta(days=1)


@dataclass(frozen=True, order=True)
class Span:
    """The days from `first` to `last`, both included; it may have none."""

    first: date
    last: date

    def within(self, first: date, last: date) -> int:
        """The number of its days from `first` to `last`, both included."""
        return max(0, (min(self.last, last) - max(self.first, first)).days + 1)


def joined(spans: Iterable[Span]) -> tuple[Span, ...]:
    """The same days, oldest first, each in one span only."""
    found: list[Span] = []
    for span in sorted(span for span in spans if span.first <= span.last):
        if found and (span.first - found[-1].last).days <= 1:
            found[-1] = Span(found[-1].first, max(found[-1].last, span.last))
        else:
            found.append(span)
    return tuple(found)
