"""As the application's role: what is recorded can't be rewritten, and what can be changed is seen by the audit."""

import json
from pathlib import Path

import pytest
from sqlalchemy import Engine, text
from sqlalchemy.exc import DBAPIError, ProgrammingError

from models.roles import Role
from storage.audit.tokens import issue, revoke
from storage.grants import APPEND_ONLY, FIXED, OWNERS, PASSING, rights_on
from storage.schema import metadata
from tests.commands.test_import_command import Line
from tests.commands.test_import_command import line as line
from tests.delivery_world import DeliveryWorld
from tests.storage.intake.test_imports import PGFN, pgfn

DENIED = """
DELETE FROM notices WHERE channel = 'domicile'
UPDATE notices SET body = 'x'
UPDATE notices SET subject = 'x'
UPDATE notices SET at = '2026-01-01'
UPDATE notices SET formal = true
UPDATE notices SET address = 'x'
UPDATE notices SET "case" = 'x'
DELETE FROM debts
UPDATE notice_credits SET amount = 1
DELETE FROM notice_credits
DELETE FROM defence_credits
UPDATE extinctions SET "on" = '2020-01-01'
DELETE FROM extinctions
UPDATE debts SET pix_txid = 'x'
UPDATE cohorts SET started_by = 'x'
UPDATE cohorts SET selection = '{}'
UPDATE arms SET share = 0.5
DELETE FROM arms
UPDATE experiments SET claim = 'x'
DELETE FROM experiments
DELETE FROM cohorts
DELETE FROM cases
UPDATE taxpayers SET key = 'x'
DELETE FROM taxpayers
UPDATE benefits SET taxpayer = 1
DELETE FROM benefits
UPDATE defences SET appeal = true
UPDATE defence_credits SET credit = 'x'
UPDATE agreement_debts SET amount = 1
DELETE FROM agreement_debts
UPDATE annulments SET annulled_by = 'x'
DELETE FROM annulments
DELETE FROM assets
UPDATE conversations SET token = 'x'
UPDATE conversations SET pinned = '{}'
DELETE FROM conversations
UPDATE conversation_lines SET text = 'x'
DELETE FROM conversation_lines
UPDATE requests SET said = 'x'
UPDATE request_files SET content = ''
DELETE FROM request_files
UPDATE bank_files SET amount = 1
DELETE FROM bank_files
UPDATE charges SET txid = 'x'
UPDATE recurrences SET agreement = 'x'
DELETE FROM recurrences
DELETE FROM charges
UPDATE instalments SET pix_txid = 'x'
DELETE FROM instalments
UPDATE intakes SET cron = '* * * * *'
UPDATE intakes SET asked_by = 'x'
DELETE FROM intakes
UPDATE interruptions SET "on" = '2020-01-01'
DELETE FROM interruptions
UPDATE once_links SET role = 'supervisor'
DELETE FROM once_links
UPDATE prior_step_debts SET debt = 'x'
DELETE FROM prior_step_debts
UPDATE remittances SET content = 'x'
DELETE FROM remittances
UPDATE requests SET made_on = '2020-01-01'
UPDATE request_credits SET credit = 'x'
DELETE FROM request_credits
DELETE FROM requests
UPDATE sessions SET role = 'supervisor'
DELETE FROM sessions
UPDATE slips SET amount = 1
DELETE FROM slips
UPDATE unmatched_reversals SET amount = 1
DELETE FROM unmatched_reversals
DELETE FROM policies
DELETE FROM published
DELETE FROM remissions
DELETE FROM replies
DELETE FROM rulers
DELETE FROM tasks
UPDATE communications SET kind = 'x'
DELETE FROM communications
UPDATE batched_notices SET batch = 1
DELETE FROM batched_notices
UPDATE notice_batches SET closed_by = 'x'
DELETE FROM notice_batches
UPDATE approvals SET given_by = 'x'
UPDATE approvals SET seen = '{}'
DELETE FROM approvals
INSERT INTO restatements (what, rows) VALUES ('debts', 1)
UPDATE restatements SET entry = 1
DELETE FROM restatements
UPDATE payments SET amount = 1
DELETE FROM payments
UPDATE reversals SET amount = 1
DELETE FROM reversals
UPDATE remissions SET amount = 1
UPDATE holds SET ground = 'x'
UPDATE holds SET reason = 'x'
DELETE FROM holds
UPDATE tokens SET role = 'supervisor'
UPDATE tokens SET digest = ''
UPDATE tokens SET name = 'x'
UPDATE tokens SET expires_at = NULL
DELETE FROM tokens
UPDATE sign_ins SET person = 'x'
DELETE FROM sign_ins
UPDATE acts SET who = 'x'
DELETE FROM acts
UPDATE decisions SET reason = 'x'
DELETE FROM decisions
UPDATE certificates SET valid_until = '2100-01-01'
DELETE FROM certificates
UPDATE audit_log SET actor = 'x'
DELETE FROM audit_log
UPDATE defences SET filed_on = '2026-01-01'
DELETE FROM defences
UPDATE prior_steps SET "on" = '2026-01-01'
DELETE FROM prior_steps
UPDATE suspensions SET approved_by = 'x'
DELETE FROM suspensions
UPDATE agreements SET amount = 1
DELETE FROM agreements
UPDATE filings SET declared = 1
DELETE FROM filings
UPDATE delivery_events SET kind = 'x'
DELETE FROM delivery_events
UPDATE replies SET body = 'x'
UPDATE opt_outs SET via = 'x'
DELETE FROM opt_outs
UPDATE promises SET amount = 1
DELETE FROM promises
UPDATE calls SET task = 1
DELETE FROM calls
UPDATE cohort_drafts SET made_by = 'x'
DELETE FROM cohort_drafts
UPDATE ruler_drafts SET made_by = 'x'
DELETE FROM ruler_drafts
UPDATE uploads SET brought_by = 'x'
DELETE FROM uploads
UPDATE upload_parts SET content = ''
UPDATE rulers SET source = 'x'
UPDATE policies SET source = 'x'
UPDATE assets SET content = 'x'
UPDATE published SET note = 'x'
UPDATE quarantined_items SET sealed = ''
DELETE FROM quarantined_items
UPDATE tasks SET what = 'x'
UPDATE outbox SET payload = '{}'
INSERT INTO alembic_version VALUES ('x')
DELETE FROM alembic_version
TRUNCATE debts CASCADE
ALTER TABLE debts DISABLE TRIGGER USER
SET session_replication_role = replica
CREATE FUNCTION public.refuse_change() RETURNS trigger LANGUAGE sql AS 'SELECT 1'
""".strip().splitlines()


