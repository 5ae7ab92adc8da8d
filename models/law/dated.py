"""Rules that hold from one day to another, and the law or contract that says so."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from datetime import date, timedelta
from itertools import pairwise
from typing import Annotated, TypeVar

from pydantic import BaseModel, ConfigDict, Field

EARLIEST, LATEST = date(1900, 1, 1), date(2200, 12, 31)
"""The days that people write: others are typing errors."""

Where = tuple[str | int, ...]


class Dated(BaseModel):
    """A rule in force from one day to another, both included; none: without end."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    from_: Annotated[date, Field(alias="from", ge=EARLIEST, le=LATEST)]
    to: Annotated[date, Field(ge=EARLIEST, le=LATEST)] | None = None
    source: Annotated[str, Field(min_length=1)]

    def holds(self, day: date) -> bool:
        return self.from_ <= day and (self.to is None or day <= self.to)


DatedT = TypeVar("DatedT", bound=Dated)


def entry_on(entries: Sequence[DatedT], day: date) -> DatedT | None:
    return next((entry for entry in entries if entry.holds(day)), None)


def date_faults(where: Where, entries: Sequence[Dated], gapless: bool) -> Iterator[tuple[Where, str]]:
    """The faults of a dated table: entries out of order, that overlap, or, where there must be none, with a gap between
    them."""
    for index, entry in enumerate(entries):
        if entry.to is not None and entry.to < entry.from_:
            yield (*where, index, "to"), f"ends before it begins, on {entry.from_}"
    for index, (before, after) in enumerate(pairwise(entries), start=1):
        next_day = before.to + timedelta(days=1) if before.to else None
        if after.from_ <= before.from_:
            what = f"must be later than the entry before it, which begins on {before.from_}"
            yield (*where, index, "from"), what
        elif next_day is None or after.from_ < next_day:
            ends = f"ends on {before.to}" if before.to else "has no end"
            yield (*where, index, "from"), f"overlaps with the entry before it, which {ends}"
        elif gapless and after.from_ > next_day:
            what = f"leaves a gap from {next_day}: write an entry of 0 if nothing is charged then"
            yield (*where, index, "from"), what
