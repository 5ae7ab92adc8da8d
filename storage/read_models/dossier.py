"""The dossier of a case: all that PostgreSQL keeps of it, read in one transaction, for its explanation.

Nothing of it depends on the moment of reading: what a debt costs is told for the day of the last decision.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date

from sqlalchemy import Connection, Engine, TextClause, bindparam, text
from sqlalchemy.dialects.postgresql import ARRAY
from sqlalchemy.types import Text

from models.case.facts import CaseFacts
from models.case.step import Step
from models.errors import Unreckonable
from models.money.accrual_table import AccrualTable
from models.redaction import Person
from models.ruler.schema import Ruler
from storage.amounts.accruals import accrual_of
from storage.case.cases import Case, frozen_ruler, read_case
from storage.case.facts import read_facts
from storage.case.prescription_events import read_prescriptions
from storage.law.defences import late_credits
from storage.read_models.dossier_parts import (
    Agreement,
    Approval,
    Debt,
    Decision,
    Defence,
    Delivery,
    Filing,
    Hold,
    ListedCredit,
    Notice,
    Payment,
    PriorStep,
    Remission,
    Reply,
    Reversal,
    Suspension,
)
from storage.read_models.person import person_of
from storage.rows import RowT, typed_rows


@dataclass(frozen=True)
class PinnedRuler:
    """A ruler version as it was when the cohort started."""

    digest: str
    source: str
    ruler: Ruler


@dataclass(frozen=True)
class Dossier:
    case: Case
    person: Person
    as_of: date
    """The logical day of the last decision."""
    next_step: Step | None
    rulers: Mapping[str, PinnedRuler]
    """By digest: every version that a decision was made by, and the cohort's."""
    accrual: AccrualTable | None
    facts: CaseFacts | None
    """On `as_of`; none where a rate or a rule is missing that says what is owed."""
    decisions: Sequence[Decision]
    notices: Sequence[Notice]
    listed_credits: Sequence[ListedCredit]
    deliveries: Sequence[Delivery]
    replies: Sequence[Reply]
    debts: Sequence[Debt]
    filings: Sequence[Filing]
    holds: Sequence[Hold]
    payments: Sequence[Payment]
    reversals: Sequence[Reversal]
    remissions: Sequence[Remission]
    agreements: Sequence[Agreement]
    defences: Sequence[Defence]
    approvals: Sequence[Approval]
    suspensions: Sequence[Suspension]
    prior_steps: Sequence[PriorStep]


def read_dossier(engine: Engine, case: str) -> Dossier:
    """Read the dossier of a case. Raises Refusal when there is no such case."""
    with engine.connect().execution_options(isolation_level="REPEATABLE READ") as connection:
        known = read_case(connection, case)
        asked = {"case": case, "taxpayer": known.taxpayer, "tax": known.tax}

        def rows(shape: type[RowT], query: TextClause) -> list[RowT]:
            return typed_rows(shape, connection.execute(query, asked).mappings())

        decisions = rows(Decision, DECISIONS)
        last = max((decision["at"] for decision in decisions), default=known.state.started)
        accrual, facts = _owed(connection, known, last)
        next_step = connection.scalar(NEXT_STEP, asked)
        return Dossier(
            case=known,
            person=person_of(connection, case),
            as_of=last,
            next_step=Step.model_validate(next_step) if next_step else None,
            rulers=_rulers(connection, {known.frozen.digest, *(decision["ruler"] for decision in decisions)}),
            accrual=accrual,
            facts=facts,
            decisions=decisions,
            notices=rows(Notice, NOTICES),
            listed_credits=rows(ListedCredit, LISTED_CREDITS),
            deliveries=rows(Delivery, DELIVERIES),
            replies=rows(Reply, REPLIES),
            debts=_prescribing(connection, rows(Debt, DEBTS), last),
            filings=rows(Filing, FILINGS),
            holds=rows(Hold, HOLDS),
            payments=rows(Payment, PAYMENTS),
            reversals=rows(Reversal, REVERSALS),
            remissions=rows(Remission, REMISSIONS),
            agreements=rows(Agreement, AGREEMENTS),
            defences=_in_time(connection, known, rows(Defence, DEFENCES), last),
            approvals=rows(Approval, APPROVALS),
            suspensions=rows(Suspension, SUSPENSIONS),
            prior_steps=rows(PriorStep, PRIOR_STEPS),
        )


