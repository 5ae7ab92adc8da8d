"""Who did what on which a case rests, from the audit log."""

from __future__ import annotations

from sqlalchemy import Connection, text

DONE = text("""
    SELECT command, actor FROM audit_log, cases
    WHERE cases.id = :case AND outcome = 'done' AND (
        subject = cohort AND command IN ('cohort start', 'schedule create')
        OR command IN ('taxpayers import', 'filings import', 'benefits import') AND at >= coalesce(
            (SELECT max(at) FROM audit_log AS before
             WHERE before.command = audit_log.command AND before.outcome = 'done' AND before.at <= opened_at), at))
""")
"""Each kind of import counts from the last one before the case was opened."""


def done_before(connection: Connection, case: str) -> list[tuple[str, str]]:
    """Duties that were done, each with who did it."""
    return [(row.command, row.actor) for row in connection.execute(DONE, {"case": case})]
