"""The facts a case is judged by, read from the record for one case or for many at once."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import date
from typing import Any, TypedDict

from sqlalchemy import Connection, Row, RowMapping, TextClause, bindparam, text
from sqlalchemy.dialects.postgresql import ARRAY, BIGINT
from sqlalchemy.types import Text

from models.case.credit import CreditId
from models.case.evidence import Debt, Filing
from models.case.facts import (
    BrokenAgreement,
    CaseFacts,
    Defence,
    FormalNotice,
    OpenRequest,
    PaymentFact,
    PriorStep,
    facts_of,
)
from models.case.in_time import judged
from models.case.status import Status
from models.collections.promise import Promise
from models.contact.contacts import Reach
from models.contact.delivery import Progress
from models.errors import Unreckonable
from models.law.contact_caps import Limits, strictest
from models.money.accrual_table import AccrualTable
from models.ruler.schema import Ruler
from storage.amounts.accruals import accrual_of
from storage.amounts.owed import owed_of
from storage.case.cases import Case, Pair, frozen_ruler, pauses_of
from storage.case.people import Person
from storage.case.prescription_events import read_prescriptions

PAIRS = "unnest(CAST(:taxpayers AS bigint[]), CAST(:taxes AS text[])) AS pair (taxpayer, tax)"


def about_pairs(sql: str) -> TextClause:
    """A query with PAIRS in it; `bound` gives it the pairs."""
    pairs = (bindparam("taxpayers", type_=ARRAY(BIGINT)), bindparam("taxes", type_=ARRAY(Text)))
    return text(sql).bindparams(*pairs)


class BoundPairs(TypedDict):
    taxpayers: list[int]
    taxes: list[str]


def bound(pairs: Iterable[Pair]) -> BoundPairs:
    pairs = list(pairs)
    return {"taxpayers": [taxpayer for taxpayer, _ in pairs], "taxes": [tax for _, tax in pairs]}


OF_THE_TAX, OF_OTHER_TAXES = "debts.tax = pair.tax AND (:returns OR NOT declared)", "debts.tax <> pair.tax"
"""A debt that a return alone declares is evidence of that return, and of nothing where returns aren't read."""


def _debts(which: str) -> TextClause:
    return about_pairs(f"""
    SELECT pair.taxpayer, pair.tax, debts.id, inscription, period, due, balance, balance AS ledger, amount AS lodged,
           litigation, registered_on, protested, prescribes,
           held.grounds, held.since AS held_since, held.until AS held_until, held.first_end AS ground_ends_on
    FROM {PAIRS}
    JOIN debtors ON debtors.taxpayer = pair.taxpayer
    JOIN debts ON debts.id = debtors.debt AND {which}
    CROSS JOIN LATERAL (
        SELECT coalesce(array_agg(DISTINCT ground ORDER BY ground), '{{}}') AS grounds, min(since) AS since,
               CASE WHEN bool_and(until IS NOT NULL) THEN max(until) END AS until, min(until) AS first_end
        FROM holds WHERE holds.debt = debts.id AND lifted_at IS NULL AND coalesce(until >= :today, true)) AS held
    ORDER BY debts.id
""")  # noqa: S608 - both are constants


DEBTS, ELSEWHERE = _debts(OF_THE_TAX), _debts(OF_OTHER_TAXES)


FILINGS = about_pairs(f"""
    SELECT filings.* FROM {PAIRS}
    JOIN filings ON filings.taxpayer = pair.taxpayer AND filings.tax = pair.tax AND superseded_at IS NULL
    ORDER BY filings.due
""")  # noqa: S608 - PAIRS is a constant


OWNED = about_pairs(f"""
    SELECT pair.taxpayer, pair.tax, known_assets, ARRAY(
        SELECT id FROM benefits WHERE benefits.taxpayer = pair.taxpayer AND coalesce(benefits.tax, pair.tax) = pair.tax
    ) AS benefits
    FROM {PAIRS} JOIN taxpayers ON taxpayers.id = pair.taxpayer
""")  # noqa: S608 - PAIRS is a constant


LOST = ", ".join(f"'{progress}'" for progress in Progress if progress.lost)

