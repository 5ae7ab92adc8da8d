"""Payments that people put where they belong, and those that wait for it."""

from __future__ import annotations

from datetime import datetime
from decimal import Decimal
from typing import TypedDict

from sqlalchemy import Connection, Engine, func, select, update
from sqlalchemy.orm import aliased

from models.errors import Refusal
from storage.intake.left import deduct_late
from storage.payments.corrections import chosen_part
from storage.payments.parts import gone_of_payment
from storage.payments.posting import Posting, whole
from storage.payments.posting_locks import dated_by
from storage.payments.receiving import day_of, half_reported
from storage.rows import typed_rows
from storage.schema import payments


def match(engine: Engine, payment: int, debt: str, by: str, now: datetime) -> None:
    """Put an unmatched payment on the debt it was meant for; what was given back of it stays given back."""
    whole(engine, lambda connection: _match(Posting(connection, now, debts_named=[debt]), payment, debt, by))


class UnmatchedPayment(TypedDict):
    id: int
    end_to_end_id: str | None
    txid: str | None
    amount: Decimal
    """Less what was given back."""
    paid_at: datetime
    recorded_at: datetime


def unmatched(connection: Connection) -> list[UnmatchedPayment]:
    """Payments for no debt that we know of, oldest first: people find out whose they are."""
    received = aliased(payments)
    left = payments.c.amount - gone_of_payment()
    columns = (
        payments.c.id,
        func.coalesce(payments.c.end_to_end_id, received.c.end_to_end_id).label("end_to_end_id"),
        payments.c.txid,
        left.label("amount"),
        payments.c.paid_at,
        payments.c.recorded_at,
    )
    asked = select(*columns).join_from(payments, received, received.c.id == payments.c.origin, isouter=True)
    of_nothing = payments.c.debt.is_(None) & payments.c.instalment.is_(None)
    rows = connection.execute(asked.where(of_nothing, left > 0).order_by(payments.c.id))
    return typed_rows(UnmatchedPayment, rows.mappings())


def _match(posting: Posting, payment: int, debt: str, by: str) -> None:
    if debt not in posting.debts:
        raise Refusal(f"there is no debt {debt}")
    part = chosen_part(posting, payment, matched=False)
    _refuse_twin(posting, part["id"], debt)
    day = posting.day(dated_by(posting.debts[debt]), part["paid_at"], part["bank_file"] is not None)
    put = {"debt": debt, "paid_on": day, "matched_by": by, "matched_at": func.clock_timestamp()}
    posting.connection.execute(update(payments).where(payments.c.id == part["id"]).values(put))
    deduct_late(posting.connection, [part["id"]])
    posting.add(debt, part["left"], reported=part["id"])
    posting.tell_agreements([debt])
    posting.tell_received({**part, "debt": debt, "amount": part["left"]}, f"recebido antes e vinculado por {by}")
    posting.tell()


def _refuse_twin(posting: Posting, part: int, debt: str) -> None:
    """Refuse to match the second report of a Pix payment, which a person may take for another payment."""
    [payment] = posting.connection.execute(select(payments).where(payments.c.id == part)).mappings()
    if payment["channel"] != "pix" or payment["origin"] is not None:
        return
    day = day_of({**payment, "debt": debt})
    for other in half_reported(posting, [day]):
        said_by = "end_to_end_id" if other["reference"] is None else "reference"
        if payment[said_by] is None and day_of(other) == day:
            raise Refusal(
                f"payment {other['id']} on debt {debt} is the same Pix: of the same amount and day, and"
                " reported by the other side alone"
            )