def _in_time(connection: Connection, case: Case, defences: list[Defence], on: date) -> list[Defence]:
    """The defences with what each was filed too late for."""
    late = late_credits(connection, case, on) if defences else {}
    return [{**defence, "late": late.get(defence["id"], [])} for defence in defences]


def _prescribing(connection: Connection, debts: list[Debt], on: date) -> list[Debt]:
    """The debts with the day from which each is prescribed, as events have moved it."""
    moved = read_prescriptions(connection, {debt["id"]: debt["prescribes"] for debt in debts}, on)
    return [{**debt, "prescribes": moved[debt["id"]].on} for debt in debts]


def _rulers(connection: Connection, digests: set[str]) -> dict[str, PinnedRuler]:
    sources = connection.execute(SOURCES, {"digests": sorted(digests)})
    return {
        row.digest: PinnedRuler(row.digest, row.source, frozen_ruler(connection, row.digest).ruler) for row in sources
    }


def _owed(connection: Connection, case: Case, on: date) -> tuple[AccrualTable | None, CaseFacts | None]:
    pair = (case.taxpayer, case.tax)
    try:
        table = accrual_of(case.ruler)
        return table, read_facts(connection, case.ruler, [pair], on)[pair]
    except Unreckonable:
        return None, None


NEXT_STEP = text("SELECT next_step FROM cases WHERE id = :case")

SOURCES = text("SELECT digest, source FROM rulers WHERE digest = ANY(:digests) ORDER BY digest").bindparams(
    bindparam("digests", type_=ARRAY(Text))
)

OWED = "debtors JOIN debts ON debts.id = debtors.debt AND debtors.taxpayer = :taxpayer AND debts.tax = :tax"

# `hash` is there once the journal is chained
DECISIONS = text("""
    SELECT id, at, kind, reason, hypothesis, stage, rigidity, occurrences, ruler, evidence, recorded_at,
           to_jsonb(decisions) ->> 'hash' AS hash
    FROM decisions WHERE "case" = :case ORDER BY id
""")

NOTICES = text("""
    SELECT id, kind, step, channel, rung_channel, at, hypothesis, stage, rigidity, tone, formal, template, status,
           failure, subject, body, address, provider, provider_id, claimed_at, sent_at, served_on, served_by,
           served_reference, deemed_on, deemed_by
    FROM notices WHERE "case" = :case ORDER BY claimed_at, id
""")

LISTED_CREDITS = text("""
    SELECT credit, debt, notice_credits.period, notice_credits.amount, notice_credits.due, notice, at, channel,
           served_on, coalesce(debts.amount > assessed AND (declared OR deducted IS NULL), false) AS outgrown
    FROM notice_credits JOIN notices ON notices.id = notice LEFT JOIN debts ON debts.id = debt
    WHERE "case" = :case ORDER BY notice_credits.due, credit, step, notice
""")

DELIVERIES = text("""
    SELECT delivery_events.notice, delivery_events.kind, delivery_events.reason, delivery_events.at,
           delivery_events.recorded_at, delivery_events.provider
    FROM delivery_events JOIN notices ON notices.id = delivery_events.notice
    WHERE notices."case" = :case ORDER BY delivery_events.at, delivery_events.id
""")

REPLIES = text("""
    SELECT recorded_at, channel, intent, body, answer FROM replies WHERE "case" = :case ORDER BY id
""")

DEBTS = text(f"""
    SELECT debts.id, inscription, period, due, litigation, protested, prescribes, extinct_on, amount, received,
           remitted, balance
    FROM {OWED} ORDER BY due, debts.id
""")  # noqa: S608 - OWED is a constant

