"""The file of a case, or of an agreement: all that is on record of it, as a person reads it."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime
from typing import cast

from sqlalchemy import Connection, TextClause, text

from models.case.journal import EntryKind
from models.case.persistent_defaulter import periods_left_to_people
from models.case.state import cell_reached
from models.case.step import Step
from models.errors import Refusal, Unreckonable
from models.redaction import Person
from models.taxid import formatted, mask
from storage.agreement.signing import schedule
from storage.amounts.accruals import accrual_of
from storage.amounts.owed import owed_of
from storage.case.cases import Case, read_case
from storage.case.facts import read_facts
from storage.case.prescription import HORIZONS, NEAR_FIRST, PRESCRIBES, PRESCRIPTION, horizons
from storage.case.prescription_events import read_prescriptions
from storage.law.approvals import to_be_approved
from storage.paging import WHOLE, Listing, Page
from storage.read_models.case_parts import (
    AgreementDebt,
    AgreementFile,
    AgreementTask,
    Approval,
    Benefit,
    Block,
    CaseFile,
    Communication,
    Debt,
    Defence,
    Event,
    Hold,
    JournalEntry,
    ListedAgreement,
    NextStep,
    Notice,
    Payment,
    PeriodsLeft,
    PriorStep,
    Promise,
    RecordedAgreement,
    Reply,
    Request,
    Task,
)
from storage.read_models.person import person_of
from storage.rows import RowT, typed_rows

DEBTS = text("""
    SELECT debts.id, inscription, period, due, balance AS amount, pix_txid, debts.amount AS claimed, received,
           litigation, prescribes
    FROM debtors JOIN debts ON debts.id = debtors.debt
    WHERE debtors.taxpayer = :taxpayer AND debts.tax = :tax ORDER BY due, debts.id
""")

HOLDS = text("""
    SELECT ground, holds.source, placed_by AS by, reason, evidence, holds.since AS "from", until,
           min(placed_at) AS since, array_agg(debts.id ORDER BY debts.id) AS debts
    FROM debtors JOIN debts ON debts.id = debtors.debt JOIN holds ON holds.debt = debts.id
    WHERE debtors.taxpayer = :taxpayer AND debts.tax = :tax AND lifted_at IS NULL
    GROUP BY ground, holds.source, placed_by, reason, evidence, holds.since, until, date_trunc('second', placed_at)
    ORDER BY min(placed_at), ground
""")

# of an instalment's payment what each debt shares of it, net of what was given back
PAYMENTS = text("""
    SELECT coalesce(payments.end_to_end_id, payments.reference, (
               SELECT coalesce(end_to_end_id, reference) FROM payments AS whole WHERE whole.id = payments.origin))
               AS id, payments.debt, payments.amount, paid_on AS at, paid_at, payments.recorded_at,
           coalesce((SELECT sum(amount) FROM reversals WHERE payment = payments.id), 0) AS reversed, NULL AS agreement
    FROM debtors JOIN debts ON debts.id = debtors.debt JOIN payments ON payments.debt = debts.id
    WHERE debtors.taxpayer = :taxpayer AND debts.tax = :tax
    UNION ALL
    SELECT coalesce(payments.end_to_end_id, payments.reference), debts.id, allocations.amount, payments.paid_on,
           paid_at, payments.recorded_at, 0, instalments.agreement
    FROM debtors JOIN debts ON debts.id = debtors.debt JOIN allocations ON allocations.debt = debts.id
    JOIN payments ON payments.id = allocations.payment JOIN instalments ON instalments.id = payments.instalment
    WHERE debtors.taxpayer = :taxpayer AND debts.tax = :tax
    ORDER BY recorded_at, debt
""")

NOTICES = text("""
    SELECT id, at, hypothesis, stage, rigidity, tone, channel, rung_channel, template, status, failure, formal, subject,
           body, address, claimed_at, sent_at, served_on, served_by, served_reference,
           ARRAY(SELECT credit FROM notice_credits WHERE notice = notices.id ORDER BY credit) AS credits
    FROM notices WHERE "case" = :case AND communication IS NULL ORDER BY step, channel
