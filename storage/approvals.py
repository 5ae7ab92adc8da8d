"""Approvals of suspensions: who gave them, and on seeing what."""

from __future__ import annotations

from typing import Any

from sqlalchemy import Connection, insert, text

from models.gate import basis_of
from storage.cases import Sitting
from storage.schema import approvals

BENEFITS = text("""
    SELECT id, code, name FROM benefits WHERE taxpayer = :taxpayer AND coalesce(tax, :tax) = :tax ORDER BY code
""")

SERVED = text("""
    SELECT id, channel, at, served_on, served_by, served_reference FROM notices
    WHERE "case" = :case AND formal AND stage <> 'suspension' AND served_on IS NOT NULL ORDER BY step, channel
""")


def put_approval(sat: Sitting, by: str, reason: str) -> None:
    row = {"case": sat.case.id, "given_by": by, "reason": reason, "given_on": sat.today, "seen": what_is_seen(sat)}
    sat.connection.execute(insert(approvals).values(row))


def what_is_seen(sat: Sitting) -> dict[str, Any]:
    """What an approver approves: the benefits that go, the notices served, what is owed on the day, and the basis."""
    basis, why = basis_of(sat.case.ruler, sat.position, sat.standing)
    return {
        "on": sat.today.isoformat(),
        "balance": f"{sat.standing.balance:.2f}",
        "basis": basis,
        "because": why,
        "benefits": benefits_of(sat.connection, sat.case.taxpayer, sat.case.tax),
        "notices": served_notices(sat.connection, sat.case.id),
        "fingerprint": sat.standing.fingerprint,
    }


def benefits_of(connection: Connection, taxpayer: int, tax: str) -> list[dict[str, Any]]:
    return [dict(row) for row in connection.execute(BENEFITS, {"taxpayer": taxpayer, "tax": tax}).mappings()]


def served_notices(connection: Connection, case: str) -> list[dict[str, Any]]:
    rows = connection.execute(SERVED, {"case": case}).mappings()
    return [{**row, "at": row["at"].isoformat(), "served_on": row["served_on"].isoformat()} for row in rows]
