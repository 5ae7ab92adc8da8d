"""The charges that time adds to an instalment: correction and interest since the agreement, a fine when it is late.

An agreement excludes neither unless a law says so (CTN art. 155-A, § 1º). All of it is on the part of the debt that is
paid, from the month of the agreement to that of the payment; a payment on a day that a due date was rolled to is one of
the day agreed. Nothing is charged on what was charged.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date
from decimal import ROUND_HALF_UP, Decimal
from typing import Annotated

from dateutil.relativedelta import relativedelta
from pydantic import Field

from models.agreement.rule import Rule
from models.law.calendar import Calendar
from models.money.accrual_table import CENT, SERIES, CountsFrom, FineStep, Percent, first_day_late, step_of
from models.money.rates import Rates

NOTHING = Decimal("0.00")
NONE = "none"
NEXT_MONTH = relativedelta(months=1, day=1)


class Correction(Rule):
    """A series of monthly rates, of the months after the agreement's and before the payment's."""

    by: Annotated[str, Field(pattern=SERIES)]
    """`selic`, `ipca`, or `none` by the law that says so."""
    compounded: bool = False
    """An index multiplies from month to month; a rate such as Selic adds up."""
    month_of_payment: Percent = Decimal(0)
    """Percent for the month of the payment itself, unless it is the agreement's."""


class Interest(Rule):
    """Interest on the corrected part, for each month from the agreement's to the payment's; 0 by the law that says
    so."""

    per_month: Percent


class Late(Rule):
    """The fine on the corrected part of an instalment that is paid late; no steps, by the law that says so: none."""

    steps: tuple[FineStep, ...]
    counts_from: CountsFrom = "next_day"


@dataclass(frozen=True)
class Charges:
    """The rules of what time adds; a policy of before they were keys has none."""

    correction: Correction | None = None
    interest: Interest | None = None
    late: Late | None = None


@dataclass(frozen=True)
class Term:
    """The days of an instalment that its charges depend on."""

    signed: date
    agreed: date
    """The day of the month that was agreed upon."""
    due: date
    """The same, or the banking day that it was rolled to."""

    def counted(self, paid: date) -> date:
        """The day up to which a payment is charged."""
        return min(paid, self.agreed) if paid <= self.due else paid


@dataclass(frozen=True)
class Added:
    correction: Decimal = NOTHING
    interest: Decimal = NOTHING
    fine: Decimal = NOTHING
    estimated: bool = False
    """A month's rate is not known yet; that of the last one known stands for it."""

    @property
    def total(self) -> Decimal:
        return self.correction + self.interest + self.fine


def added(charges: Charges, part: Decimal, term: Term, paid: date, calendar: Calendar, rates: Rates) -> Added:
    """The charges to be paid beside `part` of an instalment on the day `paid`. Raises Unreckonable where a series is
    not known at all."""
    counted = term.counted(paid)
    months = max(0, (counted.year - term.signed.year) * 12 + counted.month - term.signed.month)
    correction, estimated = _correction(charges.correction if months else None, part, term.signed, counted, rates)
    corrected = part + correction
    interest = _percent(corrected, charges.interest.per_month * months) if charges.interest else NOTHING
    fine = _fine(charges.late, corrected, term.due, paid, calendar)
    return Added(correction, interest, fine, estimated)


def _percent(base: Decimal, rate: Decimal) -> Decimal:
    return (base * rate / 100).quantize(CENT, ROUND_HALF_UP)


def _correction(
    rule: Correction | None, part: Decimal, signed: date, counted: date, rates: Rates
) -> tuple[Decimal, bool]:
    if rule is None or rule.by == NONE:
        return NOTHING, False
    percents, estimated = [], False
    for month in _months(signed, counted):
        percent, known = rates.percent_or_last(rule.by, month)
        percents.append(percent)
        estimated = estimated or not known
    if not rule.compounded:
        return _percent(part, sum(percents, rule.month_of_payment)), estimated
    factor = Decimal(1)
    for percent in percents:
        factor *= 1 + percent / 100
    # prices that fall don't bring a debt below what it was (STJ, REsp 1.265.580)
    return _percent(part, max((factor - 1) * 100, Decimal(0)) + rule.month_of_payment), estimated


def _months(signed: date, counted: date) -> Iterator[date]:
    month = signed + NEXT_MONTH
    while month < counted.replace(day=1):
        yield month
        month += NEXT_MONTH


def _fine(late: Late | None, corrected: Decimal, due: date, paid: date, calendar: Calendar) -> Decimal:
    if late is None or not late.steps:
        return NOTHING
    days = (paid - first_day_late(late.counts_from, due, calendar)).days + 1
    return _percent(corrected, step_of(late.steps, days).rate(days)) if days > 0 else NOTHING