""")

COMMUNICATIONS = text("""
    SELECT communications.id, communications.kind, asked_on, outcome, reason, unpaid_since IS NOT NULL AS unpaid,
           coalesce((SELECT jsonb_agg(jsonb_build_object('id', notices.id, 'at', at, 'channel', channel,
                        'status', status, 'failure', failure, 'subject', subject, 'body', body) ORDER BY claimed_at)
                     FROM notices WHERE communication = communications.id), '[]') AS notices
    FROM communications WHERE communications."case" = :case ORDER BY recorded_at, communications.id
""")

REPLIES = text("""
    SELECT recorded_at AS at, channel, intent, address, body, answer FROM replies WHERE "case" = :case ORDER BY id
""")

TASKS = text("""
    SELECT id, kind, what, source, reference, due, done_at, done_by FROM tasks WHERE "case" = :case ORDER BY due, id
""")

BENEFITS = text("""
    SELECT benefits.id, name, code,
           CASE WHEN EXISTS (SELECT FROM suspensions WHERE benefit = benefits.id AND reinstated_at IS NULL)
                THEN 'suspended' ELSE 'active' END AS status
    FROM benefits WHERE taxpayer = :taxpayer AND coalesce(tax, :tax) = :tax ORDER BY code
""")

DEFENCES = text("""
    SELECT id, filed_on, reference, recorded_by AS by, state, decided_on, decided_by, reason, appeal,
           ARRAY(SELECT credit FROM defence_credits WHERE defence = defences.id ORDER BY credit) AS credits
    FROM defences WHERE "case" = :case ORDER BY id
""")

PRIOR_STEPS = text("""
    SELECT id, kind, "on", reference, recorded_by AS by,
           (SELECT min(annulled_on) FROM annulments
            WHERE annulments.kind = 'step' AND entry = CAST(prior_steps.id AS text)) AS annulled_on,
           ARRAY(SELECT debt FROM prior_step_debts WHERE prior_step = prior_steps.id ORDER BY debt) AS debts
    FROM prior_steps WHERE "case" = :case ORDER BY "on", id
""")

REQUESTS = text("""
    SELECT id, kind, made_on, due, reference, recorded_by AS by, answer, answered_on, answered_by, reason,
           ARRAY(SELECT credit FROM request_credits WHERE request = requests.id ORDER BY credit) AS credits
    FROM requests WHERE "case" = :case ORDER BY id
""")

PROMISES = text("""
    SELECT id, amount, promised_for, due, judged_on, channel, made_by AS by, made_on, state, paid, decided_on, reason
    FROM promises WHERE "case" = :case ORDER BY id
""")

APPROVALS = text("""
    SELECT given_by, given_on, reason, state, seen FROM approvals WHERE "case" = :case ORDER BY id
""")

EVENTS = text("""
    SELECT at, kind, reason, hypothesis, stage, rigidity, recorded_at FROM decisions WHERE "case" = :case ORDER BY id
""")

AGREEMENTS = Listing[ListedAgreement](
    columns=f"""agreements.id, "case", label AS policy, agreements.state, agreements.amount, discount, renegotiation,
        signed_on, effective_on, broken_on, completed_on, agreements.next_step ->> 'on' AS next_step_on, {PRESCRIBES},
        (SELECT count(*) FROM instalments WHERE agreement = agreements.id) AS instalments,
        (SELECT count(*) FROM instalments WHERE agreement = agreements.id AND paid_on IS NOT NULL) AS paid""",  # noqa: S608 - constants
    tables=f"""agreements JOIN policies ON policies.digest = policy JOIN cases ON cases.id = "case" {PRESCRIPTION}
        WHERE (CAST(:case AS text) IS NULL OR "case" = :case)
          AND (CAST(:state AS text) IS NULL OR agreements.state = :state)""",
    order=f"{NEAR_FIRST}, agreements.recorded_at DESC, agreements.id",
    key="id",
    noun="agreement",
    binds=HORIZONS,
)

AGREEMENT = text("""
    SELECT agreements.id AS agreement, "case", label AS policy, state, terms -> 'request' AS request, renegotiation,
           amount, discount, signed_on, signed_by, signed_via, identified_by, effective_on, broken_on, decided_on,
           completed_on, next_step
    FROM agreements JOIN policies ON policies.digest = policy
    WHERE agreements.id = :name OR "case" = :name ORDER BY agreements.recorded_at DESC LIMIT 1
