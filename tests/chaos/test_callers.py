"""Callers from outside go on until a call is taken, also when that was not the first of its calls."""

from datetime import UTC, datetime, timedelta
from functools import partial

from tests.chaos.callers import Callers

NOW = datetime(2026, 3, 2, tzinfo=UTC)


def test_calls_overtake_each_other_and_some_are_made_twice() -> None:
    callers, made = Callers(seed=1, latest=timedelta(seconds=1)), list[int]()

    def take(number: int) -> bool:
        made.append(number)
        return True

    for number in range(100):
        callers.ask(partial(take, number), NOW)
    callers.live(NOW + timedelta(seconds=1))
    assert callers.idle
    assert set(made) == set(range(100))
    assert len(made) > 100
    assert made != sorted(made)


def test_what_is_not_taken_is_called_again() -> None:
    callers, answers = Callers(seed=1, latest=timedelta(0)), [False, False, True, True]
    callers.ask(lambda: answers.pop(0), NOW)
    for second in range(5):
        callers.live(NOW + timedelta(seconds=second))
    assert callers.idle
    assert len(answers) <= 1
