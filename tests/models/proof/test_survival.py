from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from models.proof.survival import Day, curve, log_rank

# weeks of remission of 21 + 21 patients, the example that most textbooks use (Freireich et al., Blood 21, 1963)
TREATED = [
    *(Day(6, 3, 1), Day(7, 1, 0), Day(9, 0, 1), Day(10, 1, 1), Day(11, 0, 1), Day(13, 1, 0), Day(16, 1, 0)),
    *(Day(17, 0, 1), Day(19, 0, 1), Day(20, 0, 1), Day(22, 1, 0), Day(23, 1, 0), Day(25, 0, 1), Day(32, 0, 2)),
    *(Day(34, 0, 1), Day(35, 0, 1)),
]
PLACEBO = [
    Day(week, ended, 0)
    for week, ended in zip(
        (1, 2, 3, 4, 5, 8, 11, 12, 15, 17, 22, 23), (2, 2, 1, 2, 2, 4, 2, 2, 1, 1, 1, 1), strict=True
    )
]


def test_the_textbooks_curve() -> None:
    treated = curve(TREATED)
    assert [point.day for point in treated.points][:4] == [6, 7, 9, 10]
    assert [1 - point.paid for point in treated.points][:4] == pytest.approx([0.857, 0.807, 0.807, 0.753], abs=0.0005)
    assert treated.median == 23
    assert curve(PLACEBO).median == 8


def test_the_textbooks_log_rank_test() -> None:
    """χ² = 16.79."""
    p = log_rank(TREATED, PLACEBO)
    assert p == pytest.approx(4.17e-5, rel=0.01)
    assert log_rank(PLACEBO, TREATED) == pytest.approx(p)


def test_half_never_pay() -> None:
    found = curve([Day(3, 4, 0), Day(30, 0, 6)])
    assert found.median is None
    assert [(point.day, round(point.paid, 6)) for point in found.points] == [(3, 0.4), (30, 0.4)]


def test_where_nothing_can_be_compared_nothing_is_said() -> None:
    nobody_paid, all_at_once = [Day(30, 0, 9)], [Day(2, 9, 0)]
    assert log_rank([], TREATED) is None
    assert log_rank(TREATED, []) is None
    assert log_rank(nobody_paid, nobody_paid) is None
    assert log_rank(all_at_once, all_at_once) is None
    assert curve([]).points == ()
    assert [(point.paid, point.low, point.high) for point in curve(nobody_paid).points] == [(0, None, None)]
    assert curve(all_at_once).median == 2


days = st.lists(st.builds(Day, st.integers(0, 40), st.integers(0, 5), st.integers(0, 5)), max_size=12)


@given(days, days)
def test_more_and_more_have_paid_and_no_figure_is_no_number(ours: list[Day], theirs: list[Day]) -> None:
    points = curve(ours).points
    assert all(one.paid <= other.paid + 1e-12 for one, other in pairwise(points))
    for point in points:
        assert (point.low is None) is (point.high is None)
        if point.low is not None and point.high is not None:
            assert -1e-12 <= point.low <= point.paid + 1e-12
            assert point.paid <= point.high + 1e-12 <= 1 + 2e-12
    p = log_rank(ours, theirs)
    assert p is None or 0 <= p <= 1
