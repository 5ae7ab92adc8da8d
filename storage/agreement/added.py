"""The instalments of an agreement besides those it was signed with."""

from __future__ import annotations

from datetime import date
from decimal import Decimal

from sqlalchemy import Connection, func, insert, select

from storage.schema import instalments


def add_instalment(connection: Connection, agreement: str, amount: Decimal, due: date) -> None:
    mine = instalments.c.agreement == agreement
    n, fee = connection.execute(select(func.max(instalments.c.n), func.min(instalments.c.fee)).where(mine)).one()
    row = {"agreement": agreement, "n": n + 1, "due": due, "nominal": due, "amount": amount, "fee": fee}
    connection.execute(insert(instalments).values(row))
