"""Money that a person puts elsewhere, or gives back, with a reason.

Nothing on record is changed for it: what leaves a payment is a new reversal, and where it stands since is a new part of
the payment (`storage/payments/parts.py`). What rested on the money hears of it in the same transaction.
"""

from __future__ import annotations

from collections.abc import Collection, Iterator
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal
from typing import Literal, TypedDict

from sqlalchemy import Connection, Engine, func, insert, select

from models.errors import Refusal
from models.formats import money
from storage.case.debts import owed_on
from storage.paging import WHOLE, Listing, Page
from storage.payments.parts import Part, ids_of_parts, parts_of
from storage.payments.posting import Posting, purpose_of, whole
from storage.payments.posting_locks import LockedDebt, dated_by
from storage.payments.reversing import Gone, leave
from storage.payments.statement import spare_of
from storage.schema import debtors, payments, reversals


@dataclass(frozen=True)
class Corrected:
    """The amount that left a part of a payment, and the part that it is since."""

    payment: int
    amount: Decimal
    part: int | None = None


Correction = Literal["unmatched", "moved", "refunded"]


class ListedCorrection(TypedDict):
    id: int
    kind: Correction
    payment: int
    debt: str | None
    part: int | None
    to: str | None
    amount: Decimal
    by: str
    reason: str
    recorded_at: datetime


def unmatch(engine: Engine, payment: int, by: str, reason: str, now: datetime) -> Corrected:
    """Take a payment off what it is on: it is for nothing known again. Raises Refusal."""

    def take_off(connection: Connection) -> Corrected:
        posting = _posting(connection, payment, now)
        part = chosen_part(posting, payment, matched=True)
        return _moved(posting, part, part["left"], None, by, reason)

    return whole(engine, take_off)


def move(
    engine: Engine, payment: int, debt: str, by: str, reason: str, now: datetime, amount: Decimal | None = None
) -> Corrected:
    """Put what a payment's debt didn't need on another open debt of the same person, as far as that goes. Raises
    Refusal."""

    def put(connection: Connection) -> Corrected:
        posting = _posting(connection, payment, now, debts_named=[debt])
        part = chosen_part(posting, payment, matched=True)
        target = _other_debt_of_the_person(posting, part, debt)
        spare = spare_of(connection, part["id"])
        if not spare:
            raise Refusal(
                f"nothing of payment {part['id']} is in excess of what it is on; a wrong match is undone by"
                " `payments unmatch`"
            )
        if amount is not None and amount > spare:
            raise Refusal(f"only {money(spare)} of payment {part['id']} are in excess of what it is on")
        open_amount = _open_amount(posting, target)
        return _moved(posting, part, amount or min(spare, open_amount), target, by, reason)

    return whole(engine, put)


def refund(
    engine: Engine,
    payment: int,
    by: str,
    reason: str,
    now: datetime,
    amount: Decimal | None = None,
    reference: str | None = None,
) -> Corrected:
    """Record that money was given back to the payer: by default what is in excess, or on nothing. Raises Refusal."""

    def give(connection: Connection) -> Corrected:
        posting = _posting(connection, payment, now)
        part = chosen_part(posting, payment)
        back = amount or spare_of(connection, part["id"])
        if not back:
            raise Refusal(
                f"all of payment {part['id']} is on what it was paid for; --amount says how much of it was given back"
            )
        if back > part["left"]:
            raise Refusal(f"no more than {money(part['left'])} of payment {part['id']} can be given back")
        name = reference or f"by hand {_next_refund(connection)}"
        if _known(connection, part, name):
            raise Refusal(f"refund {name} of payment {part['id']} is on record already")
        leave(posting, Gone(part, name, back, now, by=by, reason=reason))
        posting.tell()
        return Corrected(part["id"], back)

    return whole(engine, give)


def list_corrections(
    connection: Connection, kind: Correction | None = None, page: Page = WHOLE
) -> Iterator[ListedCorrection]:
    """The corrections in the order in which they were made."""
    return CORRECTIONS.rows(connection, page, {"kind": kind})


CORRECTIONS = Listing[ListedCorrection](
    columns="*",
    tables="""(
        SELECT reversals.id, CASE WHEN kind = 'refund' THEN 'refunded'
                                  WHEN parts.debt IS NULL OR parts.matched_by IS NOT NULL THEN 'unmatched'
                                  ELSE 'moved' END AS kind,
               reversals.payment, coalesce(payments.debt, payments.instalment) AS debt, moved_to AS part,
               coalesce(parts.debt, parts.instalment) AS "to", reversals.amount, "by", reason, reversals.recorded_at
        FROM reversals JOIN payments ON payments.id = reversals.payment
        LEFT JOIN payments AS parts ON parts.id = moved_to WHERE "by" IS NOT NULL
    ) AS corrections WHERE CAST(:kind AS text) IS NULL OR kind = :kind""",
    order="id",
    key="id",
    noun="correction",
)


