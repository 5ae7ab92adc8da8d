"""Payments that people put where they belong, and those that wait for it."""

from __future__ import annotations

from datetime import datetime
from decimal import Decimal
from typing import TypedDict

from sqlalchemy import Connection, Engine, RowMapping, func, select, update

from models.errors import Refusal
from storage.payments.posting import Posting, whole
from storage.payments.posting_locks import dated_by
from storage.payments.receiving import day_of, half_reported
from storage.rows import typed_rows
from storage.schema import payments, reversals


def match(engine: Engine, payment: int, debt: str, by: str, now: datetime) -> None:
    """Put an unmatched payment on the debt it was meant for; what was given back of it stays given back."""
    whole(engine, lambda connection: _match(Posting(connection, now, debts_named=[debt]), payment, debt, by))


class UnmatchedPayment(TypedDict):
    end_to_end_id: str | None
    txid: str | None
    amount: Decimal
    paid_at: datetime
    recorded_at: datetime


def unmatched(connection: Connection) -> list[UnmatchedPayment]:
    """Payments for no debt that we know of, oldest first: people find out whose they are."""
    columns = (
        payments.c.end_to_end_id,
        payments.c.txid,
        payments.c.amount,
        payments.c.paid_at,
        payments.c.recorded_at,
    )
    of_nothing = payments.c.debt.is_(None) & payments.c.instalment.is_(None)
    rows = connection.execute(select(*columns).where(of_nothing).order_by(payments.c.id))
    return typed_rows(UnmatchedPayment, rows.mappings())


def _match(posting: Posting, payment: int, debt: str, by: str) -> None:
    if debt not in posting.debts:
        raise Refusal(f"there is no debt {debt}")
    found = _unmatched(posting, payment)
    back = select(func.coalesce(func.sum(reversals.c.amount), 0)).where(reversals.c.payment == payment)
    kept = found["amount"] - posting.connection.execute(back).scalar_one()
    if not kept:
        raise Refusal(f"payment {payment} was given back whole; there is nothing of it to put on a debt")
    _refuse_twin(posting, found, debt)
    day = posting.day(dated_by(posting.debts[debt]), found["paid_at"], found["bank_file"] is not None)
    put = {"debt": debt, "paid_on": day, "matched_by": by, "matched_at": func.clock_timestamp()}
    posting.connection.execute(update(payments).where(payments.c.id == payment).values(put))
    posting.add(debt, kept, reported=payment)
    posting.tell_agreements([debt])
    posting.tell_received({**found, "debt": debt, "amount": kept}, f"recebido antes e vinculado por {by}")
    posting.tell()


def _refuse_twin(posting: Posting, payment: RowMapping, debt: str) -> None:
    """Refuse to match the second report of a Pix payment, which a person may take for another payment."""
    if payment["channel"] != "pix":
        return
    day = day_of({**payment, "debt": debt})
    for other in half_reported(posting, {debt}):
        said_by = "end_to_end_id" if other["reference"] is None else "reference"
        if payment[said_by] is None and day_of(other) == day:
            raise Refusal(
                f"payment {other['id']} on debt {debt} is the same Pix: of the same amount and day, and"
                " reported by the other side alone"
            )


def _unmatched(posting: Posting, payment: int) -> RowMapping:
    asked = select(payments).where(payments.c.id == payment).with_for_update()
    found = posting.connection.execute(asked).mappings().one_or_none()
    if found is None:
        raise Refusal(f"there is no payment {payment}")
    if found["debt"] is not None:
        raise Refusal(f"payment {payment} is on debt {found['debt']} already")
    if found["instalment"] is not None:
        raise Refusal(f"payment {payment} is on instalment {found['instalment']} already")
    return found
