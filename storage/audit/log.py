"""The audit log: who did what, written in the transaction of what was done. The database numbers and chains it."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import datetime
from typing import Literal, TypedDict

from sqlalchemy import Connection, Engine, event, insert, text

from models.roles import Actor
from storage.paging import WHOLE, Listing, Page
from storage.schema import audit_log

Outcome = Literal["done", "refused"]

CHANGED = text("SELECT pg_current_xact_id_if_assigned() IS NOT NULL")


@dataclass
class Entry:
    actor: Actor
    command: str
    subject: str | None = None
    detail: dict[str, object] = field(default_factory=dict)
    """Nothing that names a person."""
    written: bool = False


def write(connection: Connection, entry: Entry, outcome: Outcome = "done") -> None:
    row = {
        "actor": entry.actor.name,
        "role": entry.actor.role,
        "authenticated": entry.actor.authenticated,
        "command": entry.command,
        "subject": entry.subject,
        "detail": entry.detail,
        "outcome": outcome,
    }
    connection.execute(insert(audit_log).values(row))
    entry.written = True


def carry(engine: Engine, entry: Entry) -> None:
    """The engine's first transaction that changes something carries the entry: both are on record, or neither."""

    @event.listens_for(engine, "commit")
    def before_commit(connection: Connection) -> None:
        if not entry.written and connection.execute(CHANGED).scalar_one():
            write(connection, entry)


class LoggedEntry(TypedDict):
    id: int
    at: datetime
    actor: str
    role: str | None
    authenticated: bool
    command: str
    subject: str | None
    detail: dict[str, object]
    outcome: Outcome


LOG = Listing[LoggedEntry](
    columns="id, at, actor, role, authenticated, command, subject, detail, outcome",
    tables="""audit_log WHERE (CAST(:subject AS text) IS NULL OR subject = :subject)
        AND (CAST(:by AS text) IS NULL OR actor = :by)""",
    order="id",
    key="id",
    noun="entry",
)


def read_log(
    connection: Connection, subject: str | None = None, by: str | None = None, page: Page = WHOLE
) -> Iterator[LoggedEntry]:
    """The entries, the oldest first, checkpoints included."""
    return LOG.rows(connection, page, {"subject": subject, "by": by})