@pytest.mark.parametrize("statement", DENIED)
def test_what_is_recorded_is_rewritten_by_nobody(engine: Engine, statement: str) -> None:
    with pytest.raises(ProgrammingError, match="InsufficientPrivilege"), engine.begin() as connection:
        connection.execute(text(statement))


REWRITTEN = {
    "access_keys": "by each import of their debts; no decision quotes one",
    "agent_queues": "how work is dealt out; each change is in the log, and no decision rests on one",
    "allocations": "how a payment is shared is worked out anew from what was paid and when",
    "cases": "they move by what the journal says; a trigger keeps whose they are",
    "charge_debts": "what a charge is for is revised with it",
    "contacts": "a newer saying takes the place of an older; the notice keeps the address that it went to",
    "debtors": "by imports; each such statement is noted by a trigger",
    "extract_sources": "by each import, whose entry in the log has the digest of the file",
    "rates": "by each import, whose entry in the log has the digest of the file; amounts are in the journal",
    "snapshot_debts": "by each import, whose entry in the log has the digest of the file",
    "suppressed_contacts": "an address that failed is recovered by giving it anew; the journal has the lost notice",
}
"""Tables that no right keeps as they are, and why nothing that was decided rests on them alone."""


def test_each_table_keeps_what_decisions_rest_on_or_says_why_not() -> None:
    kept = APPEND_ONLY | FIXED.keys() | OWNERS
    assert metadata.tables.keys() - kept == REWRITTEN.keys()


def test_each_table_that_is_kept_was_tried_to_be_rewritten() -> None:
    tried = [statement.split() for statement in DENIED]
    changed = {words[1] for words in tried if words[0] == "UPDATE"}
    taken_out = {words[2] for words in tried if words[0] == "DELETE"}
    assert APPEND_ONLY | FIXED.keys() <= changed
    assert (APPEND_ONLY | FIXED.keys()) - PASSING <= taken_out