def chosen_part(posting: Posting, payment: int, *, matched: bool | None = None) -> Part:
    """The part that a person means by the number of a payment, or by its own: with money left, and on something or not,
    as is asked. Raises Refusal."""
    parts = parts_of(posting.connection, payment)
    if not parts:
        raise Refusal(f"there is no payment {payment}; `payments list` shows them")
    left = [part for part in parts if part["left"]]
    if not left:
        raise Refusal(f"payment {payment} was given back whole; there is nothing left of it")
    fit = [part for part in left if matched is None or bool(purpose_of(part)) is matched]
    named = [part for part in fit if part["id"] == payment] or fit
    if not named:
        on = ", ".join(f"{part['id']} on {purpose_of(part)}" for part in left)
        raise Refusal(f"payment {payment} is on nothing" if matched else f"payment {payment} is matched already: {on}")
    if len(named) > 1:
        parts_said = ", ".join(str(part["id"]) for part in named)
        raise Refusal(f"payment {payment} is in parts, of which one must be named: {parts_said}")
    return named[0]


def _posting(connection: Connection, payment: int, now: datetime, debts_named: Collection[str] = ()) -> Posting:
    origin = select(func.coalesce(payments.c.origin, payments.c.id)).where(payments.c.id == payment)
    concerned = ids_of_parts(connection, connection.scalars(origin).all())
    return Posting(connection, now, payments_named=concerned, debts_named=debts_named)


def _next_refund(connection: Connection) -> int:
    return connection.execute(select(func.count()).where(reversals.c.by.is_not(None))).scalar_one() + 1


def _known(connection: Connection, part: Part, name: str) -> bool:
    mine = (reversals.c.payment == part["id"]) & ((reversals.c.reference == name) | (reversals.c.rtr_id == name))
    return connection.execute(select(reversals.c.id).where(mine)).first() is not None


def _moved(posting: Posting, part: Part, amount: Decimal, target: LockedDebt | None, by: str, reason: str) -> Corrected:
    """Write that an amount leaves a part, and the part that it is from now on."""
    row = {
        "origin": part["origin"] or part["id"],
        "channel": part["channel"],
        "txid": part["txid"],
        "slip": part["slip"],
        "bank_file": part["bank_file"],
        "debt": target.id if target else None,
        "amount": amount,
        "paid_at": part["paid_at"],
        "hour_known": part["hour_known"],
        "paid_on": posting.day(dated_by(target), part["paid_at"], part["bank_file"] is not None),
    }
    new = posting.connection.execute(insert(payments).values(row).returning(payments.c.id)).scalar_one()
    leave(posting, Gone(part, f"movido para {new}", amount, None, moved_to=new, by=by, reason=reason))
    if target:
        posting.add(target.id, amount, reported=new)
        posting.tell_agreements([target.id])
        posting.tell_received({**row, "id": new, "instalment": None}, f"recebido antes e movido por {by}: {reason}")
    posting.tell()
    return Corrected(part["id"], amount, new)


def _other_debt_of_the_person(posting: Posting, part: Part, debt: str) -> LockedDebt:
    target, source = posting.debts.get(debt), posting.purpose(purpose_of(part))
    if target is None or source is None:
        raise Refusal(f"there is no debt {debt}")
    if target in source.debts:
        raise Refusal(f"payment {part['id']} is on debt {debt} already")
    owers = select(debtors.c.taxpayer).where(debtors.c.debt.in_([each.id for each in source.debts]))
    shared = select(debtors.c.taxpayer).where(debtors.c.debt == debt, debtors.c.taxpayer.in_(owers)).limit(1)
    if posting.connection.execute(shared).first() is None:
        raise Refusal(f"debt {debt} is another person's than the one that payment {part['id']} is on")
    return target


def _open_amount(posting: Posting, target: LockedDebt) -> Decimal:
    """The amount owed of a debt today. Raises Refusal: nothing."""
    case = dated_by(target)
    today = case.clock.day_at(posting.arrived_at) if case else posting.day(None, None)
    owed = owed_on(posting.connection, target.id, today).owed.total
    if not owed:
        raise Refusal(f"nothing is owed of debt {target.id}")
    return owed
