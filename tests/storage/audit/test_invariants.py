"""One case's whole life by the book, in which each fault is planted in turn and must be found."""

import re
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, date, datetime, time, timedelta
from decimal import Decimal
from typing import Any

import pytest
from sqlalchemy import Connection, Engine, insert, text

from models.case.selection import Selection
from models.case.state import CaseState
from models.law.calendar import Clock
from models.ruler.check import read_ruler
from storage import schema
from storage.audit.invariants import violations
from storage.case.cohorts import Cohort, create_cohort, pin_ruler
from storage.catalogue import RULERS
from tests.builders import ICMS, shipped

COHORT = "icms"
MORNING = datetime(2026, 3, 2, 9, tzinfo=UTC)
NOTICED, WARNED, APPROVED, SUSPENDED, TOLD, PAID, RESOLVED = (MORNING + timedelta(minutes=n) for n in range(1, 8))


@pytest.fixture
def lived(owner: Engine) -> Engine:
    """A defaulter: served, served again, approved, suspended, told so; then paid, given back and resolved."""
    with owner.begin() as connection:
        frozen = pin_ruler(connection, shipped(ICMS), RULERS.read(ICMS)[1], 2025)
    clock = Clock(day_seconds=Decimal(1), origin_wall=MORNING, origin_day=MORNING.date(), timezone="UTC")
    create_cohort(owner, Cohort(COHORT, frozen, Selection(), clock, "ana"))
    with owner.begin() as connection:
        _live(Recorder(connection, frozen.digest))
    return owner


class Recorder:
    def __init__(self, connection: Connection, ruler: str) -> None:
        self.connection = connection
        self.ruler = ruler
        person = {"key": "k", "tax_id": "k", "name": "Empresa", "is_company": True}
        self.taxpayer = self.add(schema.taxpayers, **person)
        self.case = self.add(
            schema.cases,
            taxpayer=self.taxpayer,
            tax="ICMS",
            cohort=COHORT,
            ruler=ruler,
            status="resolved",
            state=CaseState.at_start(MORNING.date()).model_dump(mode="json"),
            opened_at=MORNING,
            closed_at=RESOLVED,
        )

    def add(self, table: Any, **values: Any) -> Any:
        return self.connection.execute(
            insert(table).values(values).returning(table.primary_key.columns[0])
        ).scalar_one()

    def notice(self, step: int, stage: str, rigidity: int, at: date, claimed_at: datetime, **more: Any) -> None:
        self.add(
            schema.notices,
            id=f"n{step}",
            case=self.case,
            step=step,
            channel="domicile",
            rung_channel="domicile",
            at=at,
            hypothesis="h8",
            stage=stage,
            rigidity=rigidity,
            tone="formal",
            template="t",
            status="sent",
            body="",
            claimed_at=claimed_at,
            due_at=datetime.combine(at, time(15), tzinfo=UTC),
            sent_at=claimed_at,
            **{"formal": True, "served_on": at, "served_by": "file", **more},
        )

    def lists(self, step: int, debt: str) -> None:
        listed = {"notice": f"n{step}", "credit": debt, "debt": debt}
        self.connection.execute(insert(schema.notice_credits).values(listed))

    def journal(self, kind: str, recorded_at: datetime, **evidence: Any) -> None:
        self.add(
            schema.decisions,
            case=self.case,
            at=recorded_at.date(),
            kind=kind,
            reason="r",
            ruler=self.ruler,
            evidence=evidence,
            recorded_at=recorded_at,
        )


