"""Working days, waits, hours and the logical clock. Instants are aware datetimes; logical days are dates."""

from __future__ import annotations

import math
import re
from bisect import bisect_right
from datetime import UTC, date, datetime, time, timedelta
from decimal import Decimal
from enum import StrEnum
from typing import Annotated, Any
from zoneinfo import ZoneInfo

from pydantic import BaseModel, ConfigDict, Field, model_validator

DAY_SECONDS = 86_400
MICROSECOND = timedelta(microseconds=1)


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


class Standstill(BaseModel):
    """A clock stood still: on the days after `stopped`, the last that counted, up to and with `resumed`."""

    model_config = ConfigDict(frozen=True)

    stopped: date
    resumed: date

    def holds(self, day: date) -> bool:
        return self.stopped < day <= self.resumed


class Calendar(BaseModel):
    """A jurisdiction's days off. Frozen with a ruler version: a library's upgrade can't move a case."""

    model_config = ConfigDict(frozen=True)

    holidays: frozenset[date]
    listed_to: date | None = None
    """The last day of which an act of the authority says whether it is off; none: there is no list to go beyond."""

    def is_provisional(self, day: date) -> bool:
        """Whether an act that is still to come may make the day one off: beyond the last list days are computed."""
        return self.listed_to is not None and day > self.listed_to

    def is_working(self, day: date) -> bool:
        return day.weekday() < 5 and day not in self.holidays

    def working(self, day: date) -> date:
        """The first working day from `day` on, itself included."""
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


class Window(BaseModel):
    """Hours of a day on the local clock, written `08:00-20:00` in a ruler: the first included, the last excluded."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    opens: time
    closes: time

    @model_validator(mode="before")
    @classmethod
    def _read(cls, written: Any) -> Any:
        if not isinstance(written, str):
            return written
        match = re.fullmatch(r"((?:[01]\d|2[0-3]):[0-5]\d) ?[-–] ?((?:[01]\d|2[0-3]):[0-5]\d)", written.strip())
        if not match:
            raise ValueError("hours are written from opening to closing: `08:00-20:00`")
        return {"opens": match[1], "closes": match[2]}

    @model_validator(mode="after")
    def _forwards(self) -> Window:
        if self.opens >= self.closes:
            raise ValueError(f"closes at {self.closes:%H:%M}, which is not after {self.opens:%H:%M}")
        return self

    def __str__(self) -> str:
        return f"{self.opens:%H:%M}-{self.closes:%H:%M}"

    def holds(self, hour: time) -> bool:
        return self.opens <= hour < self.closes


LAWFUL_HOURS = Window(opens=time(8), closes=time(20))
"""On weekdays, unless a ruler says otherwise (AL Lei 7.782/2016)."""


class Clock(BaseModel):
    """The clock of a cohort: where its logical days lie on the wall: from `origin_wall` on, one day every
    `day_seconds`; before it, the first day.

    On a real clock (86,400 s) a logical day is the local date. On a compressed one the day's hours shrink with it:
    08:00 is a third of the day. A stepped clock, a rehearsal's, is a compressed one that stands at each day's end until
    it is moved. A logical instant is on the local clock of `timezone`; a wall instant is in UTC.
    """

    model_config = ConfigDict(frozen=True)

    day_seconds: Annotated[Decimal, Field(gt=0, le=DAY_SECONDS)]
    origin_wall: datetime
    origin_day: date
    timezone: str
    last_day: date | None = None
    """Where a rehearsal ends: the clock stands still from then on."""
    began: tuple[datetime, ...] = ()
    """Wall instants at which the days of a stepped clock began, the first day's first: its hours over, each day stands
    until somebody moves the clock to the next. Empty: the clock runs by itself."""

    @property
    def compressed(self) -> bool:
        return self.day_seconds < DAY_SECONDS

    @property
    def ends(self) -> date | None:
        """The last day the clock can be on as it is now; none: it runs on."""
        return self._on(len(self.began)).last_day if self.began else self.last_day

    def moved(self, wall: datetime) -> Clock:
        """A stepped clock after its next day has begun at that wall instant."""
        return self.model_copy(update={"began": (*self.began, wall)})

    def _on(self, number: int) -> Clock:
        """The running clock of one day of a stepped one, the first is 0; it stands still at that day's end."""
        number = min(max(number, 0), len(self.began) - 1)
        day = self.origin_day + timedelta(days=number)
        update = {"began": (), "origin_wall": self.began[number], "origin_day": day, "last_day": day}
        return self.model_copy(update=update)

    @property
    def _origin(self) -> datetime:
        return self._midnight(self.origin_day)

    def _midnight(self, day: date) -> datetime:
        return datetime.combine(day, time.min, tzinfo=ZoneInfo(self.timezone))

    def logical_at(self, wall: datetime) -> datetime:
        """The logical instant of a wall instant; on a real clock the same instant, in local time."""
        if not self.compressed:
            return wall.astimezone(ZoneInfo(self.timezone))
        if self.began:
            return self._on(bisect_right(self.began, wall) - 1).logical_at(wall)
        if self.last_day and wall >= self.wall_at(self._midnight(self.last_day + timedelta(days=1))):
            return datetime.combine(self.last_day, time.max, tzinfo=self._origin.tzinfo)
        # within one zone Python adds and compares local times: a logical day has 24 hours, whatever summer time does
        elapsed = max(wall - self.origin_wall, timedelta(0)) // MICROSECOND
        return self._origin + timedelta(microseconds=int(elapsed * DAY_SECONDS / self.day_seconds))

    def wall_at(self, logical: datetime) -> datetime:
        """The first wall instant, to the microsecond, whose logical instant is not before `logical`."""
        if not self.compressed:
            return logical.astimezone(UTC)
        if self.began:
            return self._on((logical.astimezone(self._origin.tzinfo).date() - self.origin_day).days).wall_at(logical)
        elapsed = (logical.astimezone(self._origin.tzinfo) - self._origin) // MICROSECOND
        return self.origin_wall + timedelta(microseconds=math.ceil(elapsed * self.day_seconds / DAY_SECONDS))

    def day_at(self, wall: datetime) -> date:
        """The logical day of a wall instant."""
        return self.logical_at(wall).date()

    def instant_of(self, day: date, share: float = 0.0, window: Window = LAWFUL_HOURS) -> datetime | None:
        """The wall instant at which a step due on `day` runs, inside that day's window; `share` (0 to 1) spreads cases
        over it. None: never, since the clock stands still before it."""
        if (ends := self.ends) and day > ends:
            return None
        zone = ZoneInfo(self.timezone)
        opening, closing = (
            self.wall_at(datetime.combine(day, hour, tzinfo=zone)) for hour in (window.opens, window.closes)
        )
        return opening + share * (closing - MICROSECOND - opening)

    def carried(self, due: date, today: date) -> date:
        """The date a step carries: the day it was due at on a compressed clock, whatever the load; on a real one
        the day it truly ran, so that after an outage nobody gets two rungs in a minute."""
        return due if self.compressed else max(due, today)
