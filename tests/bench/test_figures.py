"""The benchmark's arithmetic; what it measures needs a stack."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bench.figures import at_most, percentile, share_of_bare, stated
from bench.scale import scale_asked
from models.errors import Refusal

SAMPLES = st.lists(st.floats(0, 1e6), min_size=1)


def test_a_percentile_is_the_nearest_rank() -> None:
    hundred = [float(n) for n in range(100, 0, -1)]
    assert [percentile(hundred, percent) for percent in (1, 50, 99, 100)] == [1, 50, 99, 100]
    assert percentile([3.0, 1.0, 2.0], 50) == 2.0
    assert percentile([7.0], 99) == 7.0


@given(SAMPLES, st.floats(0, 100))
def test_a_percentile_was_measured_and_so_many_are_not_above_it(samples: list[float], percent: float) -> None:
    found = percentile(samples, percent)
    assert found in samples
    assert sum(sample <= found for sample in samples) >= len(samples) * percent / 100


@given(SAMPLES, st.floats(0, 100), st.floats(0, 100))
def test_percentiles_never_fall(samples: list[float], one: float, other: float) -> None:
    assert percentile(samples, min(one, other)) <= percentile(samples, max(one, other))


def test_a_goal_beside_the_floor_is_met_from_its_share_on() -> None:
    assert share_of_bare(0.85, "rungs a second", 85, 100).met is True
    assert share_of_bare(0.85, "rungs a second", 84.9, 100).met is False


def test_a_limit_is_met_up_to_it_whatever_the_floor() -> None:
    assert at_most(12, "events", 12, 11).met is True
    assert at_most(12, "events", 13, 11).met is False


def test_what_is_only_stated_is_neither_met_nor_missed() -> None:
    assert stated("memory", 120.0).met is None


def test_an_unknown_size_is_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("BENCH", "huge")
    with pytest.raises(Refusal, match="BENCH is 'huge'"):
        scale_asked()
