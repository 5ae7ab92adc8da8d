"""The statement that an extract makes of itself, and what its amounts mean for a debt on which money came in.

A source that states what is *left* of a debt has taken off it what it knew to be paid. Our ledger takes payments off
too, so what the source deducted already must be told from what it couldn't know yet.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from decimal import Decimal
from itertools import accumulate
from typing import Literal

from models.money.accrual import NOTHING

Amounts = Literal["left", "lodged"]
"""The meaning of amounts: what is left of each debt on the day of the extract; or what was lodged, before anything was
paid."""

BANKS_DAYS = timedelta(days=5)
"""Three banking days and the weekend between them: until then a source may not know of a payment."""


@dataclass(frozen=True)
class Statement:
    """The statement of an extract about itself, by its layout or by whoever imports it."""

    amounts: Amounts | None = None
    """None: as its source stated them before, else as its layout does."""
    as_of: date | None = None
    """The day it is of; none: the day of the import."""
    snapshot_of: str | None = None
    """The source that it is the whole of."""
    expect_fewer: bool = False
    """People know that many debts are gone, or that keys are damaged."""


@dataclass(frozen=True)
class Paid:
    """Money that came in for a debt, or a remission of it, on a day."""

    on: date
    amount: Decimal


@dataclass(frozen=True)
class Deducted:
    amount: Decimal
    """The part that the source has taken off already."""
    contradicted: bool = False
    """Something was not taken off that must have been by now: one of the two ledgers is wrong, and people have to say
    which."""


def deducted(left: Decimal, as_of: date, lodged: Decimal, paid: Sequence[Paid], since: date | None = None) -> Deducted:
    """Tell what of `paid`, which is in the order of its days, the source had deducted when it stated what is left.
    `lodged` is what it had stated on the day `since`, with what it had deducted by then added again.

    A source deducts payments in their order. It must know those that are older than the bank's days, and can't know
    those made afterwards; of those between, the amount itself tells: it is nearest to what is left after so many of
    them. Where it says neither, none was deducted.
    """
    remainders = [lodged - gone for gone in (NOTHING, *accumulate(each.amount for each in paid))]
    surely = sum(each.on < as_of - BANKS_DAYS for each in paid)
    at_most = sum(each.on <= as_of for each in paid)
    seen = at_least = _nearest(remainders, left)
    if remainders[seen] != left:
        # what delay adds may hide a payment
        at_least = max(seen, _nearest(remainders, left - lodged * _growth(as_of, since)))
    return Deducted(lodged - remainders[min(max(seen, surely), at_most)], contradicted=at_least < surely)


def _nearest(remainders: Sequence[Decimal], left: Decimal) -> int:
    return min(range(len(remainders)), key=lambda n: (abs(remainders[n] - left), n))


def _growth(as_of: date, since: date | None) -> Decimal:
    """The most that the law adds to a debt meanwhile, as a share of it: a fine of 20 % and 2 % a month."""
    return Decimal("0.20") + Decimal("0.02") * ((as_of - since).days if since else 365) / 30
