"""The parts of a payment: it as it came in, and what a person put elsewhere of it by a new entry."""

from __future__ import annotations

from collections.abc import Collection
from datetime import datetime
from decimal import Decimal
from typing import TypedDict

from sqlalchemy import Connection, ScalarSelect, any_, func, or_, select

from storage.payments.posting_locks import any_of, array_of
from storage.rows import typed_rows
from storage.schema import payments, reversals


class Part(TypedDict):
    id: int
    origin: int | None
    """The payment as it came in; none: this one is."""
    channel: str
    txid: str | None
    slip: str | None
    bank_file: int | None
    debt: str | None
    instalment: str | None
    left: Decimal
    """Less what was given back or moved on."""
    paid_at: datetime
    hour_known: bool


def gone_of_payment() -> ScalarSelect[Decimal]:
    """The sum of what was given back of a row of `payments`, or moved on."""
    gone = select(func.coalesce(func.sum(reversals.c.amount), 0)).where(reversals.c.payment == payments.c.id)
    return gone.scalar_subquery()


def ids_of_parts(connection: Connection, origins: Collection[int]) -> list[int]:
    """The ids of payments as they came in, and of their parts."""
    if not origins:
        return []
    whole = or_(any_of(payments.c.id, origins), payments.c.origin == any_(array_of(payments.c.id, origins)))
    return list(connection.scalars(select(payments.c.id).where(whole)))


def parts_of(connection: Connection, payment: int) -> list[Part]:
    """The parts of the payment that `payment` is, or is a part of, the newest first; their rows are locked."""
    origin = select(func.coalesce(payments.c.origin, payments.c.id)).where(payments.c.id == payment).scalar_subquery()
    columns = [payments.c[name] for name in Part.__annotations__ if name != "left"]
    left = (payments.c.amount - gone_of_payment()).label("left")
    family = or_(payments.c.id == origin, payments.c.origin == origin)
    asked = select(*columns, left).where(family).order_by(payments.c.id.desc()).with_for_update()
    return typed_rows(Part, connection.execute(asked).mappings())
