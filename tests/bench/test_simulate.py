"""The campaign on paper: its queue and its sums, worked out by hand."""

from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bench.simulate import COSTS, PAYMENT, RUNG, START, Happening, by_hour, drawn, longest_wait, needs, starts
from tests.builders import REGISTERED, shipped

EIGHT = datetime(2026, 3, 2, 8, tzinfo=UTC)
HOUR = timedelta(hours=1)


def asked(*seconds: float) -> dict[datetime, float]:
    return {EIGHT + n * HOUR: each for n, each in enumerate(seconds)}


def test_what_fits_into_its_hour_waits_for_nothing() -> None:
    assert longest_wait(asked(3600, 1800, 3600), processors=1) == 0


def test_what_does_not_fit_waits_and_is_done_in_the_hours_after_it() -> None:
    # 1800 s are left after the first hour, and 3600 s after the second
    assert longest_wait(asked(5400, 5400, 0), processors=1) == 1.0
    assert longest_wait(asked(5400, 5400, 0), processors=2) == 0


def test_hours_in_which_nothing_comes_work_the_queue_off() -> None:
    late = {EIGHT: 7200.0, EIGHT + 3 * HOUR: 3600.0}
    assert longest_wait(late, processors=1) == 1.0
    at_once = {EIGHT: 7200.0, EIGHT + HOUR: 3600.0, EIGHT + 2 * HOUR: 3600.0}
    assert longest_wait(at_once, processors=1) == 1.0


@given(st.lists(st.floats(0, 1e6), min_size=1, max_size=20), st.integers(1, 50))
def test_another_processor_never_makes_anybody_wait_longer(seconds: list[float], processors: int) -> None:
    assert longest_wait(asked(*seconds), processors + 1) <= longest_wait(asked(*seconds), processors)


def test_each_process_is_asked_for_what_each_thing_costs() -> None:
    happened = [
        (Happening(EIGHT, RUNG), 1000.0),
        (Happening(EIGHT, START), 500.0),
        (Happening(EIGHT + HOUR, RUNG), 1.0),
    ]
    worker = by_hour(happened)["worker"]
    assert worker[EIGHT] == pytest.approx(COSTS[RUNG]["worker"] + COSTS[START]["worker"] / 2)
    assert worker[EIGHT + HOUR] == pytest.approx(COSTS[RUNG]["worker"] / 1000)


def test_enough_processors_leave_nothing_waiting_for_more_than_an_hour() -> None:
    [need] = needs({"worker": asked(10 * 3600, 0, 0)})
    assert (need.processor_hours, need.busiest, need.enough) == (10, 10, 5)


def test_a_cohort_is_started_at_its_rate() -> None:
    # 500 a second are 1.8 million an hour
    counts = starts(4_000_000, EIGHT)
    assert [counts[Happening(EIGHT + n * HOUR, START)] for n in range(4)] == [1_800_000, 1_800_000, 400_000, 0]


def test_lives_that_are_drawn_climb_in_contact_hours_and_some_pay() -> None:
    ruler = shipped(REGISTERED)
    lives = [*drawn(ruler, ruler.jurisdiction.days_off(2025), EIGHT, sample=200, seed=1)]
    assert lives == [*drawn(ruler, ruler.jurisdiction.days_off(2025), EIGHT, sample=200, seed=1)]
    kinds = [life.kind for life in lives]
    assert kinds.count(RUNG) >= 200
    assert 0 < kinds.count(PAYMENT) < 200
