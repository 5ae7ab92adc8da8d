"""A matter on paper: a case without a record, brought to the day and the state that a casebook's example begins at."""

from dataclasses import dataclass
from datetime import date, timedelta
from decimal import Decimal
from typing import Any, Self

from models.case.facts import BrokenAgreement, CaseFacts
from models.case.step import Action
from tests import builders
from tests.builders import Facts
from tests.models.case.test_decision import BEFORE_COURT, PaperCase

MILLIONS = "4000000.00"
"""Owed by each of four periods: a persistent defaulter by the thresholds of LC 225/2026."""


@dataclass
class Matter(PaperCase):
    broken: BrokenAgreement | None = None

    @property
    def facts(self) -> CaseFacts:
        return super().facts.model_copy(update={"broken_agreement": self.broken})

    def on(self, day: date) -> Self:
        self.today = day
        self.sit()
        return self

    def pay_all(self) -> None:
        for which, owed in list(self.debts.items()):
            if owed.balance > 0:
                self.pay(owed.balance, which)

    def hold_all(self, *grounds: str, since: date | None = None) -> None:
        for which in self.debts:
            self.hold(*grounds, which=which, since=since)


def matter(facts: Facts, start: date, name: str = builders.ICMS, **more: Any) -> Matter:
    debts, filings = facts
    named = {debt.period or debt.id: debt for debt in debts}
    return Matter(named, {f.period: f for f in filings}, name=name, today=start, **more)


def month_before(day: date, months: int) -> str:
    year, month = divmod(day.year * 12 + day.month - 1 - months, 12)
    return f"{year}-{month + 1:02}"


def defaulter(start: date, periods: int = 4, each: str | Decimal = MILLIONS, **more: Any) -> Matter:
    """Four consecutive months of declared ICMS unpaid, all due before `start`."""
    facts = builders.unpaid(periods, str(each), last=month_before(start, 2))
    return matter(facts, start, compressed=False, **more)


def last_notice_served(served: date, **more: Any) -> Matter:
    """A persistent defaulter whose final notice had left before `served`, the day he was served it."""
    case = defaulter(served - timedelta(days=24), **more)
    case.climb(1)
    case.serve_the_last()
    case.climb(1)
    case.on(served).serve_the_last()
    if case.notices[-1].served_on != served:
        raise RuntimeError(f"the final notice was to be served on {served}: {case.notices}")
    return case


def asking(served: date = date(2026, 9, 1), **more: Any) -> Matter:
    """The same, whose suspension awaits approval."""
    case = last_notice_served(served, **more)
    case.climb_until(Action.ASK_APPROVAL)
    case.carry_out()
    return case


def suspended(**more: Any) -> Matter:
    """The same, suspended and told so."""
    case = asking(**more)
    case.approve()
    case.carry_out()
    case.carry_out()
    if not was_suspended(case):
        raise RuntimeError(f"never suspended: {case.step}")
    return case


def was_suspended(case: Matter) -> bool:
    return any(act.step.action is Action.SUSPEND for act in case.acts)


def registered(start: date = date(2026, 11, 3), **more: Any) -> Matter:
    return matter(builders.inscribed(), start, name=builders.REGISTERED, prior_steps=BEFORE_COURT, **more)
