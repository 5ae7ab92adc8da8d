"""Days and terms, written apart from the product: a list of holidays, Easter, and loops of a day at a time.

CTN art. 210 whole: the day of the event is not counted, the first day that is counted is a working day, and the last
is rolled forward to one. The term is the taxpayer's to its end; the authority acts on the day after.
"""

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
    decreed: tuple[str, ...] = ()

    def works(self, day: date) -> bool:
        if day.isoformat() in self.decreed:
            return False
        moving = [easter(day.year) + timedelta(days=days) for days in BY_EASTER]
        return day.weekday() < 5 and f"{day:%m-%d}" not in self.fixed and day not in moving

    def from_on(self, day: date) -> date:
        """The day itself, or the first working day after it."""
        while not self.works(day):
            day += DAY
        return day


BRAZIL = Days(NATIONAL)
OF_ALAGOAS_2026 = """
2026-01-02 2026-02-16 2026-02-17 2026-02-18 2026-04-02 2026-06-04 2026-06-05 2026-10-28 2026-12-08 2026-12-24 2026-12-31
"""
"""Pontos facultativos of Decreto AL 106.093, as reported."""
OF_THE_UNION_2026 = """
2026-02-16 2026-02-17 2026-02-18 2026-04-20 2026-06-04 2026-06-05 2026-10-28 2026-12-24 2026-12-31
"""
"""Pontos facultativos of Portaria MGI 11.460/2025, as reported."""
BY_DECREE = {
    "alagoas": Days(NATIONAL + ALAGOAS, tuple(OF_ALAGOAS_2026.split())),
    "brasil": Days(NATIONAL, tuple(OF_THE_UNION_2026.split())),
}
STATE = {"AL": Days(NATIONAL + ALAGOAS), None: BRAZIL}


def in_recess(day: date) -> bool:
    """From 20/12 to 20/01 processual terms stand still (CTN art. 208-D § 5º)."""
    return (day.month, day.day) >= (12, 20) or (day.month, day.day) <= (1, 20)


def last_day(days: Days, event: date, count: int, unit: str, recess: bool = False) -> date:
    """The last day of a term of so many days, `legal` or `business`, with or without the recess."""

    def runs(day: date) -> bool:
        return not (recess and in_recess(day))

    day, counted = event, 0
    while counted < count:
        day += DAY
        if runs(day) and (days.works(day) or (unit == "legal" and counted > 0)):
            counted += 1
    while not (runs(day) and days.works(day)):
        day += DAY
    return day
