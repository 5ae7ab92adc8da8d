"""Finds tokens, sessions, approvals, days of service and changed debts that no act on record explains."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime

from sqlalchemy import Connection, text

TOKENS = text("""
    SELECT id, name, issued_at FROM tokens
    WHERE NOT EXISTS (
        SELECT FROM audit_log
        WHERE subject = name AND outcome = 'done' AND command IN ('token issue', 'stack up', 'migrate')
          AND at BETWEEN issued_at - interval '1 minute' AND issued_at + interval '1 minute')
    ORDER BY id
""")

SESSIONS = text("""
    SELECT id, person, signed_in_at FROM sessions
    WHERE NOT EXISTS (
        SELECT FROM audit_log
        WHERE actor = person AND audit_log.role = sessions.role AND outcome = 'done' AND command = 'sign in'
          AND at BETWEEN signed_in_at - interval '1 minute' AND signed_in_at + interval '1 minute')
    ORDER BY id
""")

# those from before there were acts are in the log alone
APPROVALS = text("""
    SELECT id, "case", given_by, recorded_at FROM approvals
    WHERE NOT EXISTS (
        SELECT FROM acts
        WHERE acts."case" = approvals."case" AND who = given_by AND kind = 'approve'
          AND acts.at BETWEEN recorded_at - interval '1 minute' AND recorded_at + interval '1 minute')
      AND NOT EXISTS (
        SELECT FROM audit_log
        WHERE subject = approvals."case" AND actor = given_by AND command = 'case approve' AND outcome = 'done'
          AND at BETWEEN recorded_at - interval '1 minute' AND recorded_at + interval '1 minute')
    ORDER BY id
""")

# in a rehearsal a formal notice that became a file is served by that; all else that serves one is in the journal
SERVED = text("""
    SELECT notices.id, served_on FROM notices
    JOIN cases ON cases.id = notices."case" JOIN cohorts ON cohorts.name = cases.cohort
    WHERE formal AND served_on IS NOT NULL
      AND NOT (served_by = 'file' AND served_on = notices.at AND CAST(clock ->> 'day_seconds' AS numeric) < 86400)
      AND NOT EXISTS (
        SELECT FROM decisions
        WHERE decisions."case" = notices."case" AND decisions.kind = 'served' AND decisions.at = served_on
          AND position(notices.id IN reason) > 0)
    ORDER BY notices.id
""")

RESTATED = text("SELECT at, what, rows FROM restatements WHERE entry IS NULL ORDER BY id")


def untold(connection: Connection) -> Iterator[str]:
    """One sentence each."""
    for row in connection.execute(TOKENS):
        yield f"token {row.id} of {row.name}: no entry of the log tells of its issue on {_on(row.issued_at)}"
    for row in connection.execute(SESSIONS):
        yield f"session {row.id} of {row.person}: no entry of the log tells of a sign-in on {_on(row.signed_in_at)}"
    for row in connection.execute(APPROVALS):
        yield f"case {row.case}: approval {row.id} of {_on(row.recorded_at)} came by no act of {row.given_by}'s"
    for row in connection.execute(SERVED):
        yield f"notice {row.id}: no decision tells that it was served on {row.served_on}"
    for row in connection.execute(RESTATED):
        yield f"{row.rows} {CHANGED[row.what]} on {_on(row.at)}, and no entry of the log tells of it"


CHANGED = {
    "debts": "debts were given another amount, due day or prescription",
    "debtors": "debtors were taken off a debt",
}


def _on(at: datetime) -> str:
    return f"{at:%Y-%m-%d %H:%M} UTC"
