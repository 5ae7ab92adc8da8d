"""The demo from outside: a whole small city on the real stack, and the flags that it refuses."""

import json
import os
import shutil
import socket
import sqlite3
import subprocess
import sys
import time
from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from contextlib import closing, suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import httpx
import psycopg
import pytest
import typer
from typer.testing import CliRunner

from commands.demo import FIRST_DAY, register
from embedded import postgres
from embedded.child import REPOSITORY
from embedded.home import Home, running_services
from models.ruler.schema import Stage
from rehearsal.city import city
from tests.afterwards import stories
from tests.traces import traces, written

TAXPAYERS, FEWER = 30, 15
DAYS = 240
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
    "receipts",
    "replies",
    "agreements",
    "settled_by_offer",
    "call_centre",
    "violations",
    "seconds",
    "ui",
    "report",
}


@dataclass
class Witness:
    """The things that only a running stack tells, as they were last heard."""

    metrics: str = ""
    people: Sequence[tuple[bytes, ...]] = ()
    reasons: Sequence[bytes] = ()

    def look(self, home: Home) -> None:
        services = running_services(home)
        if services is None or not services.temporal_metrics:
            return
        with suppress(httpx.HTTPError, psycopg.OperationalError), psycopg.connect(services.database) as database:
            known = database.execute("SELECT tax_id, name, email, phone FROM taxpayers").fetchall()
            reasons = database.execute("SELECT DISTINCT reason FROM decisions").fetchall()
            self.people = [written(*person) for person in known]
            self.reasons = [reason.encode() for (reason,) in reasons]
            self.metrics = httpx.get(services.temporal_metrics, timeout=2, trust_env=False).text


@dataclass
class City:
    """One that lives through the demo in a home of its own."""

    taxpayers: int
    folder: Path
    patience: int = 0
    """As `nice` has it: how far it stands back behind whoever else wants to use the processors."""
    process: subprocess.Popen[bytes] | None = None

    @property
    def home(self) -> Home:
        return Home(self.folder, "home")

    def begin(self) -> None:
        """A day lasts no longer than what is done on it."""
        flags = f"--taxpayers {self.taxpayers} --days {DAYS} --day-seconds 0.001 --exit --json".split()
        command = ["nice", "-n", str(self.patience), sys.executable, "starter.py", "demo", *flags]
        env = {**os.environ, "REGUA_HOME": str(self.home)}
        with (self.folder / "said").open("wb") as said, (self.folder / "told").open("wb") as told:
            self.process = subprocess.Popen(
                command, cwd=REPOSITORY, env=env, stdin=subprocess.DEVNULL, stdout=said, stderr=told
            )

    def ended(self, look: Callable[[], None] = lambda: None) -> dict[str, Any]:
        """Waits for its end, looking every other second, and returns the result it printed."""
        assert self.process is not None
        deadline = time.monotonic() + 300
        while time.monotonic() < deadline:
            with suppress(subprocess.TimeoutExpired):
                self.process.wait(2)
                break
            look()
        self.stop()
        assert self.process.returncode == 0, self.told + self.said
        found: dict[str, Any] = json.loads(self.said)
        return found

    def stop(self) -> None:
        if self.process is not None:
            self.process.kill()
            self.process.wait()

    @property
    def said(self) -> str:
        return (self.folder / "said").read_text()

    @property
    def told(self) -> str:
        return (self.folder / "told").read_text()


@pytest.fixture(scope="module")
def cities(tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[City, City]]:
    """Two cities of one seed, side by side: the second has fewer people, and a slow machine."""
    city = City(TAXPAYERS, tmp_path_factory.mktemp("city"))
    slow = City(FEWER, tmp_path_factory.mktemp("slow"), patience=10)
    try:
        city.begin()
        slow.begin()
        yield city, slow
    finally:
        city.stop()
        slow.stop()


@pytest.fixture(scope="module")
def home(cities: tuple[City, City]) -> Home:
    return cities[0].home


@pytest.fixture(scope="module")
def witness() -> Witness:
    return Witness()


@pytest.fixture(scope="module")
def lived(cities: tuple[City, City], witness: Witness) -> dict[str, Any]:
    city = cities[0]
    found = city.ended(lambda: witness.look(city.home))
    assert "Temporal's Web UI: http://127.0.0.1:" in city.told
    return found


def test_it_says_all_there_is_to_say(lived: dict[str, Any]) -> None:
    assert set(lived) == KEYS
    assert lived["violations"] == []
    assert lived["taxpayers"] == TAXPAYERS


