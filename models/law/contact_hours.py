"""The hours in which a taxpayer may be contacted. Local instants are on the jurisdiction's own clock, as
`Clock.logical_at` gives them."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from datetime import date, datetime, time, timedelta
from typing import Literal, NamedTuple

from pydantic import BaseModel, ConfigDict, RootModel

from models.contact.channel import CHANNELS, Channel
from models.law.calendar import LAWFUL_HOURS, Calendar, Clock, Window

SATURDAY, SUNDAY = 5, 6


class Hours(BaseModel):
    """The windows of one channel; without `saturdays`, never on a Saturday."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    weekdays: Window
    saturdays: Window | None = None

    def __str__(self) -> str:
        return f"weekdays {self.weekdays}, " + (f"Saturdays {self.saturdays}" if self.saturdays else "no Saturdays")

    def on(self, day: date, calendar: Calendar) -> Window | None:
        """The window on a day; None when there is none. Sundays and holidays are nobody's (AL Lei 7.782/2016)."""
        if day in calendar.holidays or day.weekday() == SUNDAY:
            return None
        return self.saturdays if day.weekday() == SATURDAY else self.weekdays

    def within(self, window: Window) -> Hours:
        """The hours that also lie in a window; where no weekday has any, the same."""
        weekdays = _common([self.weekdays, window])
        return Hours(weekdays=weekdays, saturdays=_common([self.saturdays, window])) if weekdays else self


STATE_LAW = Hours(weekdays=LAWFUL_HOURS, saturdays=Window(opens=time(8), closes=time(14)))
"""AL Lei 7.782/2016."""


class LawOfHours(NamedTuple):
    """The hours that a law of a state leaves, from a day on."""

    since: date
    hours: Hours
    source: str


LAWS_OF_HOURS: Mapping[str, tuple[LawOfHours, ...]] = {
    "AL": (LawOfHours(date(2016, 1, 1), STATE_LAW, "AL Lei 7.782/2016"),),
    "RJ": (LawOfHours(date(2016, 1, 1), Hours(weekdays=Window(opens=time(9), closes=time(19))), "lei do Estado"),),
}
"""By state, oldest first. They are of consumer law, whose hold over a tax authority is unproved: kept as courtesy."""


def law_of_hours(state: str | None) -> LawOfHours:
    """The newest law of a state; where none is known the hours of Alagoas are the courtesy of all."""
    return LAWS_OF_HOURS.get(state or "", LAWS_OF_HOURS["AL"])[-1]


def widens(hours: Hours, law: Hours) -> bool:
    """Whether some instant is open that the law shuts."""
    return not _within(hours.weekdays, law.weekdays) or not _within(hours.saturdays, law.saturdays)


def _within(window: Window | None, law: Window | None) -> bool:
    return window is None or (law is not None and law.opens <= window.opens and window.closes <= law.closes)


class ContactHours(RootModel[dict[Literal[Channel, "default"], Hours]]):
    """Hours by channel, `default` for the rest. A rung is one contact: it waits until all its channels are open."""

    model_config = ConfigDict(frozen=True)

    root: dict[Literal[Channel, "default"], Hours] = {}

    def __hash__(self) -> int:
        return hash(frozenset(self.root.items()))

    def of(self, channel: Channel) -> Hours:
        return self.root.get(channel) or self.root.get("default") or STATE_LAW

    def within(self, window: Window | None) -> ContactHours:
        """The same hours, but no others than those of a window; a channel that is shut then, as a fallback may be,
        keeps its own."""
        if window is None:
            return self
        return ContactHours({channel: self.of(channel).within(window) for channel in CHANNELS})

    def meet(self, channels: Iterable[Channel], window: Window | None = None) -> bool:
        """Whether a working day has an hour, within a window, at which all these channels are open."""
        return _common([self.of(channel).weekdays for channel in channels] + ([window] if window else [])) is not None

    def window_on(self, day: date, channels: Iterable[Channel], calendar: Calendar) -> Window | None:
        """The window on a day in which all channels are open; None when there is none."""
        return _common([self.of(channel).on(day, calendar) for channel in channels])

    def allows(self, local: datetime, channels: Iterable[Channel], calendar: Calendar) -> bool:
        window = self.window_on(local.date(), channels, calendar)
        return window is not None and window.holds(local.time())

    def opens_at(self, local: datetime, channels: Iterable[Channel], calendar: Calendar) -> datetime:
        """The first lawful instant from `local` on. Raises ValueError for channels that never meet."""
        channels = tuple(channels)
        today = self.window_on(local.date(), channels, calendar)
        if today is not None and local.time() < today.closes:
            opening = local.replace(hour=today.opens.hour, minute=today.opens.minute, second=0, microsecond=0)
            return max(local, opening)
        day, window = self.first_day(local.date() + timedelta(days=1), channels, calendar)
        return datetime.combine(day, window.opens, tzinfo=local.tzinfo)

    def first_day(self, day: date, channels: Iterable[Channel], calendar: Calendar) -> tuple[date, Window]:
        """The first day from `day` on with a window, and that window. Raises ValueError for channels that never
        meet."""
        channels = tuple(channels)
        if not self.meet(channels):
            raise ValueError(f"{', '.join(channels)} have no contact hours in common")
        while (window := self.window_on(day, channels, calendar)) is None:
            day += timedelta(days=1)
        return day, window

    def contact_at(
        self, clock: Clock, due: date, share: float, channels: Iterable[Channel], calendar: Calendar, now: datetime
    ) -> datetime | None:
        """The wall instant of a contact that is due on `due`: inside its day's window, `share` of it after the
        opening. None: never, the clock stands still before it.

        One that is late on a real clock goes at once, or, outside the hours, in the next window, spread over it. On a
        compressed clock a contact carries the instant it was due at, however late it runs.
        """
        channels = tuple(channels)
        at = self._spread(clock, due, share, channels, calendar)
        if at is None or at >= now or clock.compressed:
            return at
        return self.late_contact_at(clock, share, channels, calendar, now)

    def late_contact_at(
        self, clock: Clock, share: float, channels: Iterable[Channel], calendar: Calendar, now: datetime
    ) -> datetime | None:
        """The wall instant of a contact whose time has come: at once, or in the next window."""
        channels = tuple(channels)
        local = clock.logical_at(now)
        opening = self.opens_at(local, channels, calendar)
        return now if opening == local else self._spread(clock, opening.date(), share, channels, calendar)

    def _spread(
        self, clock: Clock, day: date, share: float, channels: tuple[Channel, ...], calendar: Calendar
    ) -> datetime | None:
        day, window = self.first_day(day, channels, calendar)
        return clock.instant_of(day, share, window)


def _common(windows: Sequence[Window | None]) -> Window | None:
    """The hours that lie in all windows."""
    open_ones = [window for window in windows if window is not None]
    if len(open_ones) < len(windows):
        return None
    opens, closes = max(window.opens for window in open_ones), min(window.closes for window in open_ones)
    return Window(opens=opens, closes=closes) if opens < closes else None
