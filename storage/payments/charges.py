"""Pix charges on record: at most one open a debt or instalment. Its row is claimed before the bank is asked, its txid
never changes and is never used again, so whatever is paid to it finds what it was for."""

from __future__ import annotations

from collections.abc import Callable, Collection, Mapping
from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from typing import Literal

from sqlalchemy import Connection, bindparam, func, or_, select, text, update
from sqlalchemy.dialects.postgresql import ARRAY, insert
from sqlalchemy.types import Text

from storage.schema import charges, instalments

LIVE = charges.c.state.in_(("claimed", "open"))


@dataclass(frozen=True, order=True)
class Billed:
    """The debt or the instalment that a charge is for, by its id."""

    kind: Literal["debt", "instalment"]
    id: str


@dataclass(frozen=True)
class Terms:
    """The terms of a charge: its amount, and the last day on which that is what is owed."""

    amount: Decimal
    due: date


@dataclass(frozen=True)
class Claimed:
    """The live charge of a debt or instalment, as its bank last confirmed it."""

    billed: Billed
    txid: str
    issued: Terms | None
    """None: the bank hasn't confirmed it yet."""
    revision: int


def claim(connection: Connection, wanted: Mapping[Billed, Terms], new_txid: Callable[[], str]) -> list[Claimed]:
    """Claim the live charge of each. Whoever comes second waits for the first, and finds what it claimed."""
    if not wanted:
        return []
    rows = [
        {
            "debt": billed.id if billed.kind == "debt" else None,
            "instalment": billed.id if billed.kind == "instalment" else None,
            "txid": new_txid(),
            "amount": terms.amount,
            "due": terms.due,
            "state": "claimed",
        }
        for billed, terms in sorted(wanted.items())
    ]
    connection.execute(insert(charges).values(rows).on_conflict_do_nothing())
    return live(connection, wanted)


def live(connection: Connection, billed: Collection[Billed]) -> list[Claimed]:
    mine = or_(charges.c.debt.in_(_ids(billed, "debt")), charges.c.instalment.in_(_ids(billed, "instalment")))
    found = connection.execute(select(charges).where(LIVE, mine).order_by(charges.c.debt, charges.c.id))
    return [
        Claimed(
            Billed("debt", row.debt) if row.debt else Billed("instalment", row.instalment),
            row.txid,
            Terms(row.amount, row.due) if row.state == "open" else None,
            row.revision,
        )
        for row in found
    ]


def _ids(billed: Collection[Billed], kind: str) -> list[str]:
    return [each.id for each in billed if each.kind == kind]


PAID = text("""
    UPDATE charges SET state = 'paid', updated_at = clock_timestamp()
    WHERE state IN ('claimed', 'open') AND (debt = ANY(:debts) OR instalment = ANY(:instalments))
      AND EXISTS (SELECT FROM payments WHERE payments.txid = charges.txid
                  AND (payments.debt = charges.debt OR payments.instalment = charges.instalment))
""").bindparams(bindparam("debts", type_=ARRAY(Text)), bindparam("instalments", type_=ARRAY(Text)))


def close_paid(connection: Connection, billed: Collection[Billed]) -> None:
    """Close the charges that somebody paid: a bank takes no second payment for one."""
    connection.execute(PAID, {"debts": _ids(billed, "debt"), "instalments": _ids(billed, "instalment")})


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


def brcodes_of_instalments(connection: Connection, agreement: str) -> dict[int, str]:
    """The BR Code of each instalment that has an open charge, by its number."""
    query = select(instalments.c.n, charges.c.brcode).join_from(charges, instalments)
    mine = query.where(charges.c.state == "open", instalments.c.agreement == agreement)
    return dict(connection.execute(mine).tuples().all())


def billed_by(connection: Connection, txids: Collection[str]) -> dict[str, Billed]:
    """By txid, what charges are for, whether the charge is open or was closed long ago."""
    if not txids:
        return {}
    query = select(charges.c.txid, charges.c.debt, charges.c.instalment).where(charges.c.txid.in_(txids))
    return {
        row.txid: Billed("debt", row.debt) if row.debt else Billed("instalment", row.instalment)
        for row in connection.execute(query)
    }
