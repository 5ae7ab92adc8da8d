"""A declaration of hardship: on record, with its signal."""

from __future__ import annotations

from datetime import date

from sqlalchemy import Connection, update

from models.case.journal import EntryKind
from models.events import HardshipDeclared
from storage.case.cases import Case
from storage.case.transaction import record_decision
from storage.outbox import enqueue
from storage.schema import cases


def record_hardship(connection: Connection, case: Case, by: str, today: date) -> None:
    """Record the hardship of a locked case that is open and had none before."""
    put_hardship(connection, case.id, today)
    record_decision(connection, case, EntryKind.HARDSHIP_DECLARED, f"dificuldade declarada, registrada por {by}", today)
    enqueue(connection, [case.id], HardshipDeclared(by=by, on=today))


def put_hardship(connection: Connection, case: str, on: date) -> None:
    """Write the day alone, without a word in the journal."""
    connection.execute(update(cases).where(cases.c.id == case).values(hardship_on=on))
