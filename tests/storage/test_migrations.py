"""Schemas up and down under data: what a version can hold is there in it, and money is never dropped."""

from collections.abc import Iterator
from dataclasses import replace
from datetime import date
from decimal import Decimal
from pathlib import Path
from typing import Any

import psycopg
import pytest
from alembic.script import ScriptDirectory
from sqlalchemy import Engine, text
from sqlalchemy.engine import make_url
from temporalio.testing import ActivityEnvironment

from activities.cases import CaseActivities
from activities.dependencies import Dependencies
from activities.notices import NoticeActivities
from channels.file_transport import FileTransport
from channels.mail_gateway import MailGateway
from models.case.journal import EntryKind
from models.case.state import CaseState
from models.errors import Refusal
from models.intake.benefits import benefit_reader
from models.intake.extract import debt_reader
from models.intake.filings import filing_reader
from models.money.rates import Rate
from rehearsal.sample import generate
from storage import migrate
from storage.amounts.rates import record_rates
from storage.catalogue import ROOT, SHIPPED
from storage.engine import connect
from storage.intake.benefits import import_benefits
from storage.intake.debts import import_debts
from storage.intake.files import look_over
from storage.intake.filings import import_filings
from storage.intake.rejects import Rejects
from tests.agreement_world import OPENED, SP, Contract, at, contract
from tests.chance import fresh_key
from tests.storage.intake.test_imports import Intake, pgfn
from workflows.effects import Contact, EvaluationRequest

Content = dict[str, list[dict[str, Any]]]
"""table -> its rows, by column"""

OLDEST, NEWEST = migrate.revisions()[0], migrate.revisions()[-1]
LATE = date(2026, 3, 2)


@pytest.fixture
def url(postgres: str) -> Iterator[str]:
    name = f"moved_{fresh_key()[:8]}"
    with psycopg.connect(postgres, autocommit=True) as admin:
        admin.execute(f"CREATE DATABASE {name} TEMPLATE migrated")
        yield make_url(postgres).set(database=name).render_as_string(hide_password=False)
        admin.execute(f"DROP DATABASE {name} WITH (FORCE)")


@pytest.fixture
def moved(url: str) -> Iterator[Engine]:
    engine = connect(url)
    yield engine
    engine.dispose()


STATES = (("cases", "state"), ("cases", "position"))


def content(engine: Engine) -> Content:
    """All there is, but Alembic's own table, and the states of cases: their form differs, and has a test of its own
    (tests/storage/case/test_state_migration.py)."""
    tables = "SELECT tablename FROM pg_tables WHERE schemaname = 'public' AND tablename <> 'alembic_version'"
    with engine.connect() as connection:
        return {
            table: [
                {column: row[column] for column in row if (table, column) not in STATES}
                for row in connection.execute(text(f'SELECT * FROM "{table}" ORDER BY 1, 2')).mappings()
            ]
            for table in connection.scalars(text(tables)).all()
        }


def within(schema: Content, whole: Content) -> Content:
    """The part of `whole` that has a place in the tables and columns of `schema`, as far as it has rows to tell them
    by."""
    return {
        # what went into a table of its own is empty here: `cohorts.rival` went to `arms`
        table: [{column: row.get(column) for column in rows[0]} if rows else row for row in whole[table]]
        for table, rows in schema.items()
    }


TABLES_BEFORE_0016 = {"outbox": "owed_signals", "suppressed_contacts": "dead_contacts"}
COLUMNS_BEFORE_0016 = {
    "suppressed_contacts": {"recovered_at": "revived_at", "recovered_by": "revived_by"},
    "notices": {"rung_channel": "way"},
    "cases": {"state": "position"},
    "cohorts": {
        "lifecycle": "state",
        "lifecycle_set_by": "steered_by",
        "lifecycle_reason": "steered_because",
        "lifecycle_since": "steered_on",
    },
}


def before_0016(whole: Content) -> Content:
    """The same content under the names that it had before schema 0016."""
    return {
        TABLES_BEFORE_0016.get(table, table): [
            {
                COLUMNS_BEFORE_0016.get(table, {}).get(column, column): value_before_0016(table, column, value)
                for column, value in row.items()
            }
            for row in rows
        ]
        for table, rows in whole.items()
    }


def value_before_0016(table: str, column: str, value: Any) -> Any:
    if table == "cases" and column == "next_step" and value:
        legs = [{"channel": route["channel"], "way": route["rung_channel"]} for route in value["routes"]]
        return {**{key: each for key, each in value.items() if key != "routes"}, "legs": legs}
    if table == "notices" and column in ("provider", "served_by"):
        return {"file": "outbox"}.get(value, value)
    return value


