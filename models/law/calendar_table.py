"""Calendars of `calendars/`: the days on which an authority doesn't work, by year, with the act that says so."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterable, Iterator
from datetime import date
from itertools import pairwise
from typing import Annotated, Any

from pydantic import AfterValidator, BaseModel, ConfigDict, Field, Tag, model_validator

from models.law.brazil import holidays_of, optional_days_of
from models.law.calendar import Calendar
from models.law.dated import Where
from models.law.verification import Verifiable, marking_faults
from models.scalars import Named, NameOrTable, Whole

OPTIONAL_DAYS = (
    "Carnaval",
    "Corpus Christi",
    "Dia do Servidor Público",
    "Quarta-feira de Cinzas",
    "Véspera de Ano-Novo",
    "Véspera de Natal",
)
"""The optional days that the library of holidays knows, by its names for them."""


def _known(name: str) -> str:
    if name not in OPTIONAL_DAYS:
        raise ValueError(f"unknown optional day {name!r}; known are {', '.join(OPTIONAL_DAYS)}")
    return name


def _in_a_leap_year(month_day: str) -> str:
    date.fromisoformat(f"2024-{month_day}")
    return month_day


OptionalDay = Annotated[str, AfterValidator(_known)]
"""A ponto facultativo, by its usual name."""
MonthDay = Annotated[str, Field(pattern=r"^\d{2}-\d{2}$"), AfterValidator(_in_a_leap_year)]
"""A day of each year, written `MM-DD`."""


class _Part(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid")


class DayOff(_Part):
    """A day off and its name, written `2026-12-08 Nossa Senhora da Conceição`."""

    on: date
    name: str

    @model_validator(mode="before")
    @classmethod
    def _read(cls, written: Any) -> Any:
        if isinstance(written, dict | BaseModel):
            return written
        match = re.fullmatch(r"(\d{4}-\d{2}-\d{2}) +(\S.*)", str(written).strip())
        if not match:
            raise ValueError("a day off is written as its date and its name: `2026-12-25 Natal`")
        return {"on": match[1], "name": match[2]}


class Year(_Part):
    """The days off of a year, all of them, as an act of the authority lists them."""

    year: Annotated[Whole, Field(ge=1900, le=2200)]
    source: Annotated[str, Field(min_length=3)]
    holidays: Annotated[tuple[DayOff, ...], Field(min_length=1)]
    optional: tuple[DayOff, ...] = ()
    """Pontos facultativos, also for a part of the day: a term neither begins nor ends without a normal one (CTN art.
    210, parágrafo único)."""

    @property
    def days_off(self) -> frozenset[date]:
        return frozenset(day.on for day in (*self.holidays, *self.optional))


class CalendarTable(_Part, Verifiable):
    """The days off of an authority: of the years that its acts list, and as they are computed for the others."""

    calendar: Named
    title: str
    state: Annotated[str | None, Field(pattern=r"^[A-Z]{2}$")] = None
    """Whose holidays count in a year that isn't listed, beside the national ones."""
    observes: tuple[OptionalDay, ...] = ("Carnaval", "Corpus Christi")
    """Optional days of a year that isn't listed."""
    municipal: tuple[MonthDay, ...] = ()
    """Municipal holidays of a year that isn't listed."""
    years: tuple[Year, ...] = ()

    def __hash__(self) -> int:
        """Cheap, since days off are looked up by it for each fact of a case."""
        return hash((self.calendar, len(self.years)))

    def days_off(self, span: range) -> Calendar:
        """The days off of these years."""
        listed = {each.year: each.days_off for each in self.years if each.year in span}
        computed = computed_days_off(
            self.state, self.observes, self.municipal, (year for year in span if year not in listed)
        )
        return Calendar(holidays=computed.union(*listed.values()), listed_to=self.listed_to)

    @property
    def listed_to(self) -> date:
        """The last day of which an act says whether it is off: later ones are computed, so they are provisional."""
        return date(self.years[-1].year, 12, 31) if self.years else date.min


CalendarKey = Annotated[Annotated[Named, Tag("[name]")] | Annotated[CalendarTable, Tag("[table]")], NameOrTable]
"""A calendar written in its place, or the name of one in `calendars/`."""


def computed_days_off(
    state: str | None, observes: Iterable[str], municipal: Iterable[str], years: Iterable[int]
) -> frozenset[date]:
    """The national holidays of these years, those of a state, optional days by their names, and municipal holidays."""
    span, observed = tuple(years), frozenset(observes)
    days = holidays_of(state, span) if span else set()
    days |= {day for day, name in optional_days_of(span).items() if name in observed} if span else set()
    return frozenset(days | {_day_of(year, month_day) for year in span for month_day in municipal})


def _day_of(year: int, month_day: str) -> date:
    month, day = map(int, month_day.split("-"))
    return date(year, month, 28 if (month, day) == (2, 29) and year % 4 else day)


def calendar_table_faults(table: CalendarTable) -> Iterator[tuple[Where, str]]:
    yield from marking_faults(table)
    for index, (before, after) in enumerate(pairwise(table.years), start=1):
        if after.year != before.year + 1:
            yield ("years", index, "year"), f"must be {before.year + 1}: years follow one another without a gap"
    for index, year in enumerate(table.years):
        yield from _year_faults(("years", index), year)


def _year_faults(where: Where, year: Year) -> Iterator[tuple[Where, str]]:
    """The faults of a year: a day of another one, one listed twice, a national holiday that is missing."""
    listed = Counter(day.on for day in (*year.holidays, *year.optional))
    for key in ("holidays", "optional"):
        for index, day in enumerate(getattr(year, key)):
            if day.on.year != year.year:
                yield (*where, key, index), f"is no day of {year.year}"
            elif listed[day.on] > 1:
                yield (*where, key, index), f"lists {day.on} twice in its year"
    if missing := sorted(holidays_of(None, [year.year]) - set(listed)):
        days = ", ".join(map(str, missing))
        yield (*where, "holidays"), f"lacks {days}, a national holiday: no act of an authority makes it a working day"
