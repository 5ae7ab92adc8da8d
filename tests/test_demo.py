"""The demo from outside: a whole small city on the real stack, and the flags that it refuses."""

import json
import os
import socket
import subprocess
import sys
from collections import Counter
from datetime import date
from pathlib import Path
from urllib.parse import urlsplit

import pytest
import typer
from typer.testing import CliRunner

from commands.demo import FIRST_DAY, register
from embedded.child import REPOSITORY
from models.city import city
from models.ruler import Stage

TAXPAYERS = 30
KEYS = {
    "taxpayers",
    "statuses",
    "cells",
    "notices",
    "payments",
    "recovered",
    "suspended",
    "reinstated",
    "fell_over",
    "replies",
    "agreements",
    "settled_by_offer",
    "violations",
    "seconds",
    "ui",
    "report",
}


@pytest.fixture(scope="module")
def home(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("home")


@pytest.fixture(scope="module")
def lived(home: Path) -> dict[str, object]:
    flags = f"--taxpayers {TAXPAYERS} --days 240 --day-seconds 0.3 --exit --json".split()
    done = subprocess.run(
        [sys.executable, "starter.py", "demo", *flags],
        cwd=REPOSITORY,
        env={**os.environ, "REGUA_HOME": str(home)},
        stdin=subprocess.DEVNULL,
        capture_output=True,
        text=True,
        timeout=300,
    )
    assert done.returncode == 0, done.stderr + done.stdout
    assert "day " in done.stderr
    found: dict[str, object] = json.loads(done.stdout)
    return found


def test_it_says_all_there_is_to_say(lived: dict[str, object]) -> None:
    assert set(lived) == KEYS
    assert lived["violations"] == []
    assert lived["taxpayers"] == TAXPAYERS


def test_everybody_ends_as_their_role_does(lived: dict[str, object]) -> None:
    expected = Counter(str(person.ends) for person in city(1, date.fromisoformat(FIRST_DAY), TAXPAYERS))
    assert lived["statuses"] == expected


def test_the_whole_map_was_walked(lived: dict[str, object]) -> None:
    cells = lived["cells"]
    assert isinstance(cells, list)
    assert {cell["hypothesis"] for cell in cells} == {f"h{n}" for n in range(1, 9)}
    assert {cell["stage"] for cell in cells} == set(Stage)
    assert sum(cell["notices"] for cell in cells) == lived["notices"]
    assert lived["suspended"] == 5
    assert lived["reinstated"] == 2


def test_money_came_in_by_the_webhook(lived: dict[str, object]) -> None:
    assert lived["payments"]
    assert str(lived["recovered"]).partition(".")[2].isdecimal()


def test_bounced_mail_fell_over_to_sms_and_was_answered(lived: dict[str, object]) -> None:
    assert isinstance(lived["fell_over"], int)
    assert lived["fell_over"] >= 1
    assert lived["replies"] == 1


def test_agreements_were_signed_and_one_was_broken(lived: dict[str, object]) -> None:
    agreements = lived["agreements"]
    assert isinstance(agreements, dict)
    assert agreements["signed"] == 2
    assert agreements["broken"] >= 1


def test_the_campaign_settled_what_was_paid_in_time_though_the_bank_told_it_late(lived: dict[str, object]) -> None:
    assert isinstance(lived["settled_by_offer"], int)
    assert lived["settled_by_offer"] >= 1


def test_the_report_is_there_and_the_ports_are_closed(lived: dict[str, object], home: Path) -> None:
    assert "Mapa de calor" in Path(str(lived["report"])).read_text()
    assert not Path(home, "stack.json").exists()
    with socket.socket() as probe:
        assert probe.connect_ex(("127.0.0.1", urlsplit(str(lived["ui"])).port or 0)) != 0


BAD = (
    "--taxpayers 0",
    "--taxpayers 1000000",
    "--days 0",
    "--days -240",
    "--day-seconds 0",
    "--day-seconds nan",
    "--day-seconds -1",
    "--day-seconds 86400",
    "--start tomorrow",
    "--start 0001-01-01",
    "--seed x",
    "--report /no/such/folder/report.html",
    "--report /",
)


@pytest.mark.parametrize("flags", BAD)
def test_bad_flags_exit_with_2_before_anything_is_touched(
    flags: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("REGUA_HOME", str(tmp_path / "home"))
    app = typer.Typer()
    register(app)
    assert CliRunner().invoke(app, flags.split()).exit_code == 2
    assert not (tmp_path / "home").exists()
