"""A home lost and restored, with real servers: what was on record is there, and its cases go on."""

import asyncio
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from datetime import UTC, date, datetime
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import Engine, text

from channels.settings import gateway_from
from embedded import postgres, temporal
from embedded.backup import back_up, restore
from embedded.home import Home, Services, only_stack, publish
from embedded.ports import Ports
from embedded.stack import Stack
from models.case.selection import Selection
from models.contact.channel import CHANNELS
from models.errors import Refusal
from models.folders import KEPT, Folder
from models.law.calendar import Clock
from models.payment.pix import PixPayment
from operations.cohorts import begin_cohort
from operations.operation import Credentials
from operations.rulers import load_ruler
from storage import migrate
from storage.audit.invariants import violations
from storage.case.cohorts import Cohort, candidates, open_cases
from storage.engine import connect
from storage.intake.rejects import Rejects
from storage.payments.ledger import record_pix
from tests import factories
from tests.channels.messages import outgoing
from tests.embedded.test_stack import eventually
from workflows.client import connect_to
from workflows.intakes import start_cohort

DAY_SECONDS = 0.1


@contextmanager
def servers_in(home: Home) -> Iterator[tuple[Services, Engine]]:
    """A stack's PostgreSQL and Temporal, published as a stack is, and nobody to work on them."""
    ports = Ports().settled()
    numbers = (ports.temporal, ports.ui, ports.temporal_http, ports.temporal_metrics)
    server = temporal.server(home, *numbers, DAY_SECONDS, codec="http://127.0.0.1:1/codec")
    with ExitStack() as undo:
        undo.enter_context(only_stack(home))
        home.create()
        database = undo.enter_context(postgres.running(home))
        migrate.upgrade(database)
        undo.callback(server.stop)
        server.start()
        services = Services(temporal=f"127.0.0.1:{ports.temporal}", database=database)
        server.until(lambda: temporal.answers(services.temporal))
        publish(home, services)
        yield services, undo.enter_context(record_at(database))


@contextmanager
def record_at(database: str) -> Iterator[Engine]:
    engine = connect(database)
    try:
        yield engine
    finally:
        engine.dispose()


def rows(engine: Engine, query: str, **values: str) -> list[tuple[Any, ...]]:
    with engine.connect() as connection:
        return [tuple(row) for row in connection.execute(text(query), values)]


def begin(engine: Engine, tax: str, people: int) -> Cohort:
    """A cohort of people who owe that tax, on record alone."""
    bundle = load_ruler("divida-ativa")
    with engine.begin() as connection:
        for _ in range(people):
            factories.debt(connection, factories.taxpayer(connection), tax=tax)
    clock = Clock(
        day_seconds=Decimal(str(DAY_SECONDS)),
        origin_wall=datetime.now(UTC),
        origin_day=date(2026, 11, 3),
        timezone=bundle.ruler.jurisdiction.timezone,
    )
    return begin_cohort(engine, Credentials("ana"), tax, bundle, Selection(tax=tax), clock)


def open_on_record(engine: Engine, cohort: Cohort) -> None:
    for page in candidates(engine, cohort.frozen.ruler, cohort.selection, cohort.clock.origin_day):
        open_cases(engine, cohort, page, cohort.clock.origin_day)


async def start(services: Services, keys: str, cohort: Cohort) -> None:
    await start_cohort(await connect_to(services.temporal, keys), cohort.name, cohort.frozen.ruler.label)


def pay(engine: Engine, tax: str) -> None:
    """Pay the first debt of that tax."""
    [(txid,)] = rows(
        engine,
        "SELECT pix_txid FROM debts JOIN debtors ON debt = id WHERE tax = :tax ORDER BY taxpayer LIMIT 1",
        tax=tax,
    )
    at = datetime.now(UTC)
    record_pix(engine, [PixPayment("E" + "0" * 31, txid, Decimal(1000), at)], at)


def statuses(engine: Engine, cohort: str) -> list[str]:
    query = "SELECT status FROM cases WHERE cohort = :cohort ORDER BY taxpayer"
    return [row[0] for row in rows(engine, query, cohort=cohort)]


HEARD_TWICE = """
    SELECT cohort FROM cases WHERE (SELECT count(DISTINCT step) FROM notices WHERE "case" = cases.id) >= 2
    ORDER BY cohort
"""
"""The cohorts of the cases with two rungs behind them."""


@pytest.fixture(scope="module")
def first(tmp_path_factory: pytest.TempPathFactory) -> Home:
    return Home(tmp_path_factory.mktemp("first"))