def _live(record: Recorder) -> None:
    debt = record.add(
        schema.debts, tax="ICMS", inscription="i", period="2026-01", due=date(2026, 2, 20), amount=100, received=100
    )
    record.connection.execute(insert(schema.debtors).values(debt=debt, taxpayer=record.taxpayer))
    returned = {"period": "2026-01", "due": date(2026, 2, 20), "status": "filed", "declared": 100}
    record.add(schema.filings, taxpayer=record.taxpayer, tax="ICMS", recorded_at=MORNING, **returned)
    benefit = record.add(schema.benefits, taxpayer=record.taxpayer, code="b", name="Crédito presumido", tax="ICMS")
    record.journal("classified", MORNING)
    record.notice(0, "notice", 8, date(2026, 3, 2), NOTICED)
    record.lists(0, debt)
    record.notice(1, "final_notice", 9, date(2026, 3, 18), WARNED)
    record.lists(1, debt)
    record.journal("approved", APPROVED)
    approval = {"case": record.case, "given_by": "bia", "reason": "r", "given_on": date(2026, 4, 20), "seen": {}}
    record.add(schema.approvals, **approval, state="carried_out", recorded_at=APPROVED, ended_at=SUSPENDED)
    record.add(
        schema.suspensions,
        benefit=benefit,
        case=record.case,
        suspended_on=date(2026, 4, 20),
        approved_by="bia",
        credits=[debt],
        recorded_at=SUSPENDED,
        reinstated_on=date(2026, 4, 27),
        reinstated_at=RESOLVED,
    )
    record.notice(2, "suspension", 10, date(2026, 4, 20), TOLD)
    payment = record.add(
        schema.payments,
        end_to_end_id="E1",
        debt=debt,
        amount=100,
        paid_at=PAID,
        paid_on=date(2026, 4, 27),
        recorded_at=PAID,
    )
    record.journal("payment", PAID, payment=payment)
    signal = {"name": "payment_received", "payload": {"payment": payment}, "recorded_at": PAID, "delivered_at": PAID}
    record.add(schema.outbox, case=record.case, **signal)
    record.journal("reinstated", RESOLVED)
    record.notice(3, "suspension", 10, date(2026, 4, 27), RESOLVED, kind="reinstatement", served_on=None, formal=False)


@contextmanager
def planted(engine: Engine, sql: str) -> Iterator[list[str]]:
    with engine.begin() as connection:
        connection.execute(text(sql))
    yield violations(engine, COHORT)
    # the database is shared: who comes next finds it whole
    with engine.begin() as connection:
        connection.execute(text(UNIQUE_AGAIN))


def test_a_life_by_the_book_has_none(lived: Engine) -> None:
    assert violations(lived, COHORT) == []


def test_a_cohort_without_cases_has_none(lived: Engine) -> None:
    with lived.begin() as connection:
        connection.execute(text("INSERT INTO cohorts SELECT 'empty', ruler, 'ana', selection, clock FROM cohorts"))
    assert violations(lived, "empty") == []


COPY_OF_NOTICE = """
    ALTER TABLE notices DROP CONSTRAINT uq_notices_case_step_channel;
    INSERT INTO notices SELECT (jsonb_populate_record(notices, '{"id": "again"}')).* FROM notices WHERE step = 0
"""

UNIQUE_AGAIN = """
    ALTER TABLE suspensions ENABLE TRIGGER USER;
    DELETE FROM notices WHERE id = 'again';
    ALTER TABLE notices DROP CONSTRAINT IF EXISTS uq_notices_case_step_channel;
    ALTER TABLE notices ADD CONSTRAINT uq_notices_case_step_channel UNIQUE ("case", step, channel)
"""

UNLIST = "DELETE FROM notice_credits;"

UNGUARDED = "ALTER TABLE suspensions DISABLE TRIGGER USER;"

JOINED = """
    INSERT INTO debts (id, tax, inscription, due, amount) VALUES ('later', 'ICMS', 'later', '2026-03-20', 900);
    INSERT INTO debtors (debt, taxpayer) SELECT 'later', taxpayer FROM cases;
    UPDATE suspensions SET credits = credits || '{later}'
"""
"""A period that joined after the formal notices, for which benefits were suspended all the same (L3)."""

OPEN_JOURNAL = "ALTER TABLE decisions DISABLE TRIGGER USER;"
"""The journal is append-only; the faults are of a hand that got round that."""

SIGNALLED_AGAIN = """
    INSERT INTO outbox ("case", name, payload, delivered_at)
    SELECT "case", name, payload, now() FROM outbox
"""

ONE_LESS = "UPDATE notices SET step = step + 100; UPDATE notices SET step = step - 101"
"""Each contact is numbered one less; by way of numbers that none has, since each is unique at every instant."""

