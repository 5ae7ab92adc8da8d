"""A hold on a case: what leaves the balance, when the clock stands still, and with which wait it goes on."""

from datetime import date, timedelta
from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from models.case.status import Status
from models.case.step import Action
from models.law.calendar import Standstill, Unit, Wait
from models.law.term import term_of
from tests.builders import ICMS, calendar_of, debt, filing, missing, months
from tests.models.case.test_decision import PaperCase, asking, defaulter, paper, suspended, unpaid


def look(case: PaperCase, on: date) -> None:
    case.today = on
    case.sit()


def test_a_held_debt_leaves_the_balance_and_the_rest_goes_on() -> None:
    a, b = months(2)
    case = paper(([debt(a, "700.00"), debt(b, "300.00")], [filing(a, "700.00"), filing(b, "300.00")])).climb(1)
    before = case.step.on
    case.hold("injunction", which=a)
    assert case.facts.balance == Decimal("300.00")
    assert (case.step.action, case.step.on) == (Action.NOTIFY, before)
    assert "300,00" in case.step.reason
    assert "700,00" not in case.step.reason


def test_the_case_is_on_hold_when_all_is_and_says_on_which_grounds() -> None:
    case = unpaid().climb(1)
    case.hold("deposit", "bankruptcy")
    assert case.step.status is Status.ON_HOLD
    assert "depósito do montante integral (CTN art. 151, II)" in case.step.reason
    assert "falência" in case.step.reason
    case.hold("bankruptcy")
    assert case.facts.on_hold
    case.hold()
    assert not case.facts.on_hold


@pytest.mark.parametrize("returns", [1, 2])
def test_a_return_outstanding_goes_on_whatever_is_held(returns: int) -> None:
    periods = months(returns + 1)
    owed = periods[-1]
    case = paper(([debt(owed)], [*(missing(p) for p in periods[:-1]), filing(owed)])).climb(1)
    case.hold("judicial_order", which=owed)
    assert case.step.status is Status.RUNNING
    case.climb(2)
    assert {row for row, _ in case.path} == {"h3" if returns == 1 else "h4"}


def test_a_hold_ends_by_itself_the_day_after_its_last() -> None:
    case = unpaid().climb(1)
    case.today = date(2026, 11, 5)
    case.hold("moratorium", until=date(2026, 12, 10))
    assert (case.step.action, case.step.on) == (Action.WAIT, date(2026, 12, 11))
    assert case.step.reason.endswith("até 10/12/2026")
    look(case, date(2026, 12, 10))
    assert case.facts.on_hold
    look(case, date(2026, 12, 11))
    assert case.step.status is Status.RUNNING


@given(unit=st.sampled_from(Unit), days=st.integers(1, 40), held_after=st.integers(0, 60), held=st.integers(1, 200))
def test_the_remaining_wait_is_left_not_the_whole_and_not_nothing(
    unit: Unit, days: int, held_after: int, held: int
) -> None:
    """Tuesday 03/11/2026, a working day before another: each day that counts is one on which the clock ran."""
    calendar, sent = calendar_of(ICMS), date(2026, 11, 3)
    stopped = sent + timedelta(days=held_after)
    still = Standstill(stopped=stopped, resumed=stopped + timedelta(days=held))
    last = term_of(sent, Wait(days=days, unit=unit), calendar, stood=[still]).last_day
    ran = [day for day in (sent + timedelta(days=n) for n in range(1, 500)) if not stopped < day <= still.resumed]
    first = next(day for day in ran if calendar.is_working(day))
    counted = [day for day in ran if calendar.is_working(day) or (unit is Unit.LEGAL and day > first)]
    assert last == next(day for day in ran if day >= counted[days - 1] and calendar.is_working(day))


def test_days_of_a_hold_that_came_to_be_known_later_are_given_back() -> None:
    known_late, known_at_once = unpaid().climb(1), unpaid().climb(1)
    began = known_late.notified[0].at + timedelta(days=2)
    known_at_once.today = began
    known_at_once.hold("injunction", since=began)
    known_late.today = began + timedelta(days=3)
    known_late.hold("injunction", since=began)
    for case in (known_late, known_at_once):
        case.today = date(2027, 2, 1)
        case.hold()
    assert known_late.step.on == known_at_once.step.on


def test_no_day_before_the_last_notice_is_given_back() -> None:
    case = unpaid().climb(2)
    case.hold("injunction", since=date(2026, 1, 1))
    assert case.state.clock.stopped_on == case.notified[-1].at


def test_the_hold_that_ends_last_decides_where_a_debt_has_several() -> None:
    a, b = months(2)
    case = paper(([debt(a), debt(b)], [filing(a), filing(b)])).climb(1)
    case.hold("deposit", until=date(2026, 12, 10), which=a)
    case.hold("death", which=b)
    assert case.step.on == date(2026, 12, 11), "the first of them to end is the day to look again"
    look(case, date(2026, 12, 11))
    assert case.facts.balance == case.debts[a].balance


def test_a_pause_over_working_days_leaves_as_many_of_them() -> None:
    """Friday, paused on Monday and Tuesday: these two days were not waited."""
    calendar, friday = calendar_of(ICMS), date(2026, 11, 6)
    still = Standstill(stopped=date(2026, 11, 9), resumed=date(2026, 11, 11))
    five = Wait(days=5, unit=Unit.BUSINESS)
    assert calendar.after(friday, five) == date(2026, 11, 13)
    assert term_of(friday, five, calendar, stood=[still]).last_day == date(2026, 11, 17)


def test_a_suspended_benefit_is_given_back_when_all_is_held() -> None:
    case = suspended()
    *some, last = case.debts
    for which in some:
        case.hold("injunction", which=which)
    assert (case.step.status, case.step.action) == (Status.BENEFITS_SUSPENDED, Action.WAIT)
    case.hold("injunction", which=last)
    assert case.step.action is Action.REINSTATE
    case.carry_out()
    case.carry_out()
    assert [act.step.action for act in case.acts[-2:]] == [Action.REINSTATE, Action.INFORM]
    assert case.facts.on_hold


def test_a_hold_on_one_debt_makes_an_approval_lapse() -> None:
    case = asking()
    case.approve_by("Bruno")
    assert case.step.action is Action.SUSPEND
    case.hold("data_under_review", which=next(iter(case.debts)))
    assert case.step.action is not Action.SUSPEND
    assert case.state.approvers == ()


def test_who_is_held_below_the_thresholds_is_no_persistent_defaulter() -> None:
    case = defaulter()
    for which in list(case.debts)[:2]:
        case.hold("injunction", which=which)
    assert case.facts.balance < 15_000_000
    assert case.state.row == "h8", "a case never falls below the row it stands on while its kind is open"