def import_sample(engine: Engine, folder: Path) -> None:
    files = generate(24, seed=1, on=OPENED).files()
    imports: dict[str, Any] = {
        "taxpayers.csv": (lambda header: debt_reader(header, OPENED), import_debts),
        "filings.csv": (filing_reader, import_filings),
        "benefits.csv": (benefit_reader, import_benefits),
    }
    for name, (reader, merge) in imports.items():
        (folder / name).write_text(files[name], encoding="utf-8")
        source = look_over(folder / name)
        with Rejects(folder / "rejects.csv") as rejects, engine.begin() as connection:
            merge(connection, source, reader(source.header), rejects)


def notify(made: Contract, folder: Path) -> None:
    """The first notice of its case, on its day."""
    dependencies = Dependencies(made.engine, MailGateway({}, FileTransport(folder / "outbox")))
    world = ActivityEnvironment()
    world.info = replace(world.info, started_time=at(OPENED))
    next_action = world.run(CaseActivities(dependencies).evaluate, EvaluationRequest(case=made.case)).next_action
    assert next_action.runs_at
    world.info = replace(world.info, started_time=next_action.runs_at)
    contact = Contact(case=made.case, step=next_action.step, channel="email", rung_channel="email")
    world.run(NoticeActivities(dependencies).notify, contact)


@pytest.fixture
def lived(moved: Engine, tmp_path: Path) -> Contract:
    """A record with something of everything that the oldest schema has a place for, and of what came later."""
    import_sample(moved, tmp_path)
    Intake(moved, tmp_path).debts(pgfn(situation="Garantia"))
    told = contract(moved, "500.00", tax="ISS")
    notify(told, tmp_path)
    payment = told.pay_debt(0, LATE, "200.00")
    told.give_back(payment, LATE, "50.00")
    agreed = contract(moved, "900.00", "600.00")
    agreed.sign(SP, 3, LATE)
    with moved.begin() as connection:
        record_rates(connection, "selic", [Rate(date(2025, 11, 1), Decimal("1.05"))])
    return agreed


def test_what_each_schema_can_hold_survives_the_way_down_and_up_again(moved: Engine, url: str, lived: Contract) -> None:
    whole = content(moved)
    for revision in migrate.revisions()[-2::-1]:
        migrate.downgrade(url, revision)
        now = content(moved)
        if "communications" not in now:
            # what the relay of that time would not know how to deliver
            whole["outbox"] = [row for row in whole["outbox"] if row["name"] != "communication_changed"]
        assert now == within(now, whole if revision >= "0016" else before_0016(whole))
    assert [table for table, rows in now.items() if not rows] == ["suspensions"]
    migrate.upgrade(url)
    up = content(moved)
    retired = [row for row in up["outbox"] if row["name"] == "history_retired"]
    up["outbox"] = [row for row in up["outbox"] if row not in retired]
    assert within(now, before_0016(up)) == now
    assert [case["ruler"] for case in content(moved)["cases"]] == [case["ruler"] for case in whole["cases"]]
    assert lived.balanced()
    migrate.check(url)


def test_what_lives_is_started_anew_by_the_code_that_speaks_other_words(
    moved: Engine, url: str, lived: Contract
) -> None:
    migrate.downgrade(url, "0015")
    migrate.upgrade(url)
    asked = """SELECT "case", payload ->> 'agreement' FROM outbox WHERE name = 'history_retired'"""
    seen = "SELECT id FROM cases WHERE closed_at IS NULL AND revision > 0"
    with moved.connect() as connection:
        retired = {tuple(row) for row in connection.execute(text(asked))}
        cases = set(connection.scalars(text(seen)))
        [agreement] = connection.scalars(text("SELECT id FROM agreements WHERE state = 'active'"))
    assert cases
    assert retired == {(case, None) for case in cases} | {(lived.case, agreement)}
    migrate.downgrade(url, "0015")
    with moved.connect() as connection:
        assert connection.scalar(text("SELECT count(*) FROM owed_signals WHERE name = 'history_retired'")) == 0


