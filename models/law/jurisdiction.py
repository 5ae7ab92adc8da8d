"""An authority's territory: whose holidays and contact hours count, and in which time zone."""

from __future__ import annotations

from datetime import date, time, timedelta
from decimal import Decimal
from functools import lru_cache
from typing import Annotated, Literal
from zoneinfo import ZoneInfo

from pydantic import BaseModel, ConfigDict, Field, model_validator

from models.errors import Refusal
from models.law.calendar import Calendar, Wait
from models.law.calendar_table import CalendarKey, MonthDay, OptionalDay, computed_days_off
from models.law.contact_hours import ContactHours
from models.law.dated import Dated, entry_on
from models.scalars import Whole
from models.states import STATES

FEDERAL_VALUES_HOLD = date(2027, 1, 9)
"""In the states and cities that have no law of their own on persistent defaulters."""

LONGEST_BREAK = timedelta(days=30)
"""No stretch of days off is longer."""

CALENDAR_YEARS = 15
"""How far ahead a ruler version freezes its holidays: longer than any case may run (CTN 174: five years, twice)."""


class Deemed(Dated):
    """Deemed notice: when the law takes a notice in the electronic domicile as served, unless it was read before
    (ciência tácita)."""

    wait: Wait
    counts_from: Literal["publication", "first_working_day"] = "publication"
    """`first_working_day`: the first after the day of publication."""


class PersistentDefaulter(Dated):
    """The law's thresholds for a persistent defaulter (devedor contumaz, LC 225/2026 arts. 11–13)."""

    of: Literal["federal", "own"] = "federal"
    """Whose values they are: LC 225/2026's, or those of a law of the authority's own, its source."""
    amount: Annotated[Decimal, Field(gt=0, decimal_places=2)]
    """In reais."""
    assets_share: Annotated[Decimal | None, Field(gt=0)] = None
    """More than this share of the known assets; 1 is all of them. None: the law doesn't ask."""
    consecutive: Annotated[Whole, Field(ge=1)] = 4
    alternate: Annotated[Whole, Field(ge=1)] = 6


class Jurisdiction(BaseModel):
    """An authority's territory: time zone, state holidays, and the municipal ones as a table."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    name: str
    timezone: str
    state: Annotated[str | None, Field(pattern=r"^[A-Z]{2}$")] = None
    calendar: CalendarKey | None = None
    """The authority's own, or its name in `calendars/`; none: all days off are computed, by the two keys below.
    Days to pay on are the banks': policies and tables of accrual name none."""
    observes: tuple[OptionalDay, ...] = ("Carnaval", "Corpus Christi")
    """Optional days on which this authority doesn't work."""
    municipal: tuple[MonthDay, ...] = ()
    contact_hours: ContactHours = ContactHours()
    """When a taxpayer may be contacted."""
    deemed: tuple[Deemed, ...] = ()
    """Empty: a notice in the domicile must be proven read."""
    persistent_defaulter: tuple[PersistentDefaulter, ...] = ()
    notices_at: time | None = None
    """The key that rulers had before contact hours. A cohort that pinned it goes on; a new one is refused it."""

    @model_validator(mode="after")
    def _known(self) -> Jurisdiction:
        try:
            ZoneInfo(self.timezone)
        except (KeyError, ValueError, OSError):
            raise ValueError(f"unknown time zone {self.timezone!r}; for example America/Maceio") from None
        if self.state is not None and self.state not in STATES:
            raise ValueError(f"unknown state {self.state!r}; write its two letters, for example AL")
        if self.calendar and (twice := self.model_fields_set & {"observes", "municipal"}):
            raise ValueError(f"has a calendar, which says its days off: leave {' and '.join(sorted(twice))} to it")
        return self

    def deemed_on(self, published: date, calendar: Calendar) -> tuple[date, str] | None:
        """The day a publication counts as served by silence, and the law that says so."""
        rule = entry_on(self.deemed, published)
        if rule is None:
            return None
        first = rule.counts_from == "first_working_day"
        counts_from = calendar.working(published + timedelta(days=1)) if first else published
        return calendar.after(counts_from, rule.wait), rule.source

    def may_use(self, law: PersistentDefaulter, today: date) -> bool:
        """Whether a law on persistent defaulters may have consequences here: an authority's own at once, the federal
        one in a state or city from 09/01/2027 on (LC 225/2026, arts. 11 § 4º and 57)."""
        return law.of == "own" or self.state is None or today >= FEDERAL_VALUES_HOLD

    def has_passed(self, due: date, today: date) -> bool:
        """Whether the last day to pay or to file in time is over: the due date, or the first working day after it (CTN
        art. 210)."""
        if due >= today or today - due > LONGEST_BREAK:
            return due < today
        return _days_off(self, due.year).working(due) < today

    @property
    def listed_to(self) -> date | None:
        """The last day of its calendar's lists; none: it has no calendar."""
        return None if self.calendar is None or isinstance(self.calendar, str) else self.calendar.listed_to

    def days_off(self, first_year: int, years: int = CALENDAR_YEARS) -> Calendar:
        """The days off of so many years, from `first_year` on. Raises Refusal while its calendar is a bare name."""
        span = range(first_year, first_year + years)
        if isinstance(self.calendar, str):
            raise Refusal(f"{self.name} goes by the calendar {self.calendar}, which is not in calendars/")
        if self.calendar:
            return self.calendar.days_off(span)
        return Calendar(holidays=computed_days_off(self.state, self.observes, self.municipal, span))


@lru_cache(maxsize=64)
def _days_off(jurisdiction: Jurisdiction, year: int) -> Calendar:
    """The days off of a year, and of the one that a due date may roll into."""
    return jurisdiction.days_off(year, 2)
