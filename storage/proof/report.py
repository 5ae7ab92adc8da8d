"""The report of a cohort, read in one transaction: cases, cells, notices, money, benefits."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, date, datetime
from decimal import Decimal
from typing import Any, get_args

from sqlalchemy import Engine, text

from models.proof.outcome import Assumptions
from models.ruler.cells import Counts
from models.ruler.schema import Hypothesis, Ruler, Stage
from storage.case.cohorts import read_cohort
from storage.contact.costs import spent_by_channel
from storage.proof.figures import with_relations
from storage.proof.question import question_of


@dataclass(frozen=True)
class Example:
    """A case worth looking at, and the kind of journal entry that makes it so."""

    case: str
    kind: str


@dataclass(frozen=True)
class CohortReport:
    name: str
    ruler: Ruler
    begins: date
    today: date
    statuses: Mapping[str, int]
    counts: Counts
    notices: int
    cost: Decimal
    """The cost of the notices, without the monthly fees of their providers."""
    payments: int
    recovered: Decimal
    """The money allocated to the cases' debts since each opened, as storage/proof/figures.py counts it."""
    outstanding: Decimal
    suspended: int
    """Cases whose benefits were suspended at any time."""
    reinstated: int
    fell_over: int
    """Notices that went out by a fallback of their channel."""
    receipts: int
    """Payments whose receipt was sent."""
    replies: int
    agreements: Mapping[str, int]
    """How many were signed, and of these how many are broken and completed."""
    settled_by_offer: int
    """Debts of which a campaign's offer has remitted a part."""
    examples: tuple[Example, ...]


def read_report(engine: Engine, cohort: str) -> CohortReport:
    with engine.connect().execution_options(isolation_level="REPEATABLE READ") as connection:
        known = read_cohort(connection, cohort)

        today = known.clock.day_at(datetime.now(UTC))
        question = question_of(connection, known, today, Assumptions())

        def rows(query: str) -> list[Any]:
            return list(connection.execute(text(query), question.asked_by(query)).mappings())

        counts = _counts(rows(REACHED), rows(SENT))
        return CohortReport(
            name=cohort,
            ruler=known.frozen.ruler,
            begins=known.clock.origin_day,
            today=today,
            statuses={row["status"]: row["cases"] for row in rows(STATUSES)},
            counts=counts,
            notices=sum(notices for _, notices in counts.values()),
            cost=sum((channel["cost"] for channel in spent_by_channel(connection, cohort)), Decimal(0)),
            **rows(with_relations(MONEY))[0],
            **rows(BENEFITS)[0],
            **rows(ANSWERS)[0],
            agreements=dict(rows(AGREEMENTS)[0]),
            examples=tuple(Example(**row) for row in rows(EXAMPLES)),
        )


def _counts(facts: list[Any], sent: list[Any]) -> Counts:
    """The counts by cell, of cells that anybody was ever on."""
    cases = {(row["hypothesis"], row["stage"]): row["cases"] for row in facts}
    notices = {(row["hypothesis"], row["stage"]): row["notices"] for row in sent}
    return {
        (row, stage): (cases.get((row, stage), 0), notices[row, stage])
        for row in get_args(Hypothesis)
        for stage in Stage
        if (row, stage) in notices
    }


STATUSES = "SELECT status, count(*) AS cases FROM cases WHERE cohort = :cohort GROUP BY status ORDER BY status"

# a case stands on the cell of its last notice, also once it is closed
REACHED = """
    SELECT hypothesis, stage, count(*) AS cases
    FROM (
        SELECT DISTINCT ON ("case") hypothesis, stage FROM notices JOIN cases ON cases.id = notices."case"
        WHERE cohort = :cohort AND communication IS NULL ORDER BY "case", step DESC
    ) AS latest
    GROUP BY hypothesis, stage
"""

SENT = """
    SELECT hypothesis, stage, count(*) AS notices FROM notices JOIN cases ON cases.id = notices."case"
    WHERE cohort = :cohort AND sent_at IS NOT NULL AND communication IS NULL GROUP BY hypothesis, stage
"""

MONEY = """
    SELECT (SELECT count(DISTINCT payment) FROM receipts WHERE since) AS payments,
           (SELECT coalesce(sum(amount), 0) FROM receipts WHERE since) AS recovered,
           (SELECT coalesce(sum(balance), 0) FROM debts WHERE EXISTS (
                SELECT FROM debtors JOIN members USING (taxpayer)
                WHERE debtors.debt = debts.id AND members.tax = debts.tax)) AS outstanding
"""

BENEFITS = """
    SELECT count(DISTINCT "case") AS suspended,
           count(DISTINCT "case") FILTER (WHERE reinstated_at IS NOT NULL) AS reinstated
    FROM suspensions JOIN cases ON cases.id = suspensions."case" WHERE cohort = :cohort
"""

ANSWERS = """
    SELECT (SELECT count(*) FROM notices JOIN cases ON cases.id = notices."case"
            WHERE cohort = :cohort AND rung_channel <> channel AND sent_at IS NOT NULL) AS fell_over,
           (SELECT count(*) FROM communications JOIN cases ON cases.id = communications."case"
            WHERE cohort = :cohort AND communications.kind = 'receipt' AND outcome = 'sent') AS receipts,
           (SELECT count(*) FROM replies JOIN cases ON cases.id = replies."case" WHERE cohort = :cohort) AS replies,
           (SELECT count(*) FROM (
                SELECT debts.id FROM cases JOIN debtors ON debtors.taxpayer = cases.taxpayer
                JOIN debts ON debts.id = debtors.debt AND debts.tax = cases.tax
                JOIN remissions ON remissions.debt = debts.id AND ground = 'campaign'
                WHERE cohort = :cohort GROUP BY debts.id HAVING sum(remissions.amount) > 0
            ) AS settled) AS settled_by_offer
"""

AGREEMENTS = """
    SELECT count(*) AS signed, count(*) FILTER (WHERE agreements.state = 'broken') AS broken,
           count(*) FILTER (WHERE agreements.state = 'completed') AS completed
    FROM agreements JOIN cases ON cases.id = agreements."case" WHERE cohort = :cohort
"""

EXAMPLES = """
    SELECT DISTINCT ON (kind) "case", kind FROM decisions JOIN cases ON cases.id = decisions."case"
    WHERE cohort = :cohort
      AND kind IN ('hardship', 'reanchored', 'reclassified', 'reopened',
                   'rejected', 'suspended', 'reinstated', 'referred', 'notice_lost', 'instalments_asked',
                   'agreement_completed', 'agreement_broken', 'settled')
    ORDER BY kind, decisions.id
"""