def test_each_table_that_is_there_is_written_to_as_the_table_of_rights_says(owner: Engine) -> None:
    """Asked of PostgreSQL's own catalogue."""
    asked = text("""
        SELECT relname, has_table_privilege('regua_app', oid, 'INSERT') AS adds,
               has_table_privilege('regua_app', oid, 'DELETE') AS takes_out,
               has_table_privilege('regua_app', oid, 'TRUNCATE') AS empties,
               has_any_column_privilege('regua_app', oid, 'UPDATE') AS changes
        FROM pg_class WHERE relkind = 'r' AND relnamespace = 'public'::regnamespace
    """)
    with owner.connect() as connection:
        rows = {row.relname: row for row in connection.execute(asked)}
    assert rows.keys() == metadata.tables.keys() | {"alembic_version"}
    for name, row in rows.items():
        ours = name not in OWNERS | {"alembic_version"}
        changes = ours and name not in APPEND_ONLY
        assert (row.adds, row.takes_out, row.empties, row.changes) == (ours, name in PASSING, False, changes), name


def test_the_table_of_rights_names_what_there_is() -> None:
    assert APPEND_ONLY | PASSING | OWNERS | FIXED.keys() <= metadata.tables.keys()
    for table, columns in FIXED.items():
        assert set(columns.split()) < set(metadata.tables[table].columns.keys()), table
        assert len(rights_on(table)) >= 2


UNENDED = ("revoked_at = NULL, revoked_by = NULL", "revoked_at = now() + interval '1 year'", "revoked_by = 'eva'")


@pytest.mark.parametrize("values", UNENDED)
def test_what_is_written_once_stays(engine: Engine, values: str) -> None:
    with engine.begin() as connection:
        for name in ("bia", "ana"):
            issue(connection, name, Role.SUPERVISOR, "root", None)
        revoke(connection, "ana", "bia")
    with pytest.raises(DBAPIError, match="append-only"), engine.begin() as connection:
        connection.execute(text(f"UPDATE tokens SET {values} WHERE name = 'ana'"))


@pytest.mark.parametrize("values", ["taxpayer = taxpayer + 1", "tax = 'ISS'", "cohort = 'other'"])
def test_a_case_stays_whose_it_is(engine: Engine, values: str) -> None:
    world = DeliveryWorld(engine)
    world.case(world.taxpayer())
    with pytest.raises(DBAPIError, match="append-only"), engine.begin() as connection:
        connection.execute(text(f"UPDATE cases SET {values}"))


def test_a_hold_that_was_lifted_is_never_in_force_again(taken_in: Line, engine: Engine) -> None:
    with engine.begin() as connection:
        connection.execute(
            text("INSERT INTO holds (debt, ground, source, lifted_at) SELECT id, 'deposit', 'person', now() FROM debts")
        )
    with pytest.raises(DBAPIError, match="append-only"), engine.begin() as connection:
        connection.execute(text("UPDATE holds SET lifted_at = NULL"))


def faults(line: Line) -> list[str]:
    code, said, _ = line("audit", "--all", "--json")
    found: list[str] = json.loads(said)["violations"]
    assert code == (1 if found else 0)
    return found


@pytest.fixture
def taken_in(line: Line, tmp_path: Path) -> Line:
    """Debts that were imported, and then for other amounts; a token."""
    file = tmp_path / "extract.csv"
    for amount in ("100.00", "120.00"):
        file.write_text("\n".join((PGFN, pgfn(amount=amount), pgfn("I2", amount=amount), "")))
        line.json("taxpayers", "import", file)
    line.json("token", "issue", "bia", "--role", "supervisor", "--by", "root")
    return line


def test_what_people_did_is_told(taken_in: Line, engine: Engine) -> None:
    with engine.connect() as connection:
        assert list(connection.execute(text("SELECT what, rows, entry FROM restatements"))) == [("debts", 2, 2)]
    assert faults(taken_in) == []


UNTOLD = {
    "UPDATE debts SET amount = amount / 2": "2 debts were given another amount",
    "UPDATE debts SET due = '2026-01-01' WHERE inscription = 'I1'": "1 debts were given another amount",
    "UPDATE debts SET prescribes = '2039-12-31'": "2 debts were given another amount",
    "DELETE FROM debtors": "2 debtors were taken off a debt",
    "INSERT INTO tokens (name, role, digest, issued_by) VALUES ('eva', 'supervisor', '', 'bia')": "of eva: no entry",
}


@pytest.mark.parametrize("statement", UNTOLD)
def test_what_can_be_changed_is_seen_by_the_audit(taken_in: Line, engine: Engine, statement: str) -> None:
    with engine.begin() as connection:
        connection.execute(text(statement))
    assert [fault for fault in faults(taken_in) if UNTOLD[statement] in fault]


def test_what_changes_nothing_is_no_restatement(taken_in: Line, engine: Engine) -> None:
    with engine.begin() as connection:
        connection.execute(text("UPDATE debts SET received = 1, amount = amount"))
    assert not [fault for fault in faults(taken_in) if "another amount" in fault]
