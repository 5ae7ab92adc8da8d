"""Working days, waits and the logical clock. Instants are aware datetimes; the logical calendar is made of dates."""

from __future__ import annotations

import re
from datetime import date, datetime, time, timedelta
from decimal import Decimal
from enum import StrEnum
from typing import Annotated, Any
from zoneinfo import ZoneInfo

from holidays.countries.brazil import Brazil
from pydantic import BaseModel, ConfigDict, Field, model_validator

CALENDAR_YEARS = 15
"""How far ahead a ruler version freezes its holidays: longer than any case may run (CTN 174: five years, twice)."""

DAY_SECONDS = 86_400


class Unit(StrEnum):
    BUSINESS = "business"
    """Working days of the jurisdiction."""
    LEGAL = "legal"
    """Continuous days, first excluded, last included, rolled forward to a working day (CTN art. 210)."""


class Wait(BaseModel):
    """A stretch of time and its unit, written `10 business` or `30 legal` in a ruler."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    days: Annotated[int, Field(ge=1, le=3650)]
    unit: Unit

    @model_validator(mode="before")
    @classmethod
    def _read(cls, written: Any) -> Any:
        if not isinstance(written, str):
            return written
        match = re.fullmatch(r"(\d{1,4}) (business|legal)", written.strip())
        if not match:
            raise ValueError("a wait is written as a number of days and its unit: `10 business` or `30 legal`")
        return {"days": int(match[1]), "unit": match[2]}

    def __str__(self) -> str:
        if self.unit is Unit.BUSINESS:
            return f"{self.days} dia útil" if self.days == 1 else f"{self.days} dias úteis"
        return f"{self.days} dia" if self.days == 1 else f"{self.days} dias corridos (CTN art. 210)"


class Calendar(BaseModel):
    """The days a jurisdiction doesn't work. Frozen with a ruler version: a library's upgrade can't move a case."""

    model_config = ConfigDict(frozen=True)

    holidays: frozenset[date]

    def is_working(self, day: date) -> bool:
        return day.weekday() < 5 and day not in self.holidays

    def working(self, day: date) -> date:
        """`day` itself when it is a working day, else the next one."""
        while not self.is_working(day):
            day += timedelta(days=1)
        return day

    def after(self, day: date, wait: Wait) -> date:
        """The first day on which `wait`, counted from `day`, is over."""
        if wait.unit is Unit.LEGAL:
            return self.working(day + timedelta(days=wait.days))
        for _ in range(wait.days):
            day = self.working(day + timedelta(days=1))
        return day

    def before(self, day: date, wait: Wait) -> date:
        """The last working day that leaves at least `wait` until `day`."""
        if wait.unit is Unit.LEGAL:
            return self._working_back(day - timedelta(days=wait.days))
        for _ in range(wait.days):
            day = self._working_back(day - timedelta(days=1))
        return day

    def _working_back(self, day: date) -> date:
        while not self.is_working(day):
            day -= timedelta(days=1)
        return day


class Jurisdiction(BaseModel):
    """Whose days count: time zone, state holidays, and the municipal ones as a table."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    name: str
    timezone: str
    state: Annotated[str | None, Field(pattern=r"^[A-Z]{2}$")] = None
    observes: tuple[str, ...] = ("Carnaval", "Corpus Christi")
    """Optional days (ponto facultativo) on which this authority doesn't work, by their usual names."""
    municipal: tuple[Annotated[str, Field(pattern=r"^\d{2}-\d{2}$")], ...] = ()
    """Municipal holidays as `MM-DD`."""
    notices_at: time = time(9, 0)
    """Local hour at which a day's notices leave on a real clock."""

    @model_validator(mode="after")
    def _known(self) -> Jurisdiction:
        try:
            ZoneInfo(self.timezone)
        except (KeyError, ValueError, OSError):
            raise ValueError(f"unknown time zone {self.timezone!r}; for example America/Maceio") from None
        if self.state is not None and self.state not in Brazil.subdivisions:
            raise ValueError(f"unknown state {self.state!r}; write its two letters, for example AL")
        known = set(_optional_days(2024, 2025).values())
        for name in self.observes:
            if name not in known:
                raise ValueError(f"unknown optional day {name!r}; known are {', '.join(sorted(known))}")
        for day in self.municipal:
            date.fromisoformat(f"2024-{day}")
        return self

    def calendar(self, first_year: int) -> Calendar:
        years = range(first_year, first_year + CALENDAR_YEARS)
        days = set(Brazil(subdiv=self.state, years=years))
        days |= {day for day, name in _optional_days(*years).items() if name in self.observes}
        for year in years:
            days |= {_day_of(year, month_day) for month_day in self.municipal}
        return Calendar(holidays=frozenset(days))


def _optional_days(*years: int) -> dict[date, str]:
    return dict(Brazil(years=years, categories=("optional",), language="pt_BR").items())


def _day_of(year: int, month_day: str) -> date:
    month, day = map(int, month_day.split("-"))
    return date(year, month, 28 if (month, day) == (2, 29) and year % 4 else day)


class Clock(BaseModel):
    """Where a cohort's logical days lie on the wall: from `origin_wall` on, one day every `day_seconds`; before it, the
    first day.

    On a real clock (86,400 s) a logical day is the local date, and its notices leave at `notices_at`.
    """

    model_config = ConfigDict(frozen=True)

    day_seconds: Annotated[Decimal, Field(gt=0, le=DAY_SECONDS)]
    origin_wall: datetime
    origin_day: date
    timezone: str
    notices_at: time
    last_day: date | None = None
    """Where a rehearsal ends: the clock stands still from then on."""

    @property
    def compressed(self) -> bool:
        return self.day_seconds < DAY_SECONDS

    def day_at(self, instant: datetime) -> date:
        """The logical day of a wall instant."""
        if not self.compressed:
            return instant.astimezone(ZoneInfo(self.timezone)).date()
        elapsed = Decimal(str((instant - self.origin_wall).total_seconds()))
        day = self.origin_day + timedelta(days=max(0, int(elapsed // self.day_seconds)))
        return min(day, self.last_day) if self.last_day else day

    def instant_of(self, day: date, share: float = 0.0) -> datetime | None:
        """The wall instant at which a step due on `day` runs; `share` (0 to 1) spreads cases over the day. None: never,
        since the clock stands still before it."""
        if self.last_day and day > self.last_day:
            return None
        if not self.compressed:
            opening = datetime.combine(day, self.notices_at, tzinfo=ZoneInfo(self.timezone))
            return opening + timedelta(hours=share)
        days = (day - self.origin_day).days + share
        return self.origin_wall + timedelta(seconds=float(self.day_seconds) * days)

    def carried(self, due: date, today: date) -> date:
        """The date a step carries: the day it was due at on a compressed clock, whatever the load; on a real one
        the day it truly ran, so that after an outage nobody gets two rungs in a minute."""
        return due if self.compressed else max(due, today)