# what a source states as left grows by delay alone, so an assessment is told by what was lodged or declared only;
# no broken agreement whose debts a later one took up; a payment at once that was not made breaks nothing
PROCESS = text(f"""
    SELECT cases.id,
           (SELECT coalesce(jsonb_agg(jsonb_build_object(
                       'id', id, 'filed_on', filed_on, 'state', state, 'decided_on', decided_on, 'appeal', appeal,
                       'credits', ARRAY(SELECT credit FROM defence_credits WHERE defence = defences.id ORDER BY credit))
                       ORDER BY id), '[]')
            FROM defences WHERE "case" = cases.id AND NOT EXISTS (
                SELECT FROM annulments WHERE annulments.kind = 'ruling' AND entry = CAST(defences.id AS text))
           ) AS defences,
           ARRAY(SELECT benefit FROM suspensions JOIN benefits ON benefits.id = benefit
                 WHERE benefits.taxpayer = cases.taxpayer AND "case" <> cases.id AND reinstated_at IS NULL
                ) AS kept_elsewhere,
           (SELECT coalesce(jsonb_agg(jsonb_build_object('kind', kind, 'on', "on", 'debts', ARRAY(
                       SELECT debt FROM prior_step_debts WHERE prior_step = prior_steps.id ORDER BY debt))
                   ORDER BY kind, id), '[]')
            FROM prior_steps WHERE "case" = cases.id AND NOT EXISTS (
                SELECT FROM annulments WHERE annulments.kind = 'step' AND entry = CAST(prior_steps.id AS text))
           ) AS prior_steps,
           (SELECT coalesce(jsonb_agg(
                       jsonb_build_object('kind', kind, 'made_on', made_on, 'due', due, 'credits', ARRAY(
                           SELECT credit FROM request_credits WHERE request = requests.id ORDER BY credit))
                       ORDER BY id), '[]')
            FROM requests WHERE "case" = cases.id AND answered_at IS NULL) AS requests,
           (SELECT coalesce(jsonb_agg(jsonb_build_object(
                       'id', id, 'amount', CAST(amount AS text), 'made_on', made_on, 'promised_for', promised_for,
                       'due', due, 'judged_on', judged_on, 'after_payment', after_payment, 'state', state,
                       'paid', CAST(paid AS text)) ORDER BY id), '[]')
            FROM promises WHERE "case" = cases.id AND state NOT IN ('cancelled', 'overtaken')) AS promises,
           (SELECT jsonb_build_object('id', id, 'on', broken_on)
            FROM agreements AS broken
            WHERE "case" = cases.id AND state = 'broken' AND terms -> 'request' ->> 'pay' <> 'cash' AND NOT EXISTS (
                SELECT FROM agreement_debts AS mine JOIN agreement_debts AS theirs ON theirs.debt = mine.debt
                JOIN agreements AS later ON later.id = theirs.agreement
                WHERE mine.agreement = broken.id AND later.recorded_at > broken.recorded_at
                  AND later.terms -> 'request' ->> 'pay' <> 'cash')
            ORDER BY closed_at DESC LIMIT 1) AS broken_agreement,
           (SELECT coalesce(jsonb_agg(to_jsonb(sent) - 'step' ORDER BY step), '[]')
            FROM (SELECT min(id) AS id, at, stage, step, min(served_on) FILTER (WHERE lists) AS served_on,
                         min(deemed_on) FILTER (WHERE lists) AS deemed_on,
                         min(deemed_by) FILTER (WHERE lists) AS deemed_by,
                         ARRAY(SELECT DISTINCT credit FROM notice_credits JOIN notices AS legs ON legs.id = notice
                               WHERE legs."case" = cases.id AND legs.step = listing.step ORDER BY credit) AS credits,
                         ARRAY(SELECT DISTINCT credit FROM notice_credits JOIN notices AS legs ON legs.id = notice
                               JOIN debts ON debts.id = notice_credits.debt
                               WHERE legs."case" = cases.id AND legs.step = listing.step AND debts.amount > assessed
                                 AND (declared OR deducted IS NULL) ORDER BY credit) AS outgrown
                  FROM (SELECT notices.*, EXISTS (SELECT FROM notice_credits WHERE notice = notices.id) AS lists
                        FROM notices WHERE "case" = cases.id AND formal AND stage <> 'suspension') AS listing
                  GROUP BY step, at, stage HAVING NOT bool_and(status IN ({LOST})) OR count(served_on) > 0) AS sent
           ) AS formal_notices,
           (SELECT coalesce(jsonb_agg(jsonb_build_object('id', id, 'on', paid_on, 'amount', CAST(counts AS text))
                                      ORDER BY id), '[]')
            FROM (SELECT id, paid_on, greatest(least(net, amount - coalesce(sum(net) OVER (
                             PARTITION BY debt ORDER BY id ROWS BETWEEN UNBOUNDED PRECEDING AND 1 PRECEDING), 0)), 0)
                             AS counts, known_at
                  FROM (SELECT payments.id, payments.debt, paid_on, debts.amount,
                               coalesce(payments.matched_at, payments.recorded_at) AS known_at,
                               payments.amount - coalesce((
                                   SELECT sum(amount) FROM reversals WHERE payment = payments.id), 0) AS net
                        FROM debtors JOIN debts ON debts.id = debtors.debt JOIN payments ON payments.debt = debts.id
                        WHERE debtors.taxpayer = cases.taxpayer AND debts.tax = cases.tax) AS received
                  UNION ALL
                  SELECT payments.id, paid_on, sum(allocations.amount), payments.recorded_at
                  FROM debtors JOIN debts ON debts.id = debtors.debt
                  JOIN allocations ON allocations.debt = debts.id JOIN payments ON payments.id = allocations.payment
                  WHERE debtors.taxpayer = cases.taxpayer AND debts.tax = cases.tax
                  GROUP BY payments.id) AS paid WHERE known_at >= cases.opened_at) AS payments
    FROM cases WHERE cases.id = ANY(:cases)
""").bindparams(bindparam("cases", type_=ARRAY(Text)))  # noqa: S608 - LOST is a constant
"""One query, since it is asked at every case transaction."""


