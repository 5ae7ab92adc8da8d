"""How an instalment agreement breaks: until when a payment prevents it, and what may follow."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import date, timedelta

from dateutil.relativedelta import relativedelta

from models.agreement.policy import DefaultRule, Policy, Regime
from models.errors import Refusal


def default_rule(policy: Policy, regime: Regime) -> DefaultRule:
    rule = policy.terms_of(regime).default
    if rule is None:
        raise Refusal(f"{policy.agreement} doesn't say when an agreement breaks; add `default` to its terms")
    return rule


def broken_by(policy: Policy, regime: Regime, open_dues: Iterable[date]) -> date | None:
    """The due date of the instalment that breaks the agreement if all of `open_dues` stay unpaid; None: not yet one."""
    rule = default_rule(policy, regime)
    dues = sorted(open_dues)
    return dues[rule.open_instalments - 1] if len(dues) >= rule.open_instalments else None


def breaks_on(policy: Policy, regime: Regime, open_dues: Iterable[date]) -> date | None:
    """The day on which the agreement breaks unless a payment dated that day or before prevents it."""
    due = broken_by(policy, regime, open_dues)
    if due is None or default_rule(policy, regime).until == "due_date":
        return due
    return last_banking_day(policy, due + relativedelta(months=1))


def last_banking_day(policy: Policy, month: date) -> date:
    day = month + relativedelta(day=31)
    calendar = policy.calendar(month.year)
    while not calendar.is_working(day):
        day -= timedelta(days=1)
    return day


def decided_on(policy: Policy, breaks: date) -> date:
    """The day from which the break is certain: payments dated in time have been processed by then."""
    return policy.calendar(breaks.year).after(breaks, policy.aftermath.processing) if policy.aftermath else breaks


def payable(policy: Policy, regime: Regime, due: date, last_due: date, on: date) -> bool:
    """Whether the instalment due on `due` can be paid on `on`, in an agreement whose last one is due on `last_due`."""
    if on <= due:
        return True
    if default_rule(policy, regime).overdue_paid == "after_the_last":
        return on > last_due
    until = breaks_on(policy, regime, [due])
    return until is None or on <= until


def new_agreement_from(policy: Policy, regime: Regime, broken_due: date) -> date:
    """The first day of a new agreement after the one that the instalment due on `broken_due` broke."""
    return broken_due + timedelta(days=default_rule(policy, regime).new_agreement_after_days)
