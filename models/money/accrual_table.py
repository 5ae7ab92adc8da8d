"""The growth of a late debt by law, as dated tables: fine, interest, fees, discounts. All rates are in percent."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from datetime import date, timedelta
from decimal import ROUND_DOWN, ROUND_HALF_EVEN, ROUND_HALF_UP, Decimal
from functools import lru_cache
from itertools import pairwise
from typing import Annotated, Literal

from pydantic import BaseModel, ConfigDict, Field, model_validator

from models.law.calendar import Calendar
from models.law.dated import Dated, Where, date_faults
from models.law.jurisdiction import Jurisdiction
from models.law.spans import Span
from models.law.verification import Verifiable, marking_faults

Component = Literal["principal", "fine", "interest", "fees"]
Order = Literal["in proportion", "fine-interest-principal"]
"""How a partial payment is spread within a debt."""

CountsFrom = Literal["next_day", "next_working_day"]
"""The first day of a delay: the one after the last day in time, or the first working day after it."""

SERIES = r"^[a-z0-9][a-z0-9-]{0,30}$"
"""The name of a series of monthly rates."""

Percent = Annotated[Decimal, Field(ge=0, le=1000, max_digits=10, decimal_places=6)]

CENT = Decimal("0.01")
ROUNDINGS = {"half_up": ROUND_HALF_UP, "half_even": ROUND_HALF_EVEN, "down": ROUND_DOWN}


class _Part(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid")


class FineStep(_Part):
    """Up to a day of delay, either so much for each day since the due date, or a fixed percentage."""

    until_day: Annotated[int | None, Field(ge=1)] = None
    per_day: Percent | None = None
    limit: Percent | None = None
    """Where a fine by the day stops growing."""
    percent: Percent | None = None

    @model_validator(mode="after")
    def _one_rate(self) -> FineStep:
        if (self.per_day is None) == (self.percent is None):
            raise ValueError("a step of a fine has either per_day or percent")
        if self.limit is not None and self.per_day is None:
            raise ValueError("limit is for a fine per_day; a fixed percentage has none")
        return self

    def rate(self, days: int) -> Decimal:
        if self.per_day is None:
            return self.percent or Decimal(0)
        rate = self.per_day * days
        return rate if self.limit is None else min(rate, self.limit)


class Fine(Dated):
    """A fine, chosen by the due date: the law of the debt's own day (CTN art. 144) holds for all of its delay."""

    steps: Annotated[tuple[FineStep, ...], Field(min_length=1)]
    counts_from: CountsFrom = "next_day"
    """The first day of delay: the one after the last day in time, or the first working day after it."""

    def step(self, days: int) -> FineStep:
        return step_of(self.steps, days)

    def rate(self, days: int) -> Decimal:
        """The fine in percent of the principal after `days` of delay."""
        return self.step(days).rate(days) if days > 0 else Decimal(0)


def step_of(steps: Sequence[FineStep], days: int) -> FineStep:
    """The step that a fine has reached after `days` of delay."""
    return next((step for step in steps if step.until_day is None or days <= step.until_day), steps[-1])


def first_day_late(counts_from: CountsFrom, last_day_in_time: date, calendar: Calendar | None) -> date:
    first = last_day_in_time + timedelta(days=1)
    return calendar.working(first) if counts_from == "next_working_day" and calendar else first


class Interest(Dated):
    """Interest by the month: each full month between the due date's and the payment's costs its rate, summed, not
    compounded; the month of the payment its own."""

    series: Annotated[str | None, Field(pattern=SERIES)] = None
    """A series of `rates`, loaded from the Central Bank's files."""
    per_month: Percent | None = None
    month_of_payment: Percent

    @model_validator(mode="after")
    def _one_rate(self) -> Interest:
        if (self.series is None) == (self.per_month is None):
            raise ValueError("interest has either a series or per_month")
        return self


class Fee(Dated):
    """A fee on a debt that is late, chosen by the due date."""

    name: str
    percent: Percent
    of: Annotated[tuple[Component, ...], Field(min_length=1)] = ("principal", "fine", "interest")


