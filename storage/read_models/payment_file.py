"""The file of a payment: what a person reads of it before putting it where it belongs, or giving it back."""

from __future__ import annotations

from datetime import date
from decimal import Decimal
from typing import TypedDict

from sqlalchemy import Connection, text

from models.errors import Refusal
from storage.rows import typed_rows

PAYMENT = text("""
    SELECT payments.id, origin, channel, payments.amount, paid_on, txid, end_to_end_id, reference, matched_by,
           debt, inscription, tax, instalment,
           payments.amount - coalesce((SELECT sum(amount) FROM reversals WHERE payment = payments.id), 0) AS stays,
           (SELECT min(taxpayer) FROM debtors WHERE debtors.debt = payments.debt) AS taxpayer
    FROM payments LEFT JOIN debts ON debts.id = debt
    WHERE payments.id = :payment
""")

DEBT = text("SELECT id FROM debts WHERE id = :named OR inscription = :named LIMIT 2")


class PaymentFile(TypedDict):
    id: int
    origin: int | None
    """The payment that it is a part of, put here by a person."""
    channel: str
    amount: Decimal
    paid_on: date
    txid: str | None
    end_to_end_id: str | None
    reference: str | None
    matched_by: str | None
    debt: str | None
    inscription: str | None
    tax: str | None
    instalment: str | None
    stays: Decimal
    """Less what went back or elsewhere."""
    taxpayer: int | None
    """One of those who owe the debt; none: it is on no debt."""


def payment_file(connection: Connection, payment: int) -> PaymentFile:
    """Raises Refusal when there is no such payment."""
    for found in typed_rows(PaymentFile, connection.execute(PAYMENT, {"payment": payment}).mappings()):
        return found
    raise Refusal(f"there is no payment {payment}")


def debt_named(connection: Connection, named: str) -> str:
    """The debt of an id or an inscription. Raises Refusal when there is none, or more than one."""
    found = list(connection.scalars(DEBT, {"named": named.strip()}))
    if len(found) != 1:
        several = "several debts have this number; name one by its id" if found else f"there is no debt {named}"
        raise Refusal(several)
    return str(found[0])