""")

AGREEMENT_DEBTS = text("SELECT debt, amount FROM agreement_debts WHERE agreement = :agreement ORDER BY debt")

AGREEMENT_TASKS = text("""
    SELECT due, what, source, done_at FROM tasks WHERE "case" = :case AND reference = :agreement ORDER BY due, id
""")

RECORD = text("""
    SELECT next_step, arm FROM cases WHERE id = :case
""")


def case_file(connection: Connection, case: str, reveal: bool) -> CaseFile:
    """Everything on record of a case. Without `reveal` the tax id is masked and the name left out, in whatever anybody
    wrote too; neither addresses and personal links nor the taxpayer's own words are told."""
    record = read_case(connection, case)
    kept, person = connection.execute(RECORD, {"case": case}).one(), person_of(connection, case)
    step = Step.model_validate(kept.next_step) if kept.next_step else None
    row, stage = cell_reached(record.ruler, record.state)
    near = horizons(connection, datetime.now(UTC), record.cohort)
    asked = {"case": case, "taxpayer": record.taxpayer, "tax": record.tax, "state": None, **near}

    def rows(shape: type[RowT], query: TextClause) -> list[RowT]:
        return typed_rows(shape, connection.execute(query, asked).mappings())

    notices, replies = rows(Notice, NOTICES), rows(Reply, REPLIES)
    if not reveal:
        for notice in notices:
            del notice["address"]
        for reply in replies:
            del reply["address"], reply["body"]
    file: CaseFile = {
        "case": record.id,
        "cohort": record.cohort,
        "ruler": record.ruler.label,
        "arm": kept.arm,
        "habits": record.habits.model_dump(mode="json", exclude_defaults=True) if record.habits else None,
        "tax_id": formatted(person.tax_id) if reveal else mask(person.tax_id),
        "name": person.name if reveal else None,
        "tax": record.tax,
        "status": record.status,
        "blocks": [
            Block(kind=block.kind, reason=block.reason, since=block.since, until=block.until) for block in record.blocks
        ],
        "hypothesis": row,
        "stage": stage,
        "rigidity": record.state.last_rigidity or None,
        "occurrences": record.state.occurrences,
        "next_step": _next_step(step),
        "waits_because": step.reason if step and step.on is None else None,
        "holds": rows(Hold, HOLDS),
        "defences": rows(Defence, DEFENCES),
        "prior_steps": rows(PriorStep, PRIOR_STEPS),
        "requests": rows(Request, REQUESTS),
        "promises": rows(Promise, PROMISES),
        "to_approve": to_be_approved(connection, case, datetime.now(UTC)),
        "approvals": rows(Approval, APPROVALS),
        "debts": _owed_today(connection, record, _prescribing(connection, record, rows(Debt, DEBTS))),
        "left_to_people": _left_to_people(connection, record),
        "payments": rows(Payment, PAYMENTS),
        "agreements": list(AGREEMENTS.rows(connection, WHOLE, asked)),
        "notices": notices,
        "communications": rows(Communication, COMMUNICATIONS),
        "replies": replies,
        "tasks": rows(Task, TASKS),
        "benefits": rows(Benefit, BENEFITS),
        "events": [_event(entry) for entry in rows(JournalEntry, EVENTS)],
    }
    if reveal:
        return file
    return cast("CaseFile", _redacted(file, person))


