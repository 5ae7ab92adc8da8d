"""The rate at which a cohort is started: never faster than asked for, and evenly."""

from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from activities.cohorts import RateLimit


@given(rate=st.floats(0.1, 1000), idle=st.lists(st.floats(0, 10), min_size=1, max_size=50))
def test_two_starts_are_never_closer_than_the_rate_allows(rate: float, idle: list[float]) -> None:
    rate_limit, now, transitions = RateLimit(rate), 0.0, []
    for seconds in idle:
        now += seconds
        transitions.append(now + rate_limit.wait(now))
    gaps = [later - earlier for earlier, later in pairwise(transitions)]
    assert all(gap >= 1 / rate - 1e-6 for gap in gaps)


def test_who_all_come_at_once_are_let_through_one_after_another() -> None:
    rate_limit = RateLimit(rate=4)
    assert [rate_limit.wait(7.0) for _ in range(4)] == [0, 0.25, 0.5, 0.75]


@pytest.mark.parametrize("now", [0.0, 100.0])
def test_nobody_waits_where_nobody_came_before(now: float) -> None:
    assert RateLimit(rate=0.1).wait(now) == 0


def test_a_silence_is_not_made_up_for_by_a_rush() -> None:
    rate_limit = RateLimit(rate=4)
    rate_limit.wait(0.0)
    assert [rate_limit.wait(60.0) for _ in range(3)] == [0, 0.25, 0.5]
