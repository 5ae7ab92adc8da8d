"""Pix charges on record: at most one open a debt. Its row is claimed before the bank is asked, its txid never changes
and is never used again, so whatever is paid to it finds its debt."""

from __future__ import annotations

from collections.abc import Callable, Collection, Mapping
from dataclasses import dataclass
from datetime import date
from decimal import Decimal

from sqlalchemy import Connection, bindparam, func, select, text, update
from sqlalchemy.dialects.postgresql import ARRAY, insert
from sqlalchemy.types import Text

from storage.schema import charges

LIVE = charges.c.state.in_(("claimed", "open"))


@dataclass(frozen=True)
class Terms:
    """The terms of a charge: its amount, and the last day on which that is what is owed."""

    amount: Decimal
    due: date


@dataclass(frozen=True)
class Claimed:
    """The live charge of a debt, as its bank last confirmed it."""

    debt: str
    txid: str
    issued: Terms | None
    """None: the bank hasn't confirmed it yet."""
    revision: int


def claim(connection: Connection, wanted: Mapping[str, Terms], new_txid: Callable[[], str]) -> list[Claimed]:
    """Claim the live charge of each debt. Whoever comes second waits for the first, and finds what it claimed."""
    if not wanted:
        return []
    rows = [
        {"debt": debt, "txid": new_txid(), "amount": terms.amount, "due": terms.due, "state": "claimed"}
        for debt, terms in sorted(wanted.items())
    ]
    connection.execute(insert(charges).values(rows).on_conflict_do_nothing())
    return live(connection, wanted)


def live(connection: Connection, debts: Collection[str]) -> list[Claimed]:
    found = connection.execute(select(charges).where(LIVE, charges.c.debt.in_(debts)).order_by(charges.c.debt))
    return [
        Claimed(row.debt, row.txid, Terms(row.amount, row.due) if row.state == "open" else None, row.revision)
        for row in found
    ]


PAID = text("""
    UPDATE charges SET state = 'paid', updated_at = clock_timestamp()
    WHERE state IN ('claimed', 'open') AND debt = ANY(:debts)
      AND EXISTS (SELECT FROM payments WHERE payments.debt = charges.debt AND payments.txid = charges.txid)
""").bindparams(bindparam("debts", type_=ARRAY(Text)))


def close_paid(connection: Connection, debts: Collection[str]) -> None:
    """Close the charges that somebody paid: a bank takes no second payment for one."""
    connection.execute(PAID, {"debts": list(debts)})


def record_issued(
    connection: Connection, txid: str, terms: Terms, brcode: str, location: str | None, revision: int
) -> None:
    """Record what the bank confirmed, unless a newer revision is on record or the charge was closed meanwhile."""
    confirmed = {"amount": terms.amount, "due": terms.due, "state": "open", "brcode": brcode, "location": location}
    connection.execute(
        update(charges)
        .where(charges.c.txid == txid, LIVE, charges.c.revision <= revision)
        .values(**confirmed, revision=revision, updated_at=func.clock_timestamp())
    )


def close(connection: Connection, txid: str, state: str) -> None:
    """Close a charge as `paid` or `removed`."""
    closed = update(charges).where(charges.c.txid == txid, LIVE)
    connection.execute(closed.values(state=state, updated_at=func.clock_timestamp()))


def brcodes_of(connection: Connection, debts: Collection[str]) -> dict[str, str]:
    """The BR Code of each debt that has an open charge."""
    query = select(charges.c.debt, charges.c.brcode).where(charges.c.state == "open", charges.c.debt.in_(debts))
    return {row.debt: row.brcode for row in connection.execute(query)}


def debts_of_charges(connection: Connection, txids: Collection[str]) -> dict[str, str]:
    """The debts of charges by txid, whether the charge is open or was closed long ago."""
    if not txids:
        return {}
    query = select(charges.c.txid, charges.c.debt).where(charges.c.txid.in_(txids), charges.c.debt.is_not(None))
    return {row.txid: row.debt for row in connection.execute(query)}