FILINGS = text("""
    SELECT period, due, status, filed_on, declared, assessed, paid, paid_on, corrected, corrected_on, recorded_at,
           superseded_at
    FROM filings WHERE taxpayer = :taxpayer AND tax = :tax ORDER BY due, period, id
""")

HOLDS = text(f"""
    SELECT holds.id, holds.debt, ground, holds.source, placed_by, reason, evidence, since, until, placed_at,
           lifted_at, lifted_by, lifted_because
    FROM {OWED} JOIN holds ON holds.debt = debts.id ORDER BY placed_at, holds.id
""")  # noqa: S608

# of an instalment's payment what each debt shares of it
PAYMENTS = text(f"""
    SELECT payments.id, coalesce(end_to_end_id, reference, (
               SELECT coalesce(end_to_end_id, reference) FROM payments AS whole WHERE whole.id = payments.origin))
               AS reference, channel,
           debts.id AS debt, payments.amount, paid_on, paid_at, payments.recorded_at, matched_by, NULL AS agreement
    FROM {OWED} JOIN payments ON payments.debt = debts.id
    UNION ALL
    SELECT payments.id, coalesce(end_to_end_id, reference), channel, debts.id, allocations.amount, payments.paid_on,
           paid_at, payments.recorded_at, matched_by, instalments.agreement
    FROM {OWED} JOIN allocations ON allocations.debt = debts.id
    JOIN payments ON payments.id = allocations.payment JOIN instalments ON instalments.id = payments.instalment
    ORDER BY recorded_at, id, debt
""")  # noqa: S608

REVERSALS = text(f"""
    SELECT DISTINCT reversals.id, reversals.payment, reversals.reference, reversals.amount, reversed_on,
           reversals.recorded_at
    FROM {OWED} LEFT JOIN allocations ON allocations.debt = debts.id
    JOIN payments ON payments.debt = debts.id OR payments.id = allocations.payment
    JOIN reversals ON reversals.payment = payments.id ORDER BY reversals.id
""")  # noqa: S608

REMISSIONS = text(f"""
    SELECT remissions.id, remissions.debt, remissions.amount, ground, reference, remitted_on
    FROM {OWED} JOIN remissions ON remissions.debt = debts.id ORDER BY remissions.id
""")  # noqa: S608

AGREEMENTS = text("""
    SELECT agreements.id, label AS policy, policy AS digest, state, agreements.amount, discount, renegotiation,
           signed_on, signed_by, signed_via, identified_by, effective_on, broken_on, decided_on, completed_on,
           (SELECT count(*) FROM instalments WHERE agreement = agreements.id) AS instalments,
           (SELECT count(*) FROM instalments WHERE agreement = agreements.id AND paid_on IS NOT NULL) AS paid
    FROM agreements JOIN policies ON policies.digest = policy
    WHERE "case" = :case ORDER BY agreements.recorded_at, agreements.id
""")

DEFENCES = text("""
    SELECT id, filed_on, reference, recorded_by, recorded_at, state, decided_on, decided_by, reason, decided_at, appeal,
           ARRAY(SELECT credit FROM defence_credits WHERE defence = defences.id ORDER BY credit) AS credits,
           CAST('{}' AS text[]) AS late
    FROM defences WHERE "case" = :case ORDER BY id
""")

APPROVALS = text("""
    SELECT id, given_by, reason, given_on, seen, state, recorded_at, ended_at
    FROM approvals WHERE "case" = :case ORDER BY id
""")

SUSPENSIONS = text("""
    SELECT suspensions.id, code, name, suspended_on, approved_by, suspensions.recorded_at, reinstated_on,
           reinstated_at, credits
    FROM suspensions JOIN benefits ON benefits.id = suspensions.benefit
    WHERE "case" = :case ORDER BY suspensions.id
""")

PRIOR_STEPS = text("""
    SELECT id, kind, "on", reference, recorded_by, recorded_at,
           ARRAY(SELECT debt FROM prior_step_debts WHERE prior_step = prior_steps.id ORDER BY debt) AS debts
    FROM prior_steps WHERE "case" = :case ORDER BY id
""")
