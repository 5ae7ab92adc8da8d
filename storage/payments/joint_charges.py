"""The parts of a charge for all that a case owes, one of each of its debts, as its bank last confirmed it."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from decimal import Decimal

from sqlalchemy import Connection, insert, select

from storage.payments.posting_locks import any_of
from storage.schema import charge_debts


@dataclass(frozen=True)
class Member:
    """A debt that a charge is for, among others, and what of the charge is its own."""

    debt: str
    amount: Decimal


def members_of(connection: Connection, txids: Collection[str]) -> dict[str, list[Member]]:
    """The debts of each charge that is for several, in the order in which a payment fills them."""
    if not txids:
        return {}
    asked = select(charge_debts).where(any_of(charge_debts.c.txid, txids))
    found: dict[str, list[Member]] = {}
    for row in connection.execute(asked.order_by(charge_debts.c.txid, charge_debts.c.n)):
        found.setdefault(row.txid, []).append(Member(row.debt, row.amount))
    return found


def record_members(connection: Connection, txid: str, members: Sequence[Member]) -> None:
    """Put the debts of a charge in the place of those it had."""
    connection.execute(charge_debts.delete().where(charge_debts.c.txid == txid))
    rows = [{"txid": txid, "debt": each.debt, "n": n, "amount": each.amount} for n, each in enumerate(members, start=1)]
    if rows:
        connection.execute(insert(charge_debts), rows)
