from contextlib import suppress
from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from models.errors import Refusal
from models.percentages import points_of, share_of


@pytest.mark.parametrize("written", ["6%", "6 %", "6,0%", "06.00%", "0.06", "0,06", " 6% "])
def test_a_share_is_read_however_it_is_written(written: str) -> None:
    assert share_of(written) == Decimal("0.06")


@pytest.mark.parametrize("written", ["1pp", "1 pp", "1,0 p.p.", "1PP"])
def test_points_are_read_however_they_are_written(written: str) -> None:
    assert points_of(written) == Decimal("0.01")


@pytest.mark.parametrize("written", ["6", "0%", "100%", "1", "-6%", "", "%", "6%%", "NaN", "1e3", "six", "6pp", "٦%"])
def test_what_is_no_share_is_refused_with_an_example(written: str) -> None:
    with pytest.raises(Refusal, match=r"write for example 6% or 0\.06"):
        share_of(written)


@pytest.mark.parametrize("written", ["1%", "1", "0pp", "100pp", "-1pp", "pp", ""])
def test_what_is_no_difference_is_refused_with_an_example(written: str) -> None:
    with pytest.raises(Refusal, match=r"write for example 1pp or 0\.5pp"):
        points_of(written)


@given(st.text(max_size=12))
def test_nothing_else_than_a_share_or_a_refusal(written: str) -> None:
    with suppress(Refusal):
        assert 0 < share_of(written) < 1
