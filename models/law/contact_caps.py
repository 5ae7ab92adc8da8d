"""Contact caps: how often one person may be contacted, over all cohorts and cases. Formal notices, replies and
reinstatements don't count: the caller leaves them out."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable
from datetime import date, timedelta
from typing import Annotated

from pydantic import BaseModel, ConfigDict, Field

from models.law.calendar import Calendar

WEEK = [timedelta(days=n) for n in range(7)]


class Limits(BaseModel):
    """The most contacts with one person; a week is any seven days in a row."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    per_day: Annotated[int, Field(ge=1, le=100)] = 1
    per_week: Annotated[int, Field(ge=1, le=100)] = 3


def strictest(limits: Iterable[Limits]) -> Limits:
    """The limits that hold for a person whom several rulers reach: at least one."""
    known = list(limits)
    return Limits(per_day=min(each.per_day for each in known), per_week=min(each.per_week for each in known))


def first_free_day(due: date, contacted: Iterable[date], limits: Limits, calendar: Calendar) -> date:
    """The first working day from `due` on at which one more contact keeps the limits, given all others, the ones
    after `due` included."""
    on = Counter(contacted)
    day = calendar.working(due)
    while on[day] >= limits.per_day or _fullest_week(on, day) >= limits.per_week:
        day = calendar.working(day + timedelta(days=1))
    return day


def _fullest_week(on: Counter[date], day: date) -> int:
    """The most contacts in any seven days that `day` is one of."""
    return max(sum(on[day - back + ahead] for ahead in WEEK) for back in WEEK)