def read_facts(connection: Connection, ruler: Ruler, pairs: Iterable[Pair], today: date) -> dict[Pair, CaseFacts]:
    """The facts of each taxpayer and tax that has no case yet. Raises Unreckonable when a rate or a rule that says what
    is owed is missing."""
    return _facts_by_pair(connection, ruler, list(pairs), today, accrual_of(ruler))


def _facts_by_pair(
    connection: Connection, ruler: Ruler, pairs: list[Pair], today: date, table: AccrualTable | None
) -> dict[Pair, CaseFacts]:
    wanted = bound(pairs)
    debts: dict[Pair, list[Debt]] = {pair: [] for pair in pairs}
    filings: dict[Pair, list[Filing]] = {pair: [] for pair in pairs}
    elsewhere: dict[Pair, list[Debt]] = {pair: [] for pair in pairs}
    rows = connection.execute(DEBTS, {**wanted, "today": today, "returns": ruler.entry.reads_returns}).mappings().all()
    others = connection.execute(ELSEWHERE, {**wanted, "today": today}).mappings() if ruler.entry.thresholds else ()
    owed = owed_of(connection, {row["id"] for row in rows}, table, today) if table else {}
    known = [(row, debts) for row in rows] + [(row, elsewhere) for row in others]
    prescriptions = read_prescriptions(connection, {row["id"]: row["prescribes"] for row, _ in known}, today)
    for row, found in known:
        balance = owed[row["id"]].total if row["id"] in owed else row["balance"]
        prescribes = prescriptions[row["id"]]
        moved = {"prescribes": prescribes.on, "prescription_refuted": prescribes.refuted}
        debt = Debt.model_construct(**{**_without_pair(row), "balance": balance, **moved})
        found[row["taxpayer"], row["tax"]].append(debt)
    if ruler.entry.reads_returns:
        for row in connection.execute(FILINGS, wanted).mappings():
            filings[row["taxpayer"], row["tax"]].append(Filing.model_validate(_without_pair(row)))
    owned = {(row.taxpayer, row.tax): row for row in connection.execute(OWNED, wanted)}
    return {
        pair: facts_of(
            ruler,
            today,
            debts[pair],
            filings[pair],
            benefits=owned[pair].benefits,
            known_assets=owned[pair].known_assets if ruler.entry.thresholds else None,
            elsewhere=elsewhere[pair],
        )
        for pair in pairs
    }


def _without_pair(row: RowMapping) -> dict[str, Any]:
    return {
        key: tuple(value) if key == "grounds" else value for key, value in row.items() if key not in ("taxpayer", "tax")
    }