BATCH = """WITH made AS (INSERT INTO notice_batches (channel, closed_by) VALUES ('letter', 'ana') RETURNING id)"""

LEFT_BY_HALVES = """
    UPDATE cases SET closed_at = NULL, last_contact = '{"number": 1, "row": "h8", "rung": 1, "routes": [
            {"channel": "domicile", "rung_channel": "domicile"}, {"channel": "email", "rung_channel": "email"}]}',
        state = state || '{"steps": 2, "place": {"where": "on_row", "row": "h8", "rung": 1, "stands": true}}'
"""
"""The contact on which the case stands was begun with two notices, and one is on record."""

CONTESTED = f"""
    WITH made AS (
        INSERT INTO requests ("case", kind, made_on, due, reference, recorded_by, recorded_at)
        SELECT id, 'contest', '2026-03-02', '2026-03-09', 'r', 'ana', '{MORNING}' FROM cases RETURNING id)
    INSERT INTO request_credits (request, credit) SELECT made.id, debts.id FROM made, debts;
"""

REFERRED = f"""
    INSERT INTO decisions ("case", at, kind, reason, ruler, evidence, recorded_at)
    SELECT id, '2026-04-20', 'referred', 'r', ruler, '{{}}', '{APPROVED}' FROM cases;
"""

STEPS = f"""
    WITH taken AS (
        INSERT INTO prior_steps ("case", kind, "on", reference, recorded_by, recorded_at)
        SELECT id, kind, '2026-03-20', 'r', 'bia', '{WARNED}'
        FROM cases, unnest(ARRAY['protest', 'cadin_notice']) AS kind RETURNING id)
    INSERT INTO prior_step_debts (prior_step, debt) SELECT taken.id, debts.id FROM taken, debts;
"""
"""All that comes before a suit, but the registration."""