@pytest.fixture(scope="module")
def backup(first: Home, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Taken while the servers run: ITBI's cases are in the record alone, with a payment that none has heard of; IPTU's
    start is in Temporal alone."""
    with servers_in(first) as (services, engine):
        known = begin(engine, "ITBI", people=3)
        open_on_record(engine, known)
        asyncio.run(start(services, first.payload_keys, begin(engine, "IPTU", people=2)))
        pay(engine, "ITBI")
        first.secret("link")
        (first.outbox / "notice.txt").write_text("Prezado contribuinte")
        (first.outbox / "half.draft").write_text("Prez")
        Folder.DOMICILE.of(first).mkdir(exist_ok=True)
        (Folder.DOMICILE.of(first) / "published.json").write_text("{}")
        with pytest.raises(Refusal, match="a stack runs in"):
            restore(Path("any"), first)
        return back_up(first, tmp_path_factory.mktemp("backups"))


def test_its_cases_go_on(backup: Path, first: Home, tmp_path: Path) -> None:
    assert backup.stat().st_mode & 0o777 == 0o600
    link, second = first.secret("link"), Home(tmp_path / "second")
    assert restore(backup, second).cases == 3
    with Stack(second, DAY_SECONDS) as stack, record_at(stack.services.database) as engine:
        eventually(lambda: statuses(engine, "ITBI")[0] == "resolved")
        eventually(lambda: [cohort for (cohort,) in rows(engine, HEARD_TWICE)] == ["IPTU", "IPTU", "ITBI", "ITBI"])
        eventually(lambda: violations(engine, "ITBI") + violations(engine, "IPTU") == [])
        sent = {row[0] for row in rows(engine, "SELECT id FROM notices WHERE sent_at IS NOT NULL")}
    # on a slow machine the cases get as far as the domicile meanwhile
    written = {path.stem for folder in (second.outbox, Folder.DOMICILE.of(second)) for path in folder.iterdir()}
    assert written >= {"notice", "published", *sent}
    assert not [path for path in second.outbox.iterdir() if path.suffix == ".draft"]
    assert second.secret("link") == link
    assert written_in(second) <= {*KEPT, *NO_RECORD}


NO_RECORD = {"postgres", "logs", "lock", "temporal.db", "temporal.db-shm", "temporal.db-wal", "stack.json"}
"""The database and the histories are copied by tools of their own; the others say what runs, or went by."""


def written_in(home: Home) -> set[str]:
    return {path.name for path in home.iterdir()}


@pytest.mark.parametrize("channel", CHANNELS)
def test_what_leaves_by_no_provider_is_in_the_backup(tmp_path: Path, channel: str) -> None:
    adapter = gateway_from({}, tmp_path).adapter(channel)
    adapter.deliver(outgoing(channel=channel))
    assert written_in(Home(tmp_path)) < set(KEPT)


def test_rows_that_were_not_taken_are_in_the_backup(tmp_path: Path) -> None:
    with Rejects(Home(tmp_path).rejects / "extract.csv") as rejects:
        rejects.add(2, "no amount", "x")
    assert written_in(Home(tmp_path)) < set(KEPT)


def test_a_stopped_home_is_backed_up_and_no_backup_replaces_another(backup: Path, first: Home, tmp_path: Path) -> None:
    made = back_up(first, tmp_path / "stopped.tar.gz")
    with pytest.raises(Refusal, match="exists already"):
        back_up(first, made)
    with pytest.raises(Refusal, match="is not empty"):
        restore(made, Home(tmp_path))
    assert [path.name for path in tmp_path.iterdir()] == ["stopped.tar.gz"]


@pytest.mark.parametrize("damage", ["cut", "flipped", "empty", "gone", "folder"])
def test_a_damaged_backup_is_refused_and_leaves_nothing(backup: Path, tmp_path: Path, damage: str) -> None:
    content, file = bytearray(backup.read_bytes()), tmp_path / "damaged.tar.gz"
    content[len(content) // 2] ^= 1
    kept = {"cut": backup.read_bytes()[:-2000], "flipped": bytes(content), "empty": b""}
    if damage == "folder":
        file.mkdir()
    elif damage in kept:
        file.write_bytes(kept[damage])
    with pytest.raises(Refusal, match="nothing was restored"):
        restore(file, Home(tmp_path / "home"))
    assert set(tmp_path.iterdir()) <= {file}


def test_a_home_without_a_stack_has_nothing_to_back_up(tmp_path: Path) -> None:
    with pytest.raises(Refusal, match="nothing to back up"):
        back_up(Home(tmp_path / "none"), tmp_path)