def open_credits(connection: Connection, case: Case, today: date) -> tuple[CreditId, ...]:
    """The credits that are open in a case, suspended ones too."""
    try:
        facts = read_facts(connection, case.ruler, [case.pair], today)[case.pair]
    except Unreckonable:
        facts = _facts_by_pair(connection, case.ruler, [case.pair], today, None)[case.pair]
    return tuple(credit.id for credit in facts.credits)


def read_case_facts(connection: Connection, case: Case, today: date, person: Person, reach: Reach) -> CaseFacts:
    """The facts of a case. Where what is owed can't be told, they say what they lack: the case waits, for it
    must not fail.
    """
    try:
        before = read_facts(connection, case.ruler, [case.pair], today)[case.pair]
    except Unreckonable as unknown:
        imported = _facts_by_pair(connection, case.ruler, [case.pair], today, None)[case.pair]
        before = imported.model_copy(update={"lacks": unknown.lacks})
    process = connection.execute(PROCESS, {"cases": [case.id]}).one()
    return facts_in_case(connection, case, before, process, person, reach)


def facts_in_case(
    connection: Connection, case: Case, before: CaseFacts, process: Row[Any], person: Person, reach: Reach
) -> CaseFacts:
    """The facts of a case, given those of its taxpayer and tax, and its row of PROCESS."""
    stands = with_process(before, process).model_copy(
        update={
            "hardship_on": case.hardship_on,
            "pauses": pauses_of(case.paused_by, case.paused_on, case.lifecycle),
            "cancelled_because": case.lifecycle.cancelled_because,
            "claimed_paid_on": case.claimed_paid_on,
            "reach": reach,
            "deliveries": person.deliveries,
            "contacted_on": tuple(contact.on for contact in person.contacted),
            "limits": limits_of(connection, case, person),
        }
    )
    # money that lacked is tried for again once the clock runs; until then it lacks as far as anybody knows
    lacked = any(block.kind is Status.OVER_BUDGET for block in case.blocks)
    stands = judged(case.view(case.state, stands))
    return stands.model_copy(update={"over_budget": lacked and stands.stops_the_clock})


def limits_of(connection: Connection, case: Case, person: Person) -> Limits:
    """The strictest limits of the rulers that reach a person."""
    others = (frozen_ruler(connection, made.ruler).ruler.limits for made in person.contacted)
    return strictest([case.ruler.limits, *others])


def with_process(before: CaseFacts, process: Row[Any]) -> CaseFacts:
    """The same facts with those that only a case has, from its row of PROCESS."""
    only = {
        "payments": tuple(PaymentFact.model_validate(payment) for payment in process.payments),
        "broken_agreement": BrokenAgreement.model_validate(broken) if (broken := process.broken_agreement) else None,
        "formal_notices": tuple(FormalNotice.model_validate(notice) for notice in process.formal_notices),
        "kept_elsewhere": frozenset(process.kept_elsewhere),
        "prior_steps": tuple(PriorStep.model_validate(step) for step in process.prior_steps),
        "promises": tuple(Promise.model_validate(promise) for promise in process.promises),
        "requests": tuple(OpenRequest.model_validate(request) for request in process.requests),
    }
    return before.model_copy(update=only).defended(Defence.model_validate(each) for each in process.defences)


STEADY_DEBTS = about_pairs(f"""
    WITH ended AS (
        UPDATE holds SET lifted_at = clock_timestamp(), lifted_by = 'calendar', lifted_because = 'fim do prazo'
        FROM {PAIRS} JOIN debtors ON debtors.taxpayer = pair.taxpayer
        JOIN debts ON debts.id = debtors.debt AND debts.tax = pair.tax
        WHERE holds.debt = debts.id AND lifted_at IS NULL AND until < :today)
    SELECT debts.id FROM {PAIRS} JOIN debtors ON debtors.taxpayer = pair.taxpayer
    JOIN debts ON debts.id = debtors.debt AND debts.tax = pair.tax ORDER BY debts.id FOR SHARE OF debts
""")  # noqa: S608 - PAIRS is a constant


def steady_debts(connection: Connection, pairs: Iterable[Pair], today: date) -> None:
    """Lock debts, so that they stay as they are until the transaction ends: a payment queues behind it. Holds that have
    run out end."""
    connection.execute(STEADY_DEBTS, {**bound(pairs), "today": today})
