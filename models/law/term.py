"""Terms by law (CTN art. 210): from the day of an event to the first day on which the authority may act."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import date, timedelta
from itertools import islice

from models.formats import day
from models.law.calendar import Calendar, Standstill, Unit, Wait

ONE_DAY = timedelta(days=1)


@dataclass(frozen=True)
class Recess:
    """A stretch of each year in which terms stand still; its first and its last day belong to it."""

    begins: tuple[int, int]
    """Month and day."""
    ends: tuple[int, int]

    def holds(self, day: date) -> bool:
        here = (day.month, day.day)
        if self.begins <= self.ends:
            return self.begins <= here <= self.ends
        return here >= self.begins or here <= self.ends


RECESS = Recess(begins=(12, 20), ends=(1, 20))
"""The recess of the courts, in which processual terms stand still (CTN art. 208-D § 5º)."""


def read_recess(written: str) -> Recess:
    """A recess written `12-20:01-20`. Raises ValueError, in one sentence; also for one that lasts the whole year."""
    days = re.fullmatch(r"(\d\d)-(\d\d):(\d\d)-(\d\d)", written.strip())
    if days is None:
        raise ValueError(f"{written!r} is no recess; write its first and last day as MM-DD, for example 12-20:01-20")
    first_month, first_day, last_month, last_day = map(int, days.groups())
    try:
        begins, ends = date(2000, first_month, first_day), date(2000, last_month, last_day)
    except ValueError:
        raise ValueError(f"{written!r} names a day that doesn't exist") from None
    if ends + ONE_DAY in (begins, begins.replace(year=2001)):
        raise ValueError(f"{written!r} is the whole year: no term would ever end")
    return Recess((begins.month, begins.day), (ends.month, ends.day))


@dataclass(frozen=True)
class Term:
    """A term that belongs to the taxpayer to the end of its last day."""

    event: date
    first_day: date
    """The first day that is counted."""
    last_day: date
    provisional: bool = False
    """The last day lies beyond the authority's last list of days off: an act to come may put it off."""

    @property
    def act_from(self) -> date:
        """The first day on which the authority may act."""
        return self.last_day + ONE_DAY

    @property
    def until(self) -> str:
        """The last day in words, in pt-BR."""
        return f"até {day(self.last_day)}{' (provisório)' if self.provisional else ''}"


def term_of(
    event: date, wait: Wait, calendar: Calendar, recess: Recess | None = None, stood: Iterable[Standstill] = ()
) -> Term:
    """The term of `wait` after an event, by CTN art. 210 whole: the day of the event is excluded, the first day counted
    is a working day, the last is included and rolled forward to a working day. Days of the recess and those on which
    the term stood still aren't counted, and no term begins or ends on them (CTN arts. 151 and 208-D § 5º): what was
    consumed before stays consumed, and the rest is left after them."""
    stood = tuple(stood)

    def running(day: date) -> bool:
        return not (recess and recess.holds(day)) and not any(still.holds(day) for still in stood)

    def working(day: date) -> bool:
        return running(day) and calendar.is_working(day)

    first = next(filter(working, _from(event + ONE_DAY)))
    counted = filter(working if wait.unit is Unit.BUSINESS else running, _from(first))
    last = next(islice(counted, wait.days - 1, None))
    last = next(filter(working, _from(last)))
    return Term(event, first, last, calendar.is_provisional(last))


def _from(day: date) -> Iterator[date]:
    while True:
        yield day
        day += ONE_DAY


def never_shorter(wait: Wait, floor: Wait) -> bool:
    """Whether a wait is as long as another, or longer, whatever the day of the week that both are counted from."""
    bare = Calendar(holidays=frozenset())
    week = [date(2026, 1, 5) + timedelta(days=n) for n in range(7)]
    return all(term_of(day, wait, bare).last_day >= term_of(day, floor, bare).last_day for day in week)
