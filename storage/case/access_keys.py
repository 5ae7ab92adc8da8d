"""Debts by the numbers that taxpayers and counters know them by."""

from __future__ import annotations

from collections.abc import Iterator
from decimal import Decimal
from typing import TypedDict

from sqlalchemy import Connection

from models.errors import Refusal
from models.intake.fields import inscription_key
from storage.paging import WHOLE, Listing, Page


class FoundDebt(TypedDict):
    debt: str
    tax: str
    inscription: str
    kind: str
    """The kind of the number that was found: inscription, or one of ACCESS_KEYS."""
    key: str
    balance: Decimal


def find_debts(
    connection: Connection, written: str, kind: str | None = None, page: Page = WHOLE
) -> Iterator[FoundDebt]:
    """The debts that have this number, however it is written; of one kind, or of any. Raises Refusal when it has
    neither letters nor digits."""
    key = inscription_key(written)
    if not key:
        raise Refusal(f"{written!r} has neither letters nor digits to search by")
    return FOUND.rows(connection, page, {"key": key, "kind": kind})


FOUND = Listing[FoundDebt](
    columns="*",
    tables="""(
        SELECT DISTINCT ON (debt) * FROM (
        SELECT debts.id AS debt, tax, inscription, 'inscription' AS kind, inscription AS key, balance
        FROM debts WHERE inscription_key = :key
        UNION ALL
        SELECT debts.id, tax, inscription, access_keys.kind, value, balance
        FROM access_keys JOIN debts ON debts.id = access_keys.debt WHERE value_key = :key
        ) AS any_kind WHERE CAST(:kind AS text) IS NULL OR kind = :kind ORDER BY debt, kind
    ) AS found WHERE true""",
    order="tax, inscription, debt",
    key="debt",
    noun="debt",
)
