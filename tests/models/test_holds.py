"""What a hold does to a case: what leaves the balance, when the clock stands still, and with which wait it goes on."""

from datetime import date, timedelta
from decimal import Decimal

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from models.case import Status
from models.step import Action
from tests.builders import debt, filing, missing, months
from tests.models.test_decision import PaperCase, asking, defaulter, dwelt, paper, suspended, unpaid

ONLY = "2026-09"


def hold(
    case: PaperCase, *grounds: str, since: date | None = None, until: date | None = None, which: str = ONLY
) -> None:
    held = {"grounds": grounds, "held_since": since, "held_until": until}
    case.debts[which] = case.debts[which].model_copy(update=held)
    case.sit()


def look(case: PaperCase, on: date) -> None:
    """As a sitting does on that day: holds whose last day is over are lifted first."""
    case.today = on
    for which, owed in case.debts.items():
        if owed.held_until and owed.held_until < on:
            lifted = {"grounds": (), "held_since": None, "held_until": None}
            case.debts[which] = owed.model_copy(update=lifted)
    case.sit()


def test_a_held_debt_leaves_the_balance_and_the_rest_goes_on() -> None:
    a, b = months(2)
    case = paper(([debt(a, "700.00"), debt(b, "300.00")], [filing(a, "700.00"), filing(b, "300.00")])).climb(1)
    before = case.step.on
    hold(case, "injunction", which=a)
    assert case.standing.balance == Decimal("300.00")
    assert (case.step.action, case.step.on) == (Action.NOTIFY, before)
    assert "300,00" in case.step.reason
    assert "700,00" not in case.step.reason


def test_the_case_is_on_hold_when_all_is_and_says_on_which_grounds() -> None:
    case = unpaid().climb(1)
    hold(case, "deposit", "bankruptcy")
    assert case.step.status is Status.ON_HOLD
    assert "depósito do montante integral (CTN art. 151, II)" in case.step.reason
    assert "falência" in case.step.reason
    hold(case, "bankruptcy")
    assert case.step.status is Status.ON_HOLD
    hold(case)
    assert case.step.status is Status.RUNNING


@pytest.mark.parametrize("returns", [1, 2])
def test_a_return_outstanding_goes_on_whatever_is_held(returns: int) -> None:
    periods = months(returns + 1)
    owed = periods[-1]
    case = paper(([debt(owed)], [*(missing(p) for p in periods[:-1]), filing(owed)])).climb(1)
    hold(case, "judicial_order", which=owed)
    assert case.step.status is Status.RUNNING
    case.climb(2)
    assert {row for row, _ in case.path} == {"h3" if returns == 1 else "h4"}


def test_a_hold_ends_by_itself_the_day_after_its_last() -> None:
    case = unpaid().climb(1)
    case.today = date(2026, 11, 5)
    hold(case, "moratorium", until=date(2026, 12, 10))
    assert (case.step.action, case.step.on) == (Action.WAIT, date(2026, 12, 11))
    assert case.step.reason.endswith("até 10/12/2026")
    look(case, date(2026, 12, 10))
    assert case.step.status is Status.ON_HOLD
    look(case, date(2026, 12, 11))
    assert case.step.status is Status.RUNNING


@given(held_on=st.integers(0, 6), days=st.integers(1, 400))
@settings(max_examples=40, deadline=None)
def test_the_remaining_wait_is_left_not_the_whole_and_not_nothing(held_on: int, days: int) -> None:
    case = unpaid().climb(1)
    since = case.notified[0].at + timedelta(days=held_on)
    case.today = since
    last = since + timedelta(days=days - 1)
    hold(case, "injunction", until=last)
    look(case, last + timedelta(days=1))
    left = dwelt(case, case.notified[0].at, "h1", 0) - since
    assert case.step.on is not None
    assert case.step.on >= case.today
    assert case.step.on >= case.today + left - timedelta(days=1), "what was left of the wait is gone"
    assert case.step.on <= dwelt(case, case.today, "h1", 0) or held_on == 0, "the wait begins anew"


def test_days_of_a_hold_that_came_to_be_known_later_are_given_back() -> None:
    known_late, known_at_once = unpaid().climb(1), unpaid().climb(1)
    began = known_late.notified[0].at + timedelta(days=2)
    known_at_once.today = began
    hold(known_at_once, "injunction", since=began)
    known_late.today = began + timedelta(days=3)
    hold(known_late, "injunction", since=began)
    for case in (known_late, known_at_once):
        case.today = date(2027, 2, 1)
        hold(case)
    assert known_late.step.on == known_at_once.step.on


def test_no_day_before_the_last_notice_is_given_back() -> None:
    case = unpaid().climb(2)
    hold(case, "injunction", since=date(2026, 1, 1))
    assert case.position.stopped_on == case.notified[-1].at


def test_the_hold_that_ends_last_decides_where_a_debt_has_several() -> None:
    a, b = months(2)
    case = paper(([debt(a), debt(b)], [filing(a), filing(b)])).climb(1)
    hold(case, "deposit", until=date(2026, 12, 10), which=a)
    hold(case, "death", which=b)
    assert case.step.on == date(2026, 12, 11), "the first of them to end is the day to look again"
    look(case, date(2026, 12, 11))
    assert case.standing.balance == case.debts[a].balance


def test_a_suspended_benefit_is_given_back_when_all_is_held() -> None:
    case = suspended()
    *some, last = case.debts
    for which in some:
        hold(case, "injunction", which=which)
    assert case.step.status is Status.BENEFITS_SUSPENDED
    assert case.step.action is Action.WAIT
    hold(case, "injunction", which=last)
    assert case.step.action is Action.REINSTATE
    case.carry_out()
    case.carry_out()
    assert [act.step.action for act in case.acts[-2:]] == [Action.REINSTATE, Action.INFORM]
    assert case.step.status is Status.ON_HOLD


def test_a_hold_on_one_debt_makes_an_approval_lapse() -> None:
    case = asking()
    case._judge(case.position.approved("Bruno", case.standing.fingerprint))
    assert case.step.action is Action.SUSPEND
    hold(case, "data_under_review", which=next(iter(case.debts)))
    assert case.step.action is not Action.SUSPEND
    assert case.position.approvers == ()


def test_who_is_held_below_the_thresholds_is_no_persistent_defaulter() -> None:
    case = defaulter()
    for which in list(case.debts)[:2]:
        hold(case, "injunction", which=which)
    assert case.standing.balance < 15_000_000
    assert case.position.row == "h8", "a case never falls below the row it stands on while its kind is open"
