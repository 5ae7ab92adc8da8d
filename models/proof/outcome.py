"""The outcome of collection: how much of what was to be charged was charged, what came in, and who answered the
phone."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from typing import NamedTuple

NOTHING = Decimal(0)


@dataclass(frozen=True)
class Coverage:
    """The share of cases and amounts charged. A case counts as charged once a notice to it was sent, with all it owed
    when it was selected."""

    to_charge: int
    charged: int
    amount_to_charge: Decimal
    amount_charged: Decimal

    @property
    def share(self) -> Decimal | None:
        return _share(self.charged, self.to_charge)

    @property
    def amount_share(self) -> Decimal | None:
        return _share(self.amount_charged, self.amount_to_charge)


class Chargeable(NamedTuple):
    amount: Decimal
    charged: bool


def coverage(cases: Iterable[Chargeable]) -> Coverage:
    known = list(cases)
    charged = [case.amount for case in known if case.charged]
    return Coverage(len(known), len(charged), sum((case.amount for case in known), NOTHING), sum(charged, NOTHING))


class Receipt(NamedTuple):
    """A payment less what was given back of it."""

    on: date
    amount: Decimal
    charged_on: date | None
    """When the first notice was sent to the case it pays for."""

    @property
    def after_action(self) -> bool:
        """Whether money came on the day of the notice or later: a bank's file has days without hours. That a payment
        comes after a notice doesn't prove that it comes of it: see models/proof/uplift.py."""
        return self.charged_on is not None and self.charged_on <= self.on


@dataclass(frozen=True)
class Recovered:
    after_action: Decimal
    spontaneous: Decimal

    @property
    def total(self) -> Decimal:
        return self.after_action + self.spontaneous

    @property
    def share_after_action(self) -> Decimal | None:
        return _share(self.after_action, self.total)


def recovered(receipts: Iterable[Receipt]) -> Recovered:
    sums = {True: NOTHING, False: NOTHING}
    for receipt in receipts:
        sums[receipt.after_action] += receipt.amount
    return Recovered(after_action=sums[True], spontaneous=sums[False])


@dataclass(frozen=True)
class Calls:
    started: int
    answered: int

    @property
    def share(self) -> Decimal | None:
        return _share(self.answered, self.started)


@dataclass(frozen=True)
class Assumptions:
    """The authority's own figures that a report reckons with; none: what hangs on it isn't told."""

    within: int = 30
    """The days after a notice in which a payment counts as its."""
    goal: Decimal | None = None
    """The sum that a campaign is to bring, in reais."""
    letter_cost: Decimal | None = None
    """The cost of a letter printed and posted, in reais."""
    counter_share: Decimal | None = None
    """The share of those who settled by themselves that would have come to a counter."""


@dataclass(frozen=True)
class Programme:
    """The share that a ruler's receipts have in all that came in for its taxes in a year, to the report's day."""

    year: int
    brought: Decimal
    received: Decimal

    @property
    def share(self) -> Decimal | None:
        return _share(self.brought, self.received)


@dataclass(frozen=True)
class Avoided:
    """The letters that were not printed, and the visits to a counter that were not made."""

    letters: int
    settled: int
    """Cases that paid, replied or signed an agreement by themselves, once notified."""
    assumed: Assumptions

    @property
    def letters_cost(self) -> Decimal | None:
        cost = self.assumed.letter_cost
        return None if cost is None else self.letters * cost

    @property
    def visits(self) -> int | None:
        share = self.assumed.counter_share
        return None if share is None else round(self.settled * share)


def _share(part: Decimal | int, whole: Decimal | int) -> Decimal | None:
    """A share as a fraction; none of nothing."""
    return Decimal(part) / Decimal(whole) if whole else None
