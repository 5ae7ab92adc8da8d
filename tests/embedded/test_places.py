"""A stack that can't be in a place says so in one sentence, and leaves the place as it was."""

import socket
import sqlite3
from collections.abc import Callable
from pathlib import Path

import pytest

from embedded.home import LONGEST_PATH, Home, lock_holder
from embedded.ports import Ports, must_have_loopback
from embedded.stack import Stack
from models.errors import Refusal


def left_in(home: Path) -> list[str]:
    return sorted(str(path.relative_to(home)) for path in home.rglob("*") if path.name != "lock")


def keys(home: Path, *names: str) -> None:
    (home / "keys").mkdir()
    for name in names:
        (home / "keys" / name).write_text("x")


def database(home: Path) -> None:
    (home / "postgres" / "data").mkdir(parents=True)
    (home / "postgres" / "data" / "PG_VERSION").write_text("18\n")


def histories(home: Path) -> None:
    with sqlite3.connect(home / "temporal.db") as connection:
        connection.execute("CREATE TABLE executions (id)")


def a_file_for_a_folder(home: Path) -> None:
    (home / "domicile").write_text("")


def no_database(home: Path) -> None:
    (home / "postgres" / "data").mkdir(parents=True)


def no_keys(home: Path) -> None:
    database(home)


def no_histories(home: Path) -> None:
    (home / "temporal.db").write_text("not what it was")


def no_record(home: Path) -> None:
    histories(home)
    keys(home, "database", "payload-1")


def no_payload_keys(home: Path) -> None:
    database(home)
    histories(home)
    keys(home, "database")


DAMAGES = (a_file_for_a_folder, no_database, no_keys, no_histories, no_record, no_payload_keys)


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


def test_a_machine_without_ipv4_is_told(monkeypatch: pytest.MonkeyPatch) -> None:
    def only_ipv6(address: tuple[str, int], *_: object, **__: object) -> socket.socket:
        raise OSError(99, "Cannot assign requested address")

    must_have_loopback()
    monkeypatch.setattr(socket, "create_server", only_ipv6)
    with pytest.raises(Refusal, match="IPv4 loopback"):
        must_have_loopback()


@pytest.mark.parametrize("written", ["", "nobody", "-1"])
def test_a_lock_that_names_nobody_is_nobodys(tmp_path: Path, written: str) -> None:
    home = Home(tmp_path)
    home.lock.write_text(written)
    assert lock_holder(home) is None