FAULTS = {
    CONTESTED: "which was contested",
    f"{CONTESTED} UPDATE requests SET answered_at = '{APPROVED}'": "notice n0 lists credit",
    f"{CONTESTED} DELETE FROM notice_credits": "the suspension of 2026-04-20 is for credit",
    f"""{CONTESTED} INSERT INTO decisions ("case", at, kind, reason, ruler, evidence, recorded_at)
        SELECT cases.id, '2026-04-20', 'referred', 'r', ruler,
               jsonb_build_object('referred', ARRAY[debts.id]), '{APPROVED}'
        FROM cases, debts""": "was referred for debt",
    LEFT_BY_HALVES: "contact 1 was begun, and nothing ever claimed by email",
    COPY_OF_NOTICE: "contact 0 was made 2 times by domicile",
    "UPDATE notices SET step = 5 WHERE step = 2": "numbered [0, 1, 3, 5], with gaps",
    f"{UNLIST} DELETE FROM notices WHERE step = 1; UPDATE notices SET step = step - 1 WHERE step > 1": (
        "contact 1 (h8 suspension) follows contact 0 (h8 notice), which is not the rung before it"
    ),
    "UPDATE notices SET hypothesis = 'h7' WHERE step = 1": "contact 1 (h7 final_notice) follows contact 0 (h8 notice)",
    f"{UNLIST} DELETE FROM notices WHERE step = 0; {ONE_LESS}": "not the first rung of its row",
    "UPDATE notices SET at = '2026-03-17' WHERE step = 1": "before 2026-03-18, when the dwell of contact 0 (h8 notice)",
    "UPDATE notices SET due_at = '2026-03-02 03:00+00' WHERE step = 0": "outside its contact hours",
    "UPDATE notices SET served_on = '2026-03-03' WHERE step = 0": "when the dwell of contact 0",
    "UPDATE notices SET served_on = NULL WHERE step = 1": "contact 1 (h8 final_notice) was never served",
    "UPDATE notices SET rigidity = 7 WHERE step = 1": "has rigidity 7, less than 8",
    f"UPDATE payments SET recorded_at = '{APPROVED}'": "notice n2 was claimed when nothing was outstanding",
    "DELETE FROM approvals": "the suspension of 2026-04-20 has 0 approvals in force, and needs 1",
    f"UPDATE approvals SET recorded_at = '{PAID}'": "has 0 approvals in force",
    "UPDATE approvals SET state = 'lapsed'": "has 0 approvals in force",
    "UPDATE approvals SET given_by = ' ANA '": "was approved by who started the cohort",
    "UPDATE debts SET amount = 60000000": "has 1 approvals in force, and needs 2",
    f"UPDATE payments SET recorded_at = '{APPROVED}', paid_on = '2026-04-20'": "had nothing outstanding that allows it",
    f"""INSERT INTO defences ("case", filed_on, reference, recorded_by, recorded_at)
        SELECT id, '2026-04-10', 'r', 'bia', '{APPROVED}' FROM cases""": "while the defence of 2026-04-10 was open",
    "DELETE FROM notices WHERE kind = 'reinstatement'": "had benefits given back, and no notice says so",
    REFERRED: "was referred without protest and cadin_notice",
    f"{REFERRED} {STEPS}": "which is not registered",
    f"{REFERRED} UPDATE debts SET litigation = true": "which was in court already",
    f"{REFERRED} DELETE FROM debtors": "was referred with no debt to refer",
    """INSERT INTO decisions ("case", at, kind, reason, ruler, evidence)
        SELECT id, '2026-04-20', 'classified', ' ', ruler, '{}'
        FROM cases""": "says no reason",
    "UPDATE notices SET served_on = NULL": "has no formal notice that was served",
    "UPDATE notices SET channel = 'gazette', rung_channel = 'letter' WHERE step = 0": "no personal means had failed",
    f"""{BATCH} INSERT INTO batched_notices (notice, batch, left_on)
        SELECT 'n0', id, date '2026-12-01' FROM made""": "notice n0 was served on",
    "UPDATE notices SET channel = 'sms'": "has no formal notice that was served",
    UNLIST: "has no formal notice that was served for credit",
    JOINED: "has no formal notice that was served for credit later",
    "UPDATE suspensions SET credits = '{}'": "names no credit that it is for",
    f"""INSERT INTO defences ("case", filed_on, reference, recorded_by, recorded_at, state, decided_on, decided_at)
        SELECT id, '2026-03-20', 'r', 'bia', '{WARNED}', 'accepted', '2026-03-25', '{WARNED}' FROM cases""": (
        "though the defence of 2026-03-20 was accepted"
    ),
    f"""INSERT INTO defences ("case", filed_on, reference, recorded_by, recorded_at, state, decided_on, decided_at)
        SELECT id, '2026-03-20', 'r', 'bia', '{WARNED}', 'rejected', '2026-04-15', '{WARNED}' FROM cases""": (
        "is before the time for an appeal ended on 2026-05-15"
    ),
    "UPDATE suspensions SET suspended_on = '2026-04-15'": "before the time for defence ended on 2026-04-17",
    f"{UNGUARDED} UPDATE suspensions SET reinstated_at = NULL": "is closed and holds 1 benefits suspended",
    f"{UNGUARDED} UPDATE suspensions SET reinstated_at = NULL; UPDATE cases SET closed_at = NULL": (
        "has nothing outstanding and holds 1 benefits suspended"
    ),
    "UPDATE cases SET arm = 'control'": "is of the control group, and yet has the notice n0",
    "UPDATE debts SET received = 99.99": "received is 99.99, payments less reversals are 100.00",
    "DELETE FROM outbox": "is owed to it 1 times, and was signalled 0 times",
    SIGNALLED_AGAIN: "is owed to it 1 times, and was signalled 2 times",
    "UPDATE outbox SET delivered_at = NULL": "is not delivered",
}


@pytest.mark.parametrize(("sql", "sentence"), FAULTS.items(), ids=FAULTS.values())
def test_a_planted_fault_is_found(lived: Engine, sql: str, sentence: str) -> None:
    with planted(lived, sql) as found:
        assert any(sentence in violation for violation in found), found


