"""Days and terms, written apart from the product: a list of holidays, Easter, and loops of a day at a time.

CTN art. 210 whole: the day of the event is not counted, the first day that is counted is a working day, and the last
is rolled forward to one. The term is the taxpayer's to its end; the authority acts on the day after.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date, timedelta

from dateutil.easter import easter

DAY = timedelta(days=1)
NATIONAL = ("01-01", "04-21", "05-01", "09-07", "10-12", "11-02", "11-15", "11-20", "12-25")
"""Lei 662/1949, Lei 6.802/1980 and, for 20/11, Lei 14.759/2023."""
ALAGOAS = ("06-24", "06-29", "09-16", "11-30")
BY_EASTER = (-48, -47, -2, 60)
"""Days from Easter: Carnival's Monday and Tuesday, Good Friday, Corpus Christi."""


@dataclass(frozen=True)
class Days:
    """Where people work on which days."""

    fixed: tuple[str, ...]

    def works(self, day: date) -> bool:
        moving = [easter(day.year) + timedelta(days=days) for days in BY_EASTER]
        return day.weekday() < 5 and f"{day:%m-%d}" not in self.fixed and day not in moving

    def from_on(self, day: date) -> date:
        """The day itself, or the first working day after it."""
        while not self.works(day):
            day += DAY
        return day

    def after(self, day: date) -> Iterator[date]:
        """The working days after it."""
        while True:
            day = self.from_on(day + DAY)
            yield day


BRAZIL = Days(NATIONAL)
STATE = {"AL": Days(NATIONAL + ALAGOAS), None: BRAZIL}


def last_day(days: Days, event: date, count: int, unit: str) -> date:
    """The last day of a term of so many days, `legal` or `business`."""
    counted = days.after(event)
    first = next(counted)
    if unit == "legal":
        return days.from_on(first + (count - 1) * DAY)
    last = first
    for _ in range(count - 1):
        last = next(counted)
    return last


def known_wrong(days: Days, event: date, count: int, unit: str) -> date:
    """L1, L2: the day on which the product still acts. A legal term is counted from the day after the event though
    nobody works on it, and its last day is acted upon."""
    return days.from_on(event + count * DAY) if unit == "legal" else last_day(days, event, count, unit)
