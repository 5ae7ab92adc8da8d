"""That nothing on record can be changed or taken out unseen: chains, the audit log, checkpoints, and who may write
what."""

from datetime import date

import pytest
from sqlalchemy import Connection, Engine, text
from sqlalchemy.exc import ProgrammingError

from models.case.journal import EntryKind
from models.roles import Actor, Role
from storage.audit.chains import broken_decisions, broken_log
from storage.audit.checkpoints import broken_checkpoints, horizon, newest_checkpoint, set_checkpoint
from storage.audit.log import Entry, carry, read_log, write
from storage.case.cases import read_case
from storage.case.transaction import record_decision
from tests.delivery_world import NOW, DeliveryWorld

OPEN = """
    ALTER TABLE decisions DISABLE TRIGGER USER;
    ALTER TABLE audit_log DISABLE TRIGGER USER;
"""
SHUT = OPEN.replace("DISABLE", "ENABLE")
"""The statement that only the tables' owner can run, or a superuser."""


@pytest.fixture
def world(engine: Engine) -> DeliveryWorld:
    return DeliveryWorld(engine)


def decide(engine: Engine, case: str, *reasons: str) -> None:
    for reason in reasons:
        with engine.begin() as connection:
            record_decision(
                connection, read_case(connection, case, lock=True), EntryKind.CASE_CLASSIFIED, reason, NOW.date()
            )


@pytest.fixture
def cases(world: DeliveryWorld) -> list[str]:
    """Two, with three decisions each, sealed."""
    made = [world.case(world.taxpayer()) for _ in range(2)]
    for case in made:
        decide(world.engine, case, "a", "b", "c")
    assert set_checkpoint(world.engine, horizon(world.engine))
    return made


def faults(engine: Engine, cases: list[str]) -> list[str]:
    with engine.connect() as connection:
        return [*broken_decisions(connection, cases), *broken_log(connection), *broken_checkpoints(connection)]


def tamper(owner: Engine, sql: str, **values: str) -> None:
    with owner.begin() as connection:
        connection.execute(text(OPEN))
        connection.execute(text(sql), values)
        connection.execute(text(SHUT))


def ids_of(engine: Engine, case: str) -> list[int]:
    with engine.connect() as connection:
        return [*connection.scalars(text('SELECT id FROM decisions WHERE "case" = :case ORDER BY id'), {"case": case})]


class TestWhatIsWhole:
    def test_has_no_fault(self, engine: Engine, cases: list[str]) -> None:
        assert faults(engine, cases) == []

    def test_has_none_in_another_time_zone(self, engine: Engine, cases: list[str]) -> None:
        with engine.begin() as connection:
            connection.execute(text("SET LOCAL timezone = 'America/Maceio'"))
            record_decision(connection, read_case(connection, cases[0]), EntryKind.CASE_CLASSIFIED, "d", NOW.date())
        assert faults(engine, cases) == []

    def test_keeps_its_hashes_when_a_column_is_added(self, engine: Engine, owner: Engine, cases: list[str]) -> None:
        with owner.begin() as connection:
            connection.execute(text("ALTER TABLE decisions ADD COLUMN later text"))
        try:
            assert faults(engine, cases) == []
        finally:
            with owner.begin() as connection:
                connection.execute(text("ALTER TABLE decisions DROP COLUMN later"))

    def test_rows_of_one_statement_are_a_chain_too(self, engine: Engine, cases: list[str]) -> None:
        with engine.begin() as connection:
            connection.execute(
                text("""
                    INSERT INTO decisions ("case", at, kind, reason, ruler, evidence)
                    SELECT "case", at, kind, 'again ' || reason, ruler, evidence FROM decisions
                """)
            )
        assert faults(engine, cases) == []


class TestATamperersHand:
    def test_that_changes_a_decision_is_named(self, engine: Engine, owner: Engine, cases: list[str]) -> None:
        second = ids_of(engine, cases[0])[1]
        tamper(owner, "UPDATE decisions SET reason = 'z' WHERE id = :id", id=str(second))
        [fault] = faults(engine, cases)
        assert fault.startswith(f"case {cases[0]}: decision {second} is not what was written")

    def test_that_makes_the_hash_fit_meets_the_checkpoint(
        self, engine: Engine, owner: Engine, cases: list[str]
    ) -> None:
        rewritten = """
            UPDATE decisions SET reason = 'z' WHERE id = :id;
            UPDATE decisions AS d SET hash = chained(
                (SELECT hash FROM decisions WHERE "case" = d."case" AND id < d.id ORDER BY id DESC LIMIT 1),
                to_jsonb(d)) WHERE id = :id
        """
        last = ids_of(engine, cases[1])[-1]
        tamper(owner, f"SET LOCAL timezone = 'UTC'; {rewritten}".replace(":id", str(last)))
        [fault] = faults(engine, cases)
        assert fault.endswith("over 6 decisions: at least one of them is not what it was")

    def test_that_takes_one_out_of_the_middle_is_named(self, engine: Engine, owner: Engine, cases: list[str]) -> None:
        _, second, third = ids_of(engine, cases[0])
        tamper(owner, "DELETE FROM decisions WHERE id = :id", id=str(second))
        chain, sealed = faults(engine, cases)
        assert f"decision {third} is not what was written after the one before it" in chain
        assert sealed.endswith(f"gone are the ids {second}")

    def test_that_cuts_off_the_end_is_named(self, engine: Engine, owner: Engine, cases: list[str]) -> None:
        _, second, third = ids_of(engine, cases[0])
        tamper(owner, f"DELETE FROM decisions WHERE id IN ({second}, {third})")
        [fault] = faults(engine, cases)
        assert fault.endswith(f"gone are the ids {second}–{third}")

    def test_that_takes_a_whole_chain_is_named(self, engine: Engine, owner: Engine, cases: list[str]) -> None:
        first, *_, last = ids_of(engine, cases[1])
        tamper(owner, 'DELETE FROM decisions WHERE "case" = :case', case=cases[1])
        [fault] = faults(engine, cases)
        assert fault.endswith(f"gone are the ids {first}–{last}")

    def test_that_puts_one_in_is_named(self, engine: Engine, owner: Engine, cases: list[str]) -> None:
        first = ids_of(engine, cases[0])[0]
        tamper(owner, f"DELETE FROM decisions WHERE id = {first}")
        put = f"""
            INSERT INTO decisions (id, "case", at, kind, reason, ruler, evidence, hash)
            OVERRIDING SYSTEM VALUE
            SELECT {first}, "case", at, kind, 'z', ruler, evidence, hash FROM decisions LIMIT 1
        """
        tamper(owner, put)
        assert any(f"decision {first} is not what was written" in fault for fault in faults(engine, cases))

    @pytest.mark.parametrize(
        ("sql", "sentence"),
        [
            ("UPDATE audit_log SET actor = 'bia' WHERE id = 2", "entry 2 of the audit log is not what was written"),
            ("DELETE FROM audit_log WHERE id = 2", "the audit log has no entry 2: it was taken out"),
            ("DELETE FROM audit_log WHERE id = 1", "the audit log has no entry 1: it was taken out"),
        ],
    )
    def test_in_the_log_is_named(
        self, engine: Engine, owner: Engine, cases: list[str], sql: str, sentence: str
    ) -> None:
        for command in ("case pause", "case resume"):
            with engine.begin() as connection:
                write(connection, Entry(Actor("ana"), command, cases[0]))
        tamper(owner, sql)
        assert any(sentence in fault for fault in faults(engine, cases))