class Discount(Dated):
    """A discount for the payment that settles the debt, chosen by the day of the payment."""

    name: str
    percent: Annotated[Percent, Field(le=100)]
    of: Annotated[tuple[Component, ...], Field(min_length=1)]


class AccrualTable(_Part, Verifiable):
    accrual: Annotated[str, Field(pattern=r"^[a-z0-9][a-z0-9-]{0,62}$")]
    title: str
    jurisdiction: Jurisdiction | None = None
    """Whose holidays move a due date to the next working day (CTN art. 210); none: due dates count as written."""
    rounding: Literal["half_up", "half_even", "down"] = "half_up"
    """To the cent, once a line: half_up is half a cent up, half_even to the even cent (ABNT NBR 5891)."""
    imputation: Order = "in proportion"
    fine: tuple[Fine, ...]
    interest: tuple[Interest, ...]
    fees: tuple[Fee, ...] = ()
    discounts: tuple[Discount, ...] = ()

    def rounded(self, amount: Decimal) -> Decimal:
        return amount.quantize(CENT, ROUNDINGS[self.rounding])

    def last_day_in_time(self, due: date) -> date:
        return self._working(due)

    def days_fined(self, fine: Fine, last_day_in_time: date, on: date, but: Sequence[Span] = ()) -> int:
        """How many days of delay `fine` counts up to the day `on`, but for those that stand in these spans."""
        calendar = _calendar(self.jurisdiction, last_day_in_time.year) if self.jurisdiction else None
        first = first_day_late(fine.counts_from, last_day_in_time, calendar)
        return max(0, (on - first).days + 1) - sum(span.within(first, on) for span in but)

    def _working(self, day: date) -> date:
        return _calendar(self.jurisdiction, day.year).working(day) if self.jurisdiction else day


@lru_cache(maxsize=256)
def _calendar(jurisdiction: Jurisdiction, year: int) -> Calendar:
    """The days off of a year and of the one it may roll into."""
    return jurisdiction.days_off(year, 2)


# ---- what a well-formed table may still get wrong


def table_faults(table: AccrualTable) -> Iterator[tuple[Where, str]]:
    yield from marking_faults(table)
    if table.jurisdiction and table.jurisdiction.calendar:
        what = "is no key of a table of accrual: debts are paid on the banks' days, by observes and municipal"
        yield ("jurisdiction", "calendar"), what
    yield from date_faults(("fine",), table.fine, gapless=True)
    yield from date_faults(("interest",), table.interest, gapless=True)
    yield from date_faults(("fees",), table.fees, gapless=True)
    yield from date_faults(("discounts",), table.discounts, gapless=False)
    yield from _months(table.interest)
    for index, fine in enumerate(table.fine):
        yield from _steps(("fine", index, "steps"), fine.steps)
        if fine.counts_from == "next_working_day" and table.jurisdiction is None:
            yield ("fine", index, "counts_from"), "needs a jurisdiction: without its days off no day is a working day"
    for index, fee in enumerate(table.fees):
        if "fees" in fee.of:
            yield ("fees", index, "of"), "a fee can't be charged on fees"


def _months(entries: Sequence[Interest]) -> Iterator[tuple[Where, str]]:
    for index, entry in enumerate(entries):
        if entry.from_.day != 1:
            yield ("interest", index, "from"), "must be the first of a month: interest is by the month"
        if entry.to is not None and (entry.to + timedelta(days=1)).day != 1:
            yield ("interest", index, "to"), "must be the last of a month: interest is by the month"


def _steps(where: Where, steps: Sequence[FineStep]) -> Iterator[tuple[Where, str]]:
    if steps[-1].until_day is not None:
        yield (*where, len(steps) - 1, "until_day"), "the last step has no end"
    for index, (before, after) in enumerate(pairwise(steps), start=1):
        if before.until_day is None:
            yield (*where, index - 1), "only the last step has no until_day"
            continue
        if after.until_day is not None and after.until_day <= before.until_day:
            yield (*where, index, "until_day"), f"must be more than {before.until_day}"
        earlier, later = before.rate(before.until_day), after.rate(before.until_day + 1)
        if later < earlier:
            yield (*where, index), f"softens with the delay: {later} % after {earlier} %"