def test_a_suspension_by_a_ruler_without_a_gate_is_found(lived: Engine) -> None:
    source = re.sub(r"\ngate:\n(  .*\n)+", "\n", RULERS.read(ICMS)[1])
    ruler = read_ruler(source).ruler
    assert ruler
    with lived.begin() as connection:
        gateless = pin_ruler(connection, ruler, source, 2025).digest
    moved = f"{OPEN_JOURNAL} UPDATE decisions SET ruler = '{gateless}'; ALTER TABLE decisions ENABLE TRIGGER USER"
    with planted(lived, moved) as found:
        assert any("the suspension of 2026-04-20 has no gate in its ruler" in violation for violation in found), found


def test_what_is_referred_by_the_book_is_none(lived: Engine) -> None:
    with planted(lived, f"{REFERRED} {STEPS} UPDATE debts SET registered_on = '2026-03-01'") as found:
        assert not [violation for violation in found if "was referred" in violation], found


def test_a_notice_is_served_by_the_first_of_its_channels(lived: Engine) -> None:
    """And read once more on another one, after the suspension that it had announced."""
    again = """
        INSERT INTO notices SELECT (jsonb_populate_record(notices, '{"id": "n1-sms", "channel": "sms", "rung_channel":
            "sms", "served_on": "2026-05-20"}')).* FROM notices WHERE step = 1
    """
    with planted(lived, again) as found:
        assert found == []


@pytest.mark.parametrize(
    "since",
    [
        """INSERT INTO suppressed_contacts (taxpayer, channel, address, why)
           SELECT taxpayer, 'email', 'a@b', 'r' FROM cases""",
        """INSERT INTO opt_outs (taxpayer, channel, via) SELECT taxpayer, 'email', 'link' FROM cases;
           UPDATE notices SET formal = false WHERE step = 1""",
    ],
)
def test_a_contact_whose_other_channel_was_refused_or_failed_is_whole(lived: Engine, since: str) -> None:
    with planted(lived, f"{LEFT_BY_HALVES};{since}") as found:
        assert not [violation for violation in found if "was begun" in violation], found


def test_a_notice_that_the_law_requires_leaves_whoever_refused_its_channel(lived: Engine) -> None:
    refused = "INSERT INTO opt_outs (taxpayer, channel, via) SELECT taxpayer, 'email', 'link' FROM cases"
    with planted(lived, f"{LEFT_BY_HALVES};{refused}") as found:
        assert [violation for violation in found if "contact 1 was begun" in violation]


HOLD = f"INSERT INTO holds (debt, ground, source, placed_at) SELECT id, 'guarantee', 'extract', '{WARNED}' FROM debts"


def test_a_notice_about_a_held_debt_is_found(lived: Engine) -> None:
    with planted(lived, HOLD) as found:
        assert any("notice n2 was claimed when nothing was outstanding" in violation for violation in found)


def test_what_fell_due_by_the_day_of_a_notice_is_outstanding_whatever_day_the_wall_has(lived: Engine) -> None:
    """The days of a rehearsal run ahead: all of this life is lived in some minutes of 2 March."""
    later = f"""
        UPDATE payments SET recorded_at = '{APPROVED}';
        INSERT INTO debts (id, tax, inscription, due, amount) VALUES ('later', 'ICMS', 'later', '2026-03-20', 900);
        INSERT INTO debtors (debt, taxpayer) SELECT 'later', taxpayer FROM cases
    """
    with planted(lived, later) as found:
        assert not [violation for violation in found if "nothing was outstanding" in violation], found


@pytest.mark.parametrize(("filed_on", "faults"), [("2026-04-17", 1), ("2026-04-18", 0)])
def test_an_open_defence_of_the_last_day_is_in_the_way_of_a_suspension_and_a_later_one_is_not(
    lived: Engine, filed_on: str, faults: int
) -> None:
    late = f"""
        INSERT INTO defences ("case", filed_on, reference, recorded_by, recorded_at)
        SELECT id, '{filed_on}', 'r', 'bia', '{APPROVED}' FROM cases
    """
    with planted(lived, late) as found:
        assert len([violation for violation in found if f"the defence of {filed_on} was open" in violation]) == faults


