"""A small storm on the whole stack; `make chaos` is the large one, and compares it with an undisturbed run."""

from contextlib import nullcontext
from datetime import date
from pathlib import Path

from embedded.home import Home
from tests.chaos.run import Town, bearable, endure
from tests.chaos.storm import CLOSURES, VICTIMS, Blow, draw


def test_nothing_is_lost_done_twice_or_left_behind(tmp_path: Path) -> None:
    """The worker is spared: what it was at would be taken up again a minute later, which `make chaos` waits for."""
    town = Town(seed=4, people=10, days=40, day_seconds=bearable(10))
    storm = draw(town.seed, kills=3, closures=2, seconds=town.seconds)
    outcome = endure(town, storm, Home(tmp_path), nullcontext(lambda today, tally: None))
    assert outcome.faults == []
    assert set(outcome.injected) == {*VICTIMS, *CLOSURES} - {Blow.WORKER}
    assert outcome.account.payments_applied == outcome.account.payments_accepted > 0
    assert outcome.account.notices["sent"] > 0


def test_the_last_day_is_one_on_which_people_may_be_contacted() -> None:
    """28/10/2026 is off in Alagoas, 31/10 a Saturday, and Monday 02/11 All Souls' day."""
    assert Town(seed=1, people=1, days=240, day_seconds=1).last_day == date(2026, 10, 29)
    assert Town(seed=1, people=1, days=243, day_seconds=1).last_day == date(2026, 11, 3)