@pytest.mark.usefixtures("lived")
def test_the_same_seed_has_the_same_lives_on_a_slow_machine(cities: tuple[City, City]) -> None:
    city, slow = cities
    slow.ended()
    lives = stories(city.home)
    assert stories(slow.home) == {tax_id: lives[tax_id] for tax_id in first(FEWER)}


def first(count: int) -> list[str]:
    return [person.tax_id for person in city(1, FIRST_DAY, count)]


def test_everybody_ends_as_their_role_does(lived: dict[str, Any]) -> None:
    expected = Counter(str(person.ends) for person in city(1, FIRST_DAY, TAXPAYERS))
    assert lived["statuses"] == expected


def test_the_whole_map_was_walked(lived: dict[str, Any]) -> None:
    cells = lived["cells"]
    assert {cell["hypothesis"] for cell in cells} == {f"h{n}" for n in range(1, 9)}
    assert {cell["stage"] for cell in cells} == set(Stage)
    assert sum(cell["notices"] for cell in cells) == lived["notices"]
    assert lived["suspended"] == 5
    assert lived["reinstated"] == 2


def test_money_came_in_by_the_webhook(lived: dict[str, Any]) -> None:
    assert lived["payments"]
    assert str(lived["recovered"]).partition(".")[2].isdecimal()


def test_bounced_mail_fell_over_to_sms_and_was_answered(lived: dict[str, Any]) -> None:
    assert lived["fell_over"] >= 1
    assert lived["replies"] == 1


def test_agreements_were_signed_and_one_was_broken(lived: dict[str, Any]) -> None:
    agreements = lived["agreements"]
    assert agreements["signed"] == 2
    assert agreements["broken"] >= 1


def test_the_campaign_settled_what_was_paid_in_time_though_the_bank_told_it_late(lived: dict[str, Any]) -> None:
    assert lived["settled_by_offer"] >= 1


def test_the_report_is_there_and_the_ports_are_closed(lived: dict[str, Any], home: Path) -> None:
    assert "Mapa de calor" in Path(str(lived["report"])).read_text()
    assert not Path(home, "stack.json").exists()
    with socket.socket() as probe:
        assert probe.connect_ex(("127.0.0.1", urlsplit(str(lived["ui"])).port or 0)) != 0


# ---- where nobody's data may be


def contents(*files: Path) -> bytes:
    return b"\n".join(file.read_bytes() for file in files)


def visibility(home: Home, copies: Path) -> str:
    """The search attributes of all workflows, from a copy: opened by us, the file would no more be as it was left."""
    for file in home.glob("temporal.db*"):
        shutil.copy(file, copies)
    with closing(sqlite3.connect(copies / home.temporal_db.name)) as database:
        rows = database.execute("SELECT workflow_id, search_attributes FROM executions_visibility").fetchall()
    return "\n".join(f"{name} {attributes}" for name, attributes in rows)


@pytest.mark.usefixtures("lived")
def test_temporal_logs_metrics_and_search_attributes_know_nobody(home: Home, witness: Witness, tmp_path: Path) -> None:
    assert len(witness.people) == TAXPAYERS
    kept = contents(*home.glob("temporal.db*"))
    logs = contents(*home.logs.iterdir())
    attributes = visibility(home, tmp_path)
    # what they count is no trace: a sum's digits may be those of a telephone
    series = "\n".join(line.rpartition(" ")[0] for line in witness.metrics.splitlines())
    # each of them is what it should be
    assert b"TaxpayerRuler" in kept
    assert b"ready to accept connections" in logs
    assert "workflow_success" in series
    assert attributes.count('"cidade-') >= TAXPAYERS
    for text in (kept, logs, series.encode(), attributes.encode()):
        assert traces(text, witness.people) == []


@pytest.mark.usefixtures("lived")
def test_the_same_search_finds_everybody_where_they_are(home: Home, witness: Witness) -> None:
    tables = contents(*(file for file in postgres.data(home).glob("base/*/*") if file.is_file()))
    for person in witness.people:
        # some have neither e-mail nor phone
        assert len(traces(tables, [person])) >= 2


@pytest.mark.usefixtures("lived")
def test_temporal_keeps_no_reason_why_anything_was_done(home: Home, witness: Witness) -> None:
    kept = contents(*home.glob("temporal.db*"))
    sentences = [reason for reason in witness.reasons if len(reason) > 20]
    assert len(sentences) > TAXPAYERS
    assert [reason for reason in sentences if reason in kept] == []


# ---- flags


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
