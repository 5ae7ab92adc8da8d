"""The rest that is left of a debt, and which payments are off it already: cases worked out by hand."""

from datetime import date, timedelta
from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from models.intake.statement import Deducted, Paid, deducted

DAY = date(2026, 11, 27)


def off(left: int, *paid: tuple[int, int], lodged: int = 1000, since: int = 30) -> tuple[int, bool]:
    """The part of payments, each so many days before the extract, that it has deducted, and if that is contradicted."""
    came_in = [Paid(DAY - timedelta(days=ago), Decimal(amount)) for ago, amount in paid]
    told = deducted(Decimal(left), DAY, Decimal(lodged), came_in, DAY - timedelta(days=since))
    return int(told.amount), told.contradicted


@pytest.mark.parametrize(
    ("left", "paid", "expected"),
    [
        (400, [(2, 600)], (600, False)),  # what is left says so
        (1000, [(2, 600)], (0, False)),  # the source can't know yet
        (400, [(20, 600)], (600, False)),
        (404, [(20, 600)], (600, False)),  # with interest
        (1000, [(20, 600)], (600, True)),  # it must know, and doesn't
        (1008, [(20, 600)], (600, True)),  # nor with interest
        (1000, [(0, 600)], (0, False)),  # of the very day
        (400, [(0, 600)], (600, False)),
        (400, [(-1, 600)], (0, False)),  # of the day after: the source had another reason
        (700, [(20, 300), (1, 200)], (300, False)),
        (500, [(20, 300), (1, 200)], (500, False)),
        (1020, [(20, 10)], (10, False)),  # growth hides it
        (1000, [(20, 10)], (10, True)),  # unless nothing grew
        (300, [], (0, False)),  # paid at the source alone
    ],
)
def test_the_amount_tells_what_the_calendar_can_not(
    left: int, paid: list[tuple[int, int]], expected: tuple[int, bool]
) -> None:
    assert off(left, *paid) == expected


def test_what_was_deducted_before_is_not_looked_for_again() -> None:
    """400 was left of 1000 after 600; nothing happened since."""
    assert off(400, (40, 600), lodged=1000) == (600, False)
    assert off(100, (40, 600), (20, 300), lodged=1000) == (900, False)


@given(st.lists(st.tuples(st.integers(1, 60), st.integers(1, 400)), max_size=6))
def test_a_source_that_deducts_all_at_once_is_always_understood(paid: list[tuple[int, int]]) -> None:
    paid = sorted(paid, reverse=True)
    total = sum(amount for _, amount in paid)
    came_in = [Paid(DAY - timedelta(days=ago), Decimal(amount)) for ago, amount in paid]
    told = deducted(Decimal(5000 - total), DAY, Decimal(5000), came_in)
    assert told == Deducted(Decimal(total))


@given(st.lists(st.tuples(st.integers(-3, 60), st.integers(1, 400)), max_size=6), st.integers(0, 6000))
def test_no_more_is_deducted_than_was_paid_by_that_day_and_no_less_than_must_be_known(
    paid: list[tuple[int, int]], left: int
) -> None:
    paid = sorted(paid, reverse=True)
    told, _ = off(left, *paid, lodged=5000)
    assert told <= sum(amount for ago, amount in paid if ago >= 0)
    assert told >= sum(amount for ago, amount in paid if ago > 5)
