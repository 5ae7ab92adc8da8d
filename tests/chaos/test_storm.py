"""A storm is the same whenever its seed is, and nothing that it closes stays closed."""

from pathlib import Path

import pytest

from channels.file_transport import keep
from embedded.home import Home
from tests.chaos.storm import VICTIMS, Blow, FileTransport, draw


def test_the_same_seed_draws_the_same_storm() -> None:
    assert draw(7, 24, 4, seconds=100) == draw(7, 24, 4, seconds=100) != draw(8, 24, 4, seconds=100)


def test_every_process_is_killed_and_everything_is_closed_in_turn() -> None:
    blows = [strike.blow for strike in draw(7, 24, 4, seconds=100)]
    assert {blow: blows.count(blow) for blow in blows} == {
        **dict.fromkeys(VICTIMS, 6),
        Blow.OUTBOX: 2,
        Blow.PROVIDERS: 2,
    }


def test_every_fault_there_is_can_be_drawn() -> None:
    assert {strike.blow for strike in draw(7, 4, 2, seconds=100, others=5)} == set(Blow)


def test_blows_fall_early_enough_to_be_caught_up_with() -> None:
    assert all(3 <= strike.at <= 80 for strike in draw(7, 24, 4, seconds=100))


def test_a_closed_folder_takes_nothing_whoever_writes(tmp_path: Path) -> None:
    home = Home(tmp_path)
    home.create()
    outbox = FileTransport(home)
    outbox.close()
    with pytest.raises(FileExistsError):
        keep(home / "outbox" / "c1-00-email.eml", b"")
    outbox.open()
    keep(home / "outbox" / "c1-00-email.eml", b"")
    assert outbox.notices == {"c1-00-email": 1}