def test_who_is_told_of_a_suspension_waits_for_no_notice_of_other_credits(lived: Engine) -> None:
    """A debt that joined later had its own notice days before, which nobody was served."""
    own = f"""
        UPDATE notices SET step = step + 100 WHERE step > 1; UPDATE notices SET step = step - 99 WHERE step > 100;
        INSERT INTO notices SELECT (jsonb_populate_record(notices, '{{"id": "own", "step": 2, "served_on": null,
            "at": "2026-04-17", "claimed_at": "{APPROVED.isoformat()}", "due_at": "2026-04-17T15:00:00Z"}}')).*
        FROM notices WHERE step = 1;
        INSERT INTO debts (id, tax, inscription, due, amount) VALUES ('later', 'ICMS', 'later', '2026-03-20', 900);
        INSERT INTO debtors (debt, taxpayer) SELECT 'later', taxpayer FROM cases;
        INSERT INTO notice_credits (notice, credit, debt) VALUES ('own', 'later', 'later')
    """
    with planted(lived, own) as found:
        assert not [violation for violation in found if "contact 3" in violation], found


def test_a_row_change_that_the_journal_explains_is_none(lived: Engine) -> None:
    moved = f"""
        UPDATE notices SET hypothesis = 'h7', stage = 'warning', at = '2026-02-16', served_on = NULL, formal = false
        WHERE step = 0;
        INSERT INTO decisions ("case", at, kind, reason, ruler, evidence, recorded_at)
        SELECT id, '2026-03-02', 'reclassified', 'r', ruler, '{{}}', '{NOTICED + timedelta(seconds=1)}'
        FROM cases;
        UPDATE notices SET stage = 'notice' WHERE step = 1
    """
    with planted(lived, moved) as found:
        assert not [violation for violation in found if "contact 1" in violation and "follows contact 0" in violation]


def test_the_word_of_a_suspension_that_a_milder_ruler_goes_on_with_is_none(lived: Engine) -> None:
    """As rigid as the notice before it, though the whole of h8 is milder there; the softer last notice is left out."""
    source = RULERS.read(ICMS)[1].replace("version: 1", "version: 2")
    for rigidity in (8, 9, 10):
        source = source.replace(f"        rigidity: {rigidity}\n", "        rigidity: 7\n")
    ruler = read_ruler(source).ruler
    assert ruler
    with lived.begin() as connection:
        milder = pin_ruler(connection, ruler, source, 2025).digest
    left_out = f"""
        ALTER TABLE decisions DISABLE TRIGGER USER;
        UPDATE decisions SET ruler = '{milder}' WHERE recorded_at > '{SUSPENDED}';
        ALTER TABLE decisions ENABLE TRIGGER USER;
        DELETE FROM notice_credits WHERE notice = 'n1'; DELETE FROM notices WHERE step = 1;
        UPDATE notices SET step = 1, rigidity = 8 WHERE step = 2
    """
    with planted(lived, left_out) as found:
        assert not [violation for violation in found if "contact 1 (h8 suspension)" in violation], found


def test_a_first_contact_at_the_rung_of_a_broken_agreement_is_none(lived: Engine) -> None:
    broken = f"""
        DELETE FROM notice_credits; DELETE FROM notices WHERE step = 0;
        {ONE_LESS};
        INSERT INTO decisions ("case", at, kind, reason, ruler, evidence, recorded_at)
        SELECT id, '2026-03-02', 'resumed_after_break', 'r', ruler, '{{}}', '{NOTICED}'
        FROM cases
    """
    with planted(lived, broken) as found:
        assert not [violation for violation in found if "not the first rung" in violation]


def test_a_notice_after_a_reversal_is_none(lived: Engine) -> None:
    """Paid early, taken back by the bank, and only then dunned again."""
    taken_back = f"""
        UPDATE payments SET recorded_at = '{NOTICED + timedelta(seconds=1)}';
        INSERT INTO reversals (payment, reference, amount, reversed_on, recorded_at)
        SELECT id, 'R1', amount, '2026-03-10', '{NOTICED + timedelta(seconds=2)}' FROM payments;
        UPDATE debts SET received = 0
    """
    with planted(lived, taken_back) as found:
        assert found == []
