"""A declaration of hardship: on record, with its signal."""

from __future__ import annotations

from datetime import UTC, date, datetime

from sqlalchemy import Connection, Engine, update

from models.case.commands import must_be_open
from models.errors import Refusal
from models.events import HardshipDeclared
from storage.case.cases import Case, read_case
from storage.case.transaction import record_decision
from storage.outbox import enqueue
from storage.schema import cases


def declare_hardship(engine: Engine, case: str, by: str) -> date:
    """Declare hardship; gives the logical day it counts from. Refuses a case that is closed or had one declared
    already."""
    with engine.begin() as connection:
        record = read_case(connection, case, lock=True)
        must_be_open(record.situation)
        if record.hardship_on is not None:
            raise Refusal(f"case {case} had a hardship declared on {record.hardship_on:%Y-%m-%d} already; once is all")
        today = record.clock.day_at(datetime.now(UTC))
        record_hardship(connection, record, by, today)
    return today


def record_hardship(connection: Connection, case: Case, by: str, today: date) -> None:
    """Record the hardship of a locked case that is open and had none before."""
    connection.execute(update(cases).where(cases.c.id == case.id).values(hardship_on=today))
    record_decision(connection, case, "hardship_declared", f"dificuldade declarada, registrada por {by}", today)
    enqueue(connection, [case.id], HardshipDeclared(by=by, on=today))
