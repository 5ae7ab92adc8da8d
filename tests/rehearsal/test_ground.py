"""The demo wipes its own home, and refuses anybody else's."""

from pathlib import Path

import pytest

from embedded.home import Home, only_stack
from models.errors import Refusal
from rehearsal.ground import clear


@pytest.fixture
def home(tmp_path: Path) -> Home:
    return Home(tmp_path / "home")


def test_an_empty_folder_becomes_the_demos(home: Home) -> None:
    assert list(clear(home).iterdir()) == []
    assert (home / "DEMO").is_file()


def test_a_home_with_a_real_database_is_refused_and_left_alone(home: Home) -> None:
    data = home.postgres / "data"
    data.mkdir()
    with pytest.raises(Refusal, match="not a demo's"):
        clear(home)
    assert data.is_dir()


def test_the_demos_own_home_is_wiped_of_what_the_stack_wrote_and_of_nothing_else(home: Home) -> None:
    clear(home)
    (home.postgres / "data").mkdir()
    (home / "temporal.db").touch()
    (home.outbox / "letter.eml").touch()
    (home / "notes.txt").touch()
    clear(home)
    assert not (home / "temporal.db").exists()
    assert list(home.postgres.iterdir()) == list(home.outbox.iterdir()) == []
    assert (home / "notes.txt").exists()


def test_a_home_in_which_a_stack_runs_is_refused(home: Home) -> None:
    clear(home)
    (home / "temporal.db").touch()
    with only_stack(home), pytest.raises(Refusal, match="already running"):
        clear(home)
    assert (home / "temporal.db").exists()
