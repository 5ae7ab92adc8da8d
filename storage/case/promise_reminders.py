"""The reminder of a promise to pay: asked for as it is made, the day before its own, and read again as it leaves."""

from __future__ import annotations

from datetime import date
from decimal import Decimal
from typing import TypedDict

from sqlalchemy import Connection, insert, text

from models.collections.promise import Promise
from models.contact.communication import CommunicationKind
from models.events import CommunicationChanged
from models.law.calendar import Calendar, Unit, Wait
from storage.outbox import enqueue
from storage.rows import typed_rows
from storage.schema import communications

THE_DAY_BEFORE = Wait(days=1, unit=Unit.BUSINESS)
"""The last working day before it: on others few channels have hours."""


class Promised(TypedDict):
    promised_for: date
    due: date
    amount: Decimal
    paid: Decimal
    state: str
    registered_on: list[date | None]
    """For each open debt of its case the day of its registration; none: no extract has said."""


PROMISED = text("""
    SELECT promised_for, promises.due, promises.amount, promises.paid, promises.state,
           ARRAY(SELECT debts.registered_on FROM debtors JOIN debts ON debts.id = debtors.debt
                 WHERE debtors.taxpayer = cases.taxpayer AND debts.tax = cases.tax AND debts.balance > 0
                 ORDER BY debts.id) AS registered_on
    FROM promises JOIN cases ON cases.id = promises."case" WHERE promises.id = :promise
""")


def ask_to_remind(connection: Connection, case: str, promise: Promise, calendar: Calendar) -> None:
    """Ask for the reminder of a promise just made; none of one whose day is so near that it would leave at once."""
    on = calendar.before(promise.promised_for, THE_DAY_BEFORE)
    if on <= promise.made_on:
        return
    id = f"{case}-promise-{promise.id}"
    row = {"id": id, "case": case, "kind": CommunicationKind.PROMISE, "promise": promise.id, "asked_on": on}
    connection.execute(insert(communications).values(row))
    enqueue(connection, [case], CommunicationChanged(communication=id))


def read_promised(connection: Connection, promise: int) -> Promised:
    [read] = typed_rows(Promised, connection.execute(PROMISED, {"promise": promise}).mappings())
    return read
