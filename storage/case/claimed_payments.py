"""Payments that taxpayers speak of before any bank does: on record, with their signal."""

from __future__ import annotations

from datetime import date

from sqlalchemy import Connection, update

from models.case.journal import EntryKind
from models.events import PaymentClaimed
from storage.case.cases import Case
from storage.case.transaction import record_decision
from storage.outbox import enqueue
from storage.schema import cases


def believe_paid(connection: Connection, case: Case, how: str, today: date) -> None:
    """Believe the taxpayer of a locked case that it was paid, once a case: otherwise saying it again and again would
    put the next notice off for good. `how` he said it, in pt-BR."""
    if case.claimed_paid_on is not None:
        return
    connection.execute(update(cases).where(cases.c.id == case.id).values(claimed_paid_on=today))
    reason = f"contribuinte informou {how} que já pagou"
    record_decision(connection, case, EntryKind.PAYMENT_CLAIMED, reason, today)
    enqueue(connection, [case.id], PaymentClaimed(on=today))