WORDS = {"subject", "body", "answer", "what", "reason", "because", "reference", "evidence", "failure", "waits_because"}
"""The parts of a file in which somebody may have written of the taxpayer; the others are numbers, days and codes."""


def _redacted(part: object, person: Person) -> object:
    """A part of a file without the person in its words."""
    if isinstance(part, list):
        return [_redacted(each, person) for each in part]
    if not isinstance(part, dict):
        return part
    return {
        key: person.redacted(value)
        if isinstance(value, str) and key.removeprefix("served_") in WORDS
        else _redacted(value, person)
        for key, value in part.items()
    }


KNOWN = frozenset(EntryKind)


def _event(entry: JournalEntry) -> Event:
    """A journal entry with its kind as `subject:action` too, where this version knows the kind."""
    kind = entry["kind"]
    return {**entry, "event": EntryKind(kind).event if kind in KNOWN else None}


def list_agreements(
    connection: Connection, state: str | None, cohort: str | None, page: Page = WHOLE
) -> Iterator[ListedAgreement]:
    """The agreements, those of cases near prescription first, then the newest."""
    asked = {"case": None, "state": state, **horizons(connection, datetime.now(UTC), cohort)}
    return AGREEMENTS.rows(connection, page, asked)


def agreement_file(connection: Connection, name: str) -> AgreementFile:
    """The file of the agreement with that id, or of the newest of the case with that id. Refuses what is neither."""
    found = typed_rows(RecordedAgreement, connection.execute(AGREEMENT, {"name": name}).mappings())
    if not found:
        raise Refusal(f"there is no agreement {name}, nor one of a case {name}; `agreement list` shows them")
    [record] = found
    asked = {"agreement": record["agreement"], "case": record["case"]}
    return {
        **record,
        "debts": typed_rows(AgreementDebt, connection.execute(AGREEMENT_DEBTS, asked).mappings()),
        "instalments": schedule(connection, record["agreement"]),
        "tasks": typed_rows(AgreementTask, connection.execute(AGREEMENT_TASKS, asked).mappings()),
    }


def _prescribing(connection: Connection, case: Case, debts: list[Debt]) -> list[Debt]:
    """The debts with the day from which each is prescribed, as events have moved it."""
    stated = {debt["id"]: debt["prescribes"] for debt in debts}
    moved = read_prescriptions(connection, stated, case.clock.day_at(datetime.now(UTC)))
    return [{**debt, "prescribes": moved[debt["id"]].on} for debt in debts]


def _owed_today(connection: Connection, case: Case, debts: list[Debt]) -> list[Debt]:
    """The amount owed today by the table of the case's ruler, where it has one; none where that can't be told."""
    try:
        table = accrual_of(case.ruler)
        if table is None:
            return debts
        owed = owed_of(connection, [debt["id"] for debt in debts], table, case.clock.day_at(datetime.now(UTC)))
    except Unreckonable:
        return [{**debt, "amount": None} for debt in debts]
    return [{**debt, "amount": owed[debt["id"]].total} for debt in debts]


def _left_to_people(connection: Connection, case: Case) -> list[PeriodsLeft]:
    """The periods that the thresholds leave out today, where the ruler has any; none where that can't be told."""
    if case.ruler.entry.thresholds is None:
        return []
    today = case.clock.day_at(datetime.now(UTC))
    try:
        facts = read_facts(connection, case.ruler, [case.pair], today)[case.pair]
    except Unreckonable:
        return []
    left = periods_left_to_people(case.ruler, facts.debts, facts.live_evidence, today, facts.elsewhere)
    return [PeriodsLeft(why=why, periods=periods) for why, periods in left.items()]


def _next_step(step: Step | None) -> NextStep | None:
    """The step that comes next and when; none when only an event can move the case."""
    if step is None or step.on is None:
        return None
    return {
        "at": step.on,
        "action": step.action,
        "hypothesis": step.row,
        "stage": step.stage,
        "rigidity": step.rigidity,
        "reason": step.reason,
    }
