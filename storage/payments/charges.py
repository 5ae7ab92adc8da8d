"""Pix charges on record: at most one open a debt, an instalment, or a case for all its debts. Its row is claimed before
the bank is asked, its txid never changes and is never used again, so whatever is paid to it finds what it was for."""

from __future__ import annotations

from collections.abc import Callable, Collection, Mapping
from dataclasses import dataclass
from datetime import date, timedelta
from decimal import Decimal
from typing import Literal

from sqlalchemy import Connection, RowMapping, bindparam, func, or_, select, text, update
from sqlalchemy.dialects.postgresql import ARRAY, insert
from sqlalchemy.types import Text

from storage.payments.joint_charges import Member, members_of, record_members
from storage.schema import charges, instalments

LONGEST = timedelta(days=30)
"""For how long a charge or a slip may be paid at most; less where the amount owed changes sooner."""

LIVE = charges.c.state.in_(("claimed", "open"))

Kind = Literal["debt", "instalment", "case"]
KINDS: tuple[Kind, ...] = ("debt", "instalment", "case")


@dataclass(frozen=True, order=True)
class Billed:
    """The debt, the instalment, or the case with all its debts, that a charge is for, by its id."""

    kind: Kind
    id: str


@dataclass(frozen=True)
class Terms:
    """The terms of a charge: its amount, and the last day on which that is what is owed."""

    amount: Decimal
    due: date
    of: tuple[Member, ...] = ()
    """The debts of a case's charge, each with what of it is its own, in the order in which a payment fills them."""
    recurrence: str | None = None
    """The authorisation by which it is debited; None: whoever has its code pays it."""


@dataclass(frozen=True)
class Claimed:
    """A live charge, as its bank last confirmed it."""

    billed: Billed
    txid: str
    issued: Terms | None
    """None: the bank hasn't confirmed it yet."""
    revision: int
    recurrence: str | None = None


def claim(connection: Connection, wanted: Mapping[Billed, Terms], new_txid: Callable[[], str]) -> list[Claimed]:
    """Claim the live charge of each. Whoever comes second waits for the first, and finds what it claimed."""
    if not wanted:
        return []
    rows = [
        {
            **{kind: billed.id if billed.kind == kind else None for kind in KINDS},
            "txid": new_txid(),
            "amount": terms.amount,
            "due": terms.due,
            "recurrence": terms.recurrence,
            "state": "claimed",
        }
        for billed, terms in sorted(wanted.items())
    ]
    connection.execute(insert(charges).values(rows).on_conflict_do_nothing())
    claimed = live(connection, wanted)
    for charge in claimed:
        if charge.issued is None and charge.billed.kind == "case":
            record_members(connection, charge.txid, wanted[charge.billed].of)
    return claimed


def live(connection: Connection, billed: Collection[Billed]) -> list[Claimed]:
    mine = or_(*(charges.c[kind].in_(_ids(billed, kind)) for kind in KINDS))
    asked = select(charges).where(LIVE, mine).order_by(charges.c.debt, charges.c.id)
    found = connection.execute(asked).mappings().all()
    members = members_of(connection, [row["txid"] for row in found if row["case"]])
    return [
        Claimed(
            _billed(row),
            row["txid"],
            Terms(row["amount"], row["due"], tuple(members.get(row["txid"], ())), row["recurrence"])
            if row["state"] == "open"
            else None,
            row["revision"],
            row["recurrence"],
        )
        for row in found
    ]


def _billed(row: RowMapping) -> Billed:
    return next(Billed(kind, row[kind]) for kind in KINDS if row[kind])


def _ids(billed: Collection[Billed], kind: str) -> list[str]:
    return [each.id for each in billed if each.kind == kind]


PAID = text("""
    UPDATE charges SET state = 'paid', updated_at = clock_timestamp()
    WHERE state IN ('claimed', 'open')
      AND (debt = ANY(:debt) OR instalment = ANY(:instalment) OR "case" = ANY(:case))
      AND EXISTS (SELECT FROM payments WHERE payments.txid = charges.txid AND payments.origin IS NULL)
""").bindparams(*(bindparam(kind, type_=ARRAY(Text)) for kind in KINDS))


def close_paid(connection: Connection, billed: Collection[Billed]) -> None:
    """Close the charges that somebody paid: a bank takes no second payment for one."""
    connection.execute(PAID, {kind: _ids(billed, kind) for kind in KINDS})


def record_issued(
    connection: Connection, txid: str, terms: Terms, brcode: str | None, location: str | None, revision: int
) -> None:
    """Record what the bank confirmed, unless a newer revision is on record or the charge was closed meanwhile."""
    confirmed = {"amount": terms.amount, "due": terms.due, "state": "open", "brcode": brcode, "location": location}
    connection.execute(
        update(charges)
        .where(charges.c.txid == txid, LIVE, charges.c.revision <= revision)
        .values(**confirmed, revision=revision, updated_at=func.clock_timestamp())
    )
    if terms.of:
        record_members(connection, txid, terms.of)


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
    mine = query.where(charges.c.state == "open", charges.c.brcode.is_not(None), instalments.c.agreement == agreement)
    return dict(connection.execute(mine).tuples().all())


@dataclass(frozen=True)
class JointCode:
    """The code that pays all that a case owes."""

    brcode: str
    amount: Decimal
    debts: frozenset[str]


def joint_code(connection: Connection, case: str) -> JointCode | None:
    """The open charge of a case for all its debts; None: it has none."""
    mine = select(charges).where(charges.c.case == case, charges.c.state == "open")
    found = connection.execute(mine).mappings().one_or_none()
    if found is None:
        return None
    members = members_of(connection, [found["txid"]])[found["txid"]]
    return JointCode(found["brcode"], found["amount"], frozenset(member.debt for member in members))


def billed_by(connection: Connection, txids: Collection[str]) -> dict[str, Billed]:
    """By txid, what charges are for, whether the charge is open or was closed long ago."""
    if not txids:
        return {}
    found = connection.execute(select(charges).where(charges.c.txid.in_(txids))).mappings()
    return {row["txid"]: _billed(row) for row in found}
