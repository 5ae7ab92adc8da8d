"""The audit log as an auditor looks through it, the newest first: by kind, person, command, subject and day."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import date
from typing import cast

from sqlalchemy import Connection, text

from storage.audit.log import LoggedEntry
from storage.paging import ROWS_AT_ONCE, Page

KINDS: Mapping[str, str] = {
    "all": "true",
    "acts": "command NOT IN ('seal', 'sign in', 'session end') AND outcome = 'done'",
    "sign-ins": "command IN ('sign in', 'session end', 'stack sign-in', 'token issue', 'token revoke')",
    "reveals": "command LIKE '%reveal'",
    "refused": "outcome = 'refused'",
    "seals": "command = 'seal'",
}
"""The kinds of entry that are looked for, and what each is."""


@dataclass(frozen=True)
class Sought:
    kind: str = "all"
    by: str | None = None
    command: str | None = None
    subject: str | None = None
    since: date | None = None
    until: date | None = None


def look_through(connection: Connection, sought: Sought, page: Page) -> Iterator[LoggedEntry]:
    """The entries that are sought; `page.after` is the id of the last one of the page before."""
    query = f"""
        SELECT id, at, actor, role, authenticated, command, subject, detail, outcome FROM audit_log
        WHERE {KINDS[sought.kind]}
          AND (CAST(:by AS text) IS NULL OR actor = :by)
          AND (CAST(:command AS text) IS NULL OR command = :command)
          AND (CAST(:subject AS text) IS NULL OR subject = :subject)
          AND (CAST(:since AS date) IS NULL OR at >= CAST(:since AS date) AT TIME ZONE 'America/Sao_Paulo')
          AND (CAST(:until AS date) IS NULL OR at < (CAST(:until AS date) + 1) AT TIME ZONE 'America/Sao_Paulo')
          AND (CAST(:after AS bigint) IS NULL OR id < :after)
        ORDER BY id DESC LIMIT :limit
    """  # noqa: S608 - of constants
    asked = {
        "by": sought.by,
        "command": sought.command,
        "subject": sought.subject,
        "since": sought.since,
        "until": sought.until,
        "after": int(page.after) if page.after else None,
        "limit": page.limit,
    }
    found = connection.execute(text(query), asked, execution_options={"yield_per": ROWS_AT_ONCE})
    for row in found.mappings():
        yield cast(LoggedEntry, dict(row))
