"""A stack that can't be in a place says so in one sentence, and leaves the place as it was."""

import socket
import sqlite3
from collections.abc import Callable
from pathlib import Path

import pytest
from typer.testing import CliRunner

from commands.stack import stack
from embedded.child import last_words
from embedded.home import LONGEST_PATH, Home, lock_holder, place
from embedded.ports import Ports, must_have_loopback
from embedded.stack import Stack
from models.errors import Refusal
from rehearsal.ground import clear


def left_in(home: Path) -> list[str]:
    return sorted(str(path.relative_to(home)) for path in home.rglob("*") if path.name != "lock")


A_KEY = "A" * 43


def keys(home: Path, *names: str) -> None:
    (home / "keys").mkdir()
    for name in names:
        (home / "keys" / name).write_text(A_KEY)


def database(home: Path) -> None:
    data = home / "postgres" / "data"
    for folder in ("global", "pg_wal", "base"):
        (data / folder).mkdir(parents=True)
    (data / "PG_VERSION").write_text("18\n")
    (data / "global" / "pg_control").write_text("")


def histories(home: Path) -> None:
    with sqlite3.connect(home / "temporal.db") as connection:
        connection.execute("CREATE TABLE namespaces (id)")


def a_file_for_a_folder(home: Path) -> None:
    (home / "domicile").write_text("")


def no_database(home: Path) -> None:
    (home / "postgres" / "data").mkdir(parents=True)


def half_a_database(home: Path) -> None:
    database(home)
    keys(home, "database")
    (home / "postgres" / "data" / "pg_wal").rmdir()


def a_database_of_another_version(home: Path) -> None:
    database(home)
    keys(home, "database")
    (home / "postgres" / "data" / "PG_VERSION").write_text("17\n")


def no_keys(home: Path) -> None:
    database(home)


def no_histories(home: Path) -> None:
    (home / "temporal.db").write_text("not what it was")


def histories_cut_short(home: Path) -> None:
    """As a full disk leaves them, and as a server does that was killed at its very first."""
    (home / "temporal.db").touch()


def histories_overwritten(home: Path) -> None:
    histories(home)
    whole = (home / "temporal.db").read_bytes()
    (home / "temporal.db").write_bytes(whole[:100] + b"\xff" * (len(whole) - 100))


def histories_that_are_a_folder(home: Path) -> None:
    (home / "temporal.db").mkdir()


def an_empty_payload_key(home: Path) -> None:
    database(home)
    histories(home)
    keys(home, "database", "payload-1")
    (home / "keys" / "payload-1").write_text("")


def no_record(home: Path) -> None:
    histories(home)
    keys(home, "database", "payload-1")


def no_payload_keys(home: Path) -> None:
    database(home)
    histories(home)
    keys(home, "database")


DAMAGES = (
    a_file_for_a_folder,
    no_database,
    half_a_database,
    a_database_of_another_version,
    no_keys,
    no_histories,
    histories_cut_short,
    histories_overwritten,
    histories_that_are_a_folder,
    no_record,
    no_payload_keys,
    an_empty_payload_key,
)


@pytest.mark.parametrize("damage", DAMAGES)
def test_a_damaged_home_is_left_as_it_is(tmp_path: Path, damage: Callable[[Path], None]) -> None:
    damage(tmp_path)
    before = left_in(tmp_path)
    with pytest.raises(Refusal, match="is damaged") as refused:
        Stack(Home(tmp_path)).__enter__()
    assert "\n" not in str(refused.value)
    assert left_in(tmp_path) == before


def test_a_path_that_postgresql_could_not_take_is_refused(tmp_path: Path) -> None:
    home = Home(tmp_path / "/".join(["d" * 100] * (LONGEST_PATH // 100)))
    with pytest.raises(Refusal, match="too long a path") as refused:
        Stack(home).__enter__()
    assert len(str(refused.value)) < 200
    assert left_in(tmp_path) == []


def test_a_port_in_use_founds_nothing(tmp_path: Path) -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken, pytest.raises(Refusal, match="is in use"):
        Stack(Home(tmp_path), ports=Ports(web=taken.getsockname()[1])).__enter__()
    assert left_in(tmp_path) == []


def test_a_machine_without_ipv4_is_told(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def only_ipv6(address: tuple[str, int], *_: object, **__: object) -> socket.socket:
        raise OSError(99, "Cannot assign requested address")

    must_have_loopback()
    monkeypatch.setattr(socket, "create_server", only_ipv6)
    with pytest.raises(Refusal, match="IPv4 loopback"):
        must_have_loopback()
    with pytest.raises(Refusal, match="IPv4 loopback"):
        clear(Home(tmp_path / "demo"))
    assert left_in(tmp_path) == []


@pytest.mark.parametrize(
    ("log", "told"),
    [
        ("initdb: error: no space\ninitdb: removing data directory\n", "initdb: error: no space"),
        ("LOG:  starting\nFATAL:  no pg_wal\nLOG:  database system is shut down\n", "FATAL:  no pg_wal"),
        ("waits\nended\n\n", "ended"),
    ],
)
def test_of_a_log_the_error_is_told_that_ended_its_process(tmp_path: Path, log: str, told: str) -> None:
    (tmp_path / "log").write_text(log)
    assert last_words(tmp_path / "log", 0) == f" ({told})"


def test_a_copy_of_a_payload_key_is_none(tmp_path: Path) -> None:
    home = Home(tmp_path)
    before = home.payload_keys
    (tmp_path / "keys" / "payload-1.bak").write_text("x")
    (tmp_path / "keys" / "payload-1~").write_text("x")
    assert home.payload_keys == before


@pytest.mark.parametrize("written", ["", "nobody", "-1"])
def test_a_lock_that_names_nobody_is_nobodys(tmp_path: Path, written: str) -> None:
    home = Home(tmp_path)
    home.lock.write_text(written)
    assert lock_holder(home) is None


@pytest.mark.parametrize("named", ["a\nb", "a\tb", "a\rb", "a\x1b[2Jb", "a\x85b", "a\u202eb", "a\u2028b", "a\udcffb"])
def test_a_path_that_no_line_can_show_is_refused_by_every_command(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, named: str
) -> None:
    monkeypatch.setenv("REGUA_HOME", str(tmp_path / named))
    for command in (["up"], ["down"], ["status"], ["sign-in"], ["rotate-key"], ["backup", str(tmp_path)]):
        refused = CliRunner().invoke(stack, command).exception
        assert isinstance(refused, Refusal), command
        assert str(refused).isprintable()
    with pytest.raises(Refusal, match="can't be shown"):
        place(tmp_path / named)
    assert left_in(tmp_path) == []
