"""The embedded stack's payload keys: made at first, never changed, added to while nothing runs."""

import json
from pathlib import Path

import pytest
from temporalio.api.common.v1 import Payload
from typer.testing import CliRunner

from commands.stack import stack
from embedded.home import Home, only_stack
from models.errors import Refusal
from workflows.secrecy import cipher_of

PLAIN = Payload(metadata={"encoding": b"json/plain"}, data=b'"declarado"')


@pytest.fixture
def home(tmp_path: Path) -> Home:
    made = Home(tmp_path / "home")
    made.create()
    return made


def test_the_first_key_is_made_when_asked_for_and_stays(home: Home) -> None:
    keys = home.payload_keys
    assert home.payload_keys == keys
    assert [key.name for key in home.keys.iterdir()] == ["payload-1"]
    assert Path(home.keys, "payload-1").stat().st_mode & 0o777 == 0o600
    assert cipher_of(keys).encrypt(PLAIN).metadata["encryption-key-id"] == b"1"


def test_two_homes_have_different_keys(home: Home, tmp_path: Path) -> None:
    assert home.payload_keys != Home(tmp_path / "other").payload_keys


def test_a_new_key_encrypts_and_the_old_ones_decrypt(home: Home) -> None:
    first = cipher_of(home.payload_keys)
    added = [home.add_payload_key() for _ in range(10)]
    assert added == [str(number) for number in range(2, 12)]
    newest = cipher_of(home.payload_keys)
    assert newest.decrypt(first.encrypt(PLAIN)) == PLAIN
    # numbers, not texts: 11 is newer than 9
    assert newest.encrypt(PLAIN).metadata["encryption-key-id"] == b"11"


def test_a_key_is_added_by_a_command_while_nothing_runs(home: Home, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("REGUA_HOME", str(home))
    before = home.payload_keys
    done = CliRunner().invoke(stack, ["rotate-key", "--json"])
    assert json.loads(done.output) == {"key": "2"}
    assert home.payload_keys.endswith(before)
    with only_stack(home):
        refused = CliRunner().invoke(stack, ["rotate-key"])
    assert isinstance(refused.exception, Refusal)
    assert "already running" in str(refused.exception)
    assert home.payload_keys.startswith("2:")
