"""At most so many contacts a day and a week: never more, and never a day later than needed."""

from datetime import date, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from models.law.contact_caps import Limits, first_free_day, strictest
from tests.builders import ICMS, calendar_of

ALAGOAS = calendar_of(ICMS)
START = date(2026, 11, 3)
DUE = st.dates(START, START + timedelta(days=60))
LIMITS = st.builds(Limits, per_day=st.integers(1, 3), per_week=st.integers(1, 4))
CONTACTS = st.lists(st.integers(-10, 80).map(lambda n: START + timedelta(days=n)), max_size=20)


def keeps(limits: Limits, contacts: list[date], day: date) -> bool:
    """Whether all days and weeks with `day` in them keep the limits."""
    weeks = [day - timedelta(days=back) for back in range(7)]
    fullest = max(sum(first <= each < first + timedelta(days=7) for each in contacts) for first in weeks)
    return contacts.count(day) <= limits.per_day and fullest <= limits.per_week


@given(DUE, CONTACTS, LIMITS)
def test_one_more_contact_on_the_free_day_keeps_the_limits_and_on_none_before_it(
    due: date, contacted: list[date], limits: Limits
) -> None:
    free = first_free_day(due, contacted, limits, ALAGOAS)
    assert free >= due
    assert ALAGOAS.is_working(free)
    assert keeps(limits, [*contacted, free], free)
    for n in range((free - due).days):
        day = due + timedelta(days=n)
        assert not ALAGOAS.is_working(day) or not keeps(limits, [*contacted, day], day)


@given(st.lists(DUE, max_size=30), LIMITS)
def test_contacts_claimed_one_after_the_other_in_any_order_never_pass_the_limits(
    dues: list[date], limits: Limits
) -> None:
    contacted: list[date] = []
    for due in dues:
        contacted.append(first_free_day(due, contacted, limits, ALAGOAS))
    assert all(keeps(limits, contacted, day) for day in contacted)


@pytest.mark.parametrize(
    ("contacted", "free"),
    [
        ([], "2026-11-03"),
        (["2026-11-03"], "2026-11-04"),
        (["2026-10-29", "2026-10-30", "2026-11-02"], "2026-11-05"),  # the first of three is a week old then
        (["2026-11-04", "2026-11-06", "2026-11-09"], "2026-11-11"),  # the ones ahead count too
        (["2026-11-03", "2026-11-04", "2026-11-05"], "2026-11-10"),
    ],
)
def test_one_a_day_and_three_a_week_is_the_default(contacted: list[str], free: str) -> None:
    days = [date.fromisoformat(day) for day in contacted]
    assert first_free_day(START, days, Limits(), ALAGOAS) == date.fromisoformat(free)


def test_of_several_rulers_the_strictest_counts_in_each_limit() -> None:
    assert strictest([Limits(per_day=2, per_week=2), Limits()]) == Limits(per_day=1, per_week=2)
