"""Days before a day (L33): a reminder leaves at least its wait before an instalment is due."""

from datetime import date
from decimal import Decimal

import pytest

from models.agreement.deal import Deal, Paid
from models.agreement.instalments import live
from models.agreement.quote import Instalment, Request
from models.law.calendar import Unit, Wait
from storage.agreement.policy_files import load_policy
from tests.agreement_world import BH

EACH = Decimal("100.00")


def reminded_on(due: date, wait: Wait) -> date:
    """The day of the reminder of the second of two instalments, the first of which is paid."""
    policy = load_policy(BH).policy
    policy = policy.model_copy(update={"notices": policy.notices.model_copy(update={"remind_before": wait})})
    signed = date(2026, 11, 3)
    request = Request(2 * EACH, signed, kind=next(iter(policy.debt_kinds)), instalments=2)
    schedule = (Instalment(1, signed, EACH), Instalment(2, due, EACH))
    life = live(Deal(policy, request, schedule, Decimal(0), Decimal(0)), [Paid(1, signed, EACH, 1)], signed)
    if life.step is None or life.step.kind != "reminder":
        raise RuntimeError(f"nobody is reminded: {life}")
    return life.step.on


@pytest.mark.parametrize(
    ("due", "days", "on"),
    [
        (date(2026, 12, 14), 5, date(2026, 12, 9)),  # Monday; Wednesday
        (date(2026, 12, 17), 5, date(2026, 12, 11)),  # Thursday; the fifth day before is a Saturday
        (date(2026, 12, 15), 7, date(2026, 12, 7)),  # Tuesday; the 8th is a holiday in Belo Horizonte
        (date(2026, 12, 16), 10, date(2026, 12, 4)),  # Wednesday; the tenth day before is a Sunday
    ],
)
def test_l33_legal_days_before_a_due_date_are_days_of_the_week(due: date, days: int, on: date) -> None:
    assert reminded_on(due, Wait(days=days, unit=Unit.LEGAL)) == on


@pytest.mark.parametrize(
    ("due", "days", "on"),
    [(date(2026, 12, 14), 5, date(2026, 12, 4)), (date(2026, 12, 11), 3, date(2026, 12, 7))],
)
def test_l33_business_days_are_working_days(due: date, days: int, on: date) -> None:
    """08/12, the day of the city's patron saint, is none."""
    assert reminded_on(due, Wait(days=days, unit=Unit.BUSINESS)) == on
