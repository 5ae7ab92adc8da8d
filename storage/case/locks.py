"""Row locks on cases and debts, always taken in one order: cases by id, then debts by id."""

from __future__ import annotations

from typing import Any

from sqlalchemy import Connection, bindparam, text
from sqlalchemy.dialects.postgresql import ARRAY
from sqlalchemy.types import Text


def with_array(name: str, sql: str) -> Any:
    """A statement whose parameter `name` is an array of texts."""
    return text(sql).bindparams(bindparam(name, type_=ARRAY(Text)))


LOCK_CASES = with_array(
    "debts",
    """
    SELECT cases.id FROM cases WHERE closed_at IS NULL AND EXISTS (
        SELECT FROM debtors JOIN debts ON debts.id = debtors.debt
        WHERE debts.id = ANY(:debts) AND debtors.taxpayer = cases.taxpayer AND debts.tax = cases.tax)
    ORDER BY cases.id FOR UPDATE
    """,
)


LOCK_DEBTS = with_array("debts", "SELECT id FROM debts WHERE id = ANY(:debts) ORDER BY id FOR UPDATE")


def lock_cases_and_debts(connection: Connection, named: list[str]) -> list[str]:
    """Lock the open cases about these debts, then the debts; give the cases' ids, sorted.

    A case transaction holds its case and then locks debts: whoever took debts first would wait for it while it waits.
    """
    open_cases = list(connection.scalars(LOCK_CASES, {"debts": named}))
    connection.execute(LOCK_DEBTS, {"debts": named})
    return open_cases
