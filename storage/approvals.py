"""Approvals of suspensions: who gave them, and on seeing what."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from sqlalchemy import Connection, insert, text

from models.channel import CHANNELS
from models.commands import Act, may
from models.gate import approvals_wanted, basis_of
from models.view import View
from storage.cases import Case, Sitting, read_case, read_standing
from storage.people import read_person
from storage.schema import approvals

BENEFITS = text("""
    SELECT id, code, name FROM benefits WHERE taxpayer = :taxpayer AND coalesce(tax, :tax) = :tax ORDER BY code
""")

SERVED = text("""
    SELECT id, channel, at, served_on, served_by, served_reference FROM notices
    WHERE "case" = :case AND formal AND stage <> 'suspension' AND served_on IS NOT NULL ORDER BY step, channel
""")


def put_approval(sat: Sitting, by: str, reason: str) -> None:
    seen = _seen(sat.connection, sat.case, sat.view)
    row = {"case": sat.case.id, "given_by": by, "reason": reason, "given_on": sat.today, "seen": seen}
    sat.connection.execute(insert(approvals).values(row))


def to_be_approved(connection: Connection, case: str, now: datetime) -> dict[str, Any] | None:
    """What an approver would approve now; None: nothing waits for one. Raises Refusal when there is no such case."""
    record = read_case(connection, case)
    if not may(Act.APPROVE, record.situation):
        return None
    today = record.clock.day_at(now)
    person = read_person(connection, case, record.position.steps - 1, record.clock, today)
    standing = read_standing(connection, record, today, person, person.contacts.reach(frozenset(CHANNELS)))
    seen = _seen(connection, record, record.view(record.position, standing))
    return {**seen, "given_by": list(record.position.approvers), "wanted": approvals_wanted(record.ruler, standing)}


def _seen(connection: Connection, case: Case, view: View) -> dict[str, Any]:
    """The benefits that go, the notices served, what is owed on the day, and the basis."""
    basis, why = basis_of(view)
    return {
        "on": view.facts.today.isoformat(),
        "balance": f"{view.facts.balance:.2f}",
        "basis": basis,
        "because": why,
        "benefits": benefits_of(connection, case.taxpayer, case.tax),
        "notices": served_notices(connection, case.id),
        "fingerprint": view.facts.fingerprint,
    }


def benefits_of(connection: Connection, taxpayer: int, tax: str) -> list[dict[str, Any]]:
    return [dict(row) for row in connection.execute(BENEFITS, {"taxpayer": taxpayer, "tax": tax}).mappings()]


def served_notices(connection: Connection, case: str) -> list[dict[str, Any]]:
    rows = connection.execute(SERVED, {"case": case}).mappings()
    return [{**row, "at": row["at"].isoformat(), "served_on": row["served_on"].isoformat()} for row in rows]