def test_what_runs_is_frozen_on_the_way_up_with_the_files_of_that_day(
    moved: Engine, url: str, lived: Contract, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    migrate.downgrade(url, "0018")
    migrate.upgrade(url)
    frozen = content(moved)
    texts = {row["digest"]: row["content"] for row in frozen["assets"]}
    for table in ("rulers", "policies"):
        for row in frozen[table]:
            named = {name: texts[digest] for name, digest in row["assets"].items()}
            assert named["templates/sms/base.txt.j2"] == (ROOT / "templates" / "sms" / "base.txt.j2").read_text()
            assert named["prices/brasil.yaml"] == (ROOT / "prices" / "brasil.yaml").read_text()
            assert named["agreements/sao-paulo.yaml"] == (ROOT / "agreements" / "sao-paulo.yaml").read_text()
    entry = frozen["audit_log"][-1]
    assert (entry["actor"], entry["command"]) == ("migration 0019", "migrate")
    assert entry["detail"].items() >= {"rulers": 1, "policies": 1}.items()
    # and from then on nothing is read from files
    monkeypatch.setattr(SHIPPED, "root", tmp_path / "nowhere")
    monkeypatch.setattr("storage.case.cases._frozen", {})
    monkeypatch.setattr("channels.rendering._pinned", {})
    notify(contract_like(moved, lived), tmp_path)


def contract_like(engine: Engine, other: Contract) -> Contract:
    """A new case on the ruler of another, of which no file is read."""
    with engine.begin() as connection:
        who = connection.scalar(
            text("""INSERT INTO taxpayers (key, tax_id, name, is_company)
            VALUES ('new', '11444777000161', 'Nova', true) RETURNING id""")
        )
        debt = connection.scalar(
            text("""INSERT INTO debts (tax, inscription, due, amount)
            VALUES ('IPTU', 'new', '2025-01-10', 800) RETURNING id""")
        )
        connection.execute(text("INSERT INTO debtors VALUES (:debt, :who)"), {"debt": debt, "who": who})
        case = connection.scalar(
            text("""INSERT INTO cases (taxpayer, tax, cohort, ruler, state)
                SELECT :who, tax, cohort, ruler, CAST(:state AS jsonb) FROM cases WHERE id = :case RETURNING id"""),
            {"who": who, "case": other.case, "state": CaseState.at_start(OPENED).model_dump_json()},
        )
    return Contract(engine, str(case), int(who), [str(debt)])


def test_an_older_schema_keeps_the_words_that_it_does_not_know(moved: Engine, url: str) -> None:
    """The journal is only ever added to, so nothing takes an entry out of it, on a way down either."""
    made = contract(moved, "100.00")
    journal = text("""INSERT INTO decisions ("case", at, kind, reason, ruler, evidence)
                      SELECT id, :at, :kind, '', ruler, '{}' FROM cases WHERE id = :case""")
    with moved.begin() as connection:
        connection.execute(journal, [{"at": LATE, "kind": kind, "case": made.case} for kind in EntryKind])
    whole = content(moved)["decisions"]
    for revision in [revision for revision in migrate.revisions()[-2::-1] if revision >= "0023"]:
        migrate.downgrade(url, revision)
        assert content(moved)["decisions"] == whole
    migrate.upgrade(url)
    assert content(moved)["decisions"] == whole
    migrate.check(url)
    with moved.connect() as connection:
        assert connection.scalars(text("SELECT conname FROM pg_constraint WHERE NOT convalidated")).all() == []


def test_a_schema_without_two_rulers_leaves_each_case_on_its_own(moved: Engine, url: str) -> None:
    contract(moved, "100.00")
    with moved.begin() as connection:
        connection.execute(text("UPDATE cohorts SET salt = 'salt'"))
        connection.execute(text("INSERT INTO arms SELECT name, 'rival_2', ruler, 0.3 FROM cohorts"))
        connection.execute(text("UPDATE cases SET status = 'control'"))
    migrate.downgrade(url, "0012")
    with moved.connect() as connection:
        assert connection.execute(text("SELECT status, arm FROM cases")).one() == ("running", None)
        assert connection.execute(text("SELECT control_share, salt FROM cohorts")).one() == (None, None)
    migrate.upgrade(url)
    migrate.check(url)


def test_a_schema_without_a_place_for_paid_instalments_is_refused(moved: Engine, url: str, lived: Contract) -> None:
    lived.pay(1, LATE)
    whole = content(moved)
    with pytest.raises(Refusal, match="schema 0004 has no place for that"):
        migrate.downgrade(url, OLDEST)
    assert content(moved) == whole


def test_a_schema_without_a_place_for_bank_receipts_is_refused(moved: Engine, url: str) -> None:
    debt = contract(moved, "100.00").debts[0]
    query = """INSERT INTO payments (reference, channel, debt, amount, paid_at, paid_on)
               VALUES ('file 1, line 2', 'bank', :debt, 10, now(), now())"""
    with moved.begin() as connection:
        connection.execute(text(query), {"debt": debt})
    whole = content(moved)
    with pytest.raises(Refusal, match="1 payments are known from a bank's file alone; schema 0002 has no place"):
        migrate.downgrade(url, OLDEST)
    assert content(moved) == whole


def test_a_database_ahead_of_this_code_is_refused(moved: Engine, url: str) -> None:
    with moved.begin() as connection:
        connection.execute(text("UPDATE alembic_version SET version_num = '9999'"))
    with pytest.raises(Refusal, match=f"newer schema than {NEWEST}"):
        migrate.upgrade(url)


def test_an_unknown_schema_is_refused(url: str) -> None:
    with pytest.raises(Refusal, match=f"can't go back to 9999; the schemas of this code are {OLDEST}, "):
        migrate.downgrade(url, "9999")


def test_there_is_one_newest_schema() -> None:
    """Who lands second gives his script the other one as its parent."""
    heads = ScriptDirectory(str(migrate.SCRIPTS)).get_heads()
    assert len(heads) == 1, f"{', '.join(heads)} have no successor: let one revise the other"
