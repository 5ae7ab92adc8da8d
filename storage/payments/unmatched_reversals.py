"""Reversals of no payment on record: a bank's files come in any order, so they wait for the one that has it."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from datetime import datetime
from decimal import Decimal
from typing import TypedDict

from sqlalchemy import Connection, func, select, update
from sqlalchemy.dialects.postgresql import insert

from storage.payments.posting_locks import any_of
from storage.payments.reports import TakenBack
from storage.rows import typed_rows
from storage.schema import unmatched_reversals

WAITING = unmatched_reversals.c.settled_at.is_(None)


class UnmatchedReversal(TypedDict):
    id: int
    agreement: str
    slip: str
    amount: Decimal
    taken_back_at: datetime
    recorded_at: datetime


def keep_unmatched(connection: Connection, taken: Sequence[TakenBack]) -> None:
    """Keep reversals until their payments come; one that waits already is kept once."""
    rows = [
        {
            "reference": each.reference,
            "agreement": each.agreement,
            "slip": each.slip,
            "slip_number": each.slip_number,
            "amount": each.amount,
            "taken_back_at": each.at,
        }
        for each in taken
    ]
    if rows:
        connection.execute(insert(unmatched_reversals).values(rows).on_conflict_do_nothing())


def settle_unmatched(connection: Connection, references: Collection[str]) -> None:
    settled = update(unmatched_reversals).where(WAITING, any_of(unmatched_reversals.c.reference, references))
    connection.execute(settled.values(settled_at=func.clock_timestamp()))


def waiting_of(connection: Connection, agreement: str) -> list[TakenBack]:
    """The reversals of a convênio that wait, in the order in which they came."""
    mine = unmatched_reversals.c.agreement == agreement
    rows = connection.execute(select(unmatched_reversals).where(WAITING, mine).order_by(unmatched_reversals.c.id))
    return [
        TakenBack(row.agreement, row.slip, row.slip_number, row.amount, row.taken_back_at, row.reference)
        for row in rows
    ]


def list_unmatched_reversals(connection: Connection) -> list[UnmatchedReversal]:
    columns = (unmatched_reversals.c[name] for name in UnmatchedReversal.__annotations__)
    rows = connection.execute(select(*columns).where(WAITING).order_by(unmatched_reversals.c.id))
    return typed_rows(UnmatchedReversal, rows.mappings())
