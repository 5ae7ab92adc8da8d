"""How much of what falls due each month stays unpaid, before and after a ruler began. It shows a change, not its cause:
that is what a hold-out is for."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from statistics import mean, stdev
from typing import NamedTuple


class Month(NamedTuple):
    month: date
    """Its first day."""
    due: Decimal
    unpaid: Decimal
    """The unpaid part of what fell due in that month."""

    @property
    def rate(self) -> Decimal:
        return self.unpaid / self.due


@dataclass(frozen=True)
class Delinquency:
    """Every month counts the same, whatever fell due in it, as in Alagoas's index. Rates are fractions."""

    months: tuple[Month, ...]
    """Oldest first; months in which nothing fell due have no rate, and aren't here."""
    mean: Decimal | None
    deviation: Decimal | None
    """σ of a sample (n − 1); none below two months."""


def delinquency(months: Iterable[Month]) -> Delinquency:
    rated = tuple(sorted(month for month in months if month.due > 0))
    rates = [month.rate for month in rated]
    return Delinquency(rated, mean(rates) if rates else None, stdev(rates) if len(rates) > 1 else None)


def before_and_after(months: Sequence[Month], since: date) -> tuple[Delinquency, Delinquency]:
    """The month of `since` is the first of the months after."""
    begins = since.replace(day=1)
    before, after = ([month for month in months if (month.month >= begins) is late] for late in (False, True))
    return delinquency(before), delinquency(after)