class TestACheckpoint:
    def test_is_set_once(self, engine: Engine, cases: list[str]) -> None:
        assert not set_checkpoint(engine, horizon(engine))

    def test_begins_where_the_last_one_ended(self, engine: Engine, cases: list[str]) -> None:
        decide(engine, cases[0], "d", "e")
        assert set_checkpoint(engine, horizon(engine))
        with engine.connect() as connection:
            newest = newest_checkpoint(connection)
        assert newest is not None
        assert newest["detail"]["decisions"] == 2
        assert faults(engine, cases) == []

    def test_waits_for_what_is_not_committed_yet(self, engine: Engine, cases: list[str]) -> None:
        with engine.begin() as slow:
            record_decision(slow, read_case(slow, cases[0], lock=True), EntryKind.CASE_CLASSIFIED, "d", NOW.date())
            decide(engine, cases[1], "d")
            until = horizon(engine)
            assert not set_checkpoint(engine, until)
        assert set_checkpoint(engine, until)
        assert faults(engine, cases) == []


class TestTheApplicationsRole:
    @pytest.mark.parametrize("table", ["decisions", "audit_log"])
    @pytest.mark.parametrize("verb", ["UPDATE {} SET hash = hash", "DELETE FROM {}", "TRUNCATE {}"])
    def test_takes_nothing_back(self, engine: Engine, cases: list[str], verb: str, table: str) -> None:
        refused(engine, verb.format(table), "permission denied")

    @pytest.mark.parametrize(
        "sql",
        [
            "ALTER TABLE decisions DISABLE TRIGGER USER",
            "DROP TABLE tokens",
            "TRUNCATE cases CASCADE",
            "CREATE TABLE own (n int)",
            "ALTER FUNCTION chained SET work_mem = '1MB'",
            "UPDATE alembic_version SET version_num = '0001'",
        ],
    )
    def test_changes_no_rules(self, engine: Engine, sql: str) -> None:
        refused(engine, sql, "(permission denied|must be owner)")

    @pytest.mark.parametrize("verb", ["UPDATE {} SET hash = hash", "DELETE FROM {}", "TRUNCATE {}"])
    @pytest.mark.parametrize("table", ["decisions", "audit_log"])
    def test_not_even_the_owner_does_so_by_mistake(
        self, owner: Engine, cases: list[str], verb: str, table: str
    ) -> None:
        with pytest.raises(Exception, match="is append-only"), owner.begin() as connection:
            connection.execute(text(verb.format(table)))


def refused(engine: Engine, sql: str, because: str) -> None:
    with pytest.raises(ProgrammingError, match=because), engine.begin() as connection:
        connection.execute(text(sql))


class TestAnEntry:
    @pytest.fixture
    def entry(self, engine: Engine) -> Entry:
        made = Entry(Actor("ana", Role.ANALYST), "cohort budget", "iptu")
        carry(engine, made)
        return made

    @staticmethod
    def entries(connection: Connection) -> list[str]:
        return [entry["command"] for entry in read_log(connection)]

    def test_is_in_the_first_transaction_that_changes_something(self, engine: Engine, entry: Entry) -> None:
        with engine.begin() as connection:
            connection.execute(text("SELECT 1"))
        assert not entry.written
        for number in range(2):
            with engine.begin() as connection:
                connection.execute(
                    text("INSERT INTO rates VALUES ('selic', :month, 1)"), {"month": date(2026, 1 + number, 1)}
                )
        with engine.connect() as connection:
            assert self.entries(connection) == ["cohort budget"]

    def test_goes_with_the_change_that_was_rolled_back(self, engine: Engine, entry: Entry) -> None:
        with engine.connect() as connection:
            connection.execute(text("SELECT pg_current_xact_id()"))
            connection.rollback()
        with engine.connect() as connection:
            assert self.entries(connection) == []
