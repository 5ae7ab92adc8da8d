"""A storm is the same whenever its seed is, and nothing that it closes stays closed."""

import resource
import subprocess
import sys
from pathlib import Path

import psycopg
import pytest

from channels.file_transport import keep
from embedded.home import Home
from tests.chaos.storm import VICTIMS, Blow, FileTransport, draw, limit_files, take_all_connections


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
    assert {strike.blow for strike in draw(7, 4, 2, seconds=100, others=6)} == set(Blow)


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


def test_nobody_gets_in_while_all_connections_are_taken(database: str) -> None:
    held = take_all_connections(database)
    try:
        with pytest.raises(psycopg.OperationalError, match=r"too many clients|connection slots"):
            psycopg.connect(database)
    finally:
        for connection in held:
            connection.close()
    psycopg.connect(database).close()


WRITES = """
import sys
for line in sys.stdin:
    try:
        with open(sys.argv[1], "ab") as file:
            file.write(b"x")
        print("written", flush=True)
    except OSError as error:
        print(error.strerror, flush=True)
"""


def told_to_write(process: subprocess.Popen[str]) -> str:
    assert process.stdin
    assert process.stdout
    print("write", file=process.stdin, flush=True)
    return process.stdout.readline().strip()


def test_on_a_full_disk_nothing_is_written_until_there_is_room(tmp_path: Path) -> None:
    command = [sys.executable, "-c", WRITES, str(tmp_path / "file")]
    # the shell starts it, as a server starts its own processes
    shell = ["/bin/sh", "-c", '"$@"; true', "sh", *command]
    with subprocess.Popen(shell, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True) as process:
        assert told_to_write(process) == "written"
        limit_files(process.pid, 0)
        assert told_to_write(process) == "File too large"
        limit_files(process.pid, resource.RLIM_INFINITY)
        assert told_to_write(process) == "written"
    assert (tmp_path / "file").read_text() == "xx"
