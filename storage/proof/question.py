"""The question that all figures of a cohort's report answer: which cohort, by which day, and what its debts needed."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import date
from decimal import Decimal

from sqlalchemy import Connection, text

from models.proof.outcome import Assumptions
from storage.amounts.owed import excess_of
from storage.case.cohorts import Cohort
from storage.case.debts import tables_of

OVERPAID = text("""
    SELECT DISTINCT debts.id FROM cases JOIN rulers ON rulers.digest = cases.ruler AND accrues
    JOIN debtors ON debtors.taxpayer = cases.taxpayer JOIN debts ON debts.id = debtors.debt AND debts.tax = cases.tax
    WHERE cohort = :cohort AND received > amount
""")
"""Debts that grow, of which so much came in that some of it may not have been needed."""


@dataclass(frozen=True)
class Question:
    cohort: str
    on: date
    """The last logical day that counts."""
    least: Decimal
    """A case that owes less is resolved."""
    unneeded: Mapping[int, Decimal]
    """By payment of a debt that grows: what the debt didn't need of it."""
    within: int
    """The days after a notice in which a payment counts as its."""

    def asked_by(self, query: str) -> dict[str, object]:
        given: dict[str, object] = {
            "cohort": self.cohort,
            "on": self.on,
            "least": self.least,
            "judged": _array(self.unneeded),
            "unneeded": _array(self.unneeded.values()),
            "within": self.within,
        }
        return {name: value for name, value in given.items() if re.search(rf":{name}\b", query)}


def _array(values: Iterable[object]) -> str:
    """As PostgreSQL writes one, so that a query can be read with it."""
    return "{" + ",".join(map(str, values)) + "}"


def question_of(connection: Connection, cohort: Cohort, on: date, assumed: Assumptions) -> Question:
    """The question of a cohort by a day."""
    tables = tables_of(connection, connection.scalars(OVERPAID, {"cohort": cohort.name}))
    unneeded = excess_of(connection, tables) if tables else {}
    return Question(cohort.name, on, cohort.frozen.ruler.payments.minimum_balance, unneeded, assumed.within)
