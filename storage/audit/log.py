"""The audit log: who did what, written in the transaction of what was done. The database numbers and chains it."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any, Literal

from sqlalchemy import Connection, Engine, event, insert, select, text

from models.roles import Actor
from storage.schema import audit_log

Outcome = Literal["done", "refused"]

CHANGED = text("SELECT pg_current_xact_id_if_assigned() IS NOT NULL")


@dataclass
class Entry:
    actor: Actor
    command: str
    subject: str | None = None
    detail: dict[str, Any] = field(default_factory=dict)
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


def read_log(connection: Connection, subject: str | None = None, by: str | None = None) -> list[dict[str, Any]]:
    """The entries, the oldest first, checkpoints included."""
    columns = [column for column in audit_log.c if column.name != "hash"]
    query = select(*columns).order_by(audit_log.c.id)
    if subject is not None:
        query = query.where(audit_log.c.subject == subject)
    if by is not None:
        query = query.where(audit_log.c.actor == by)
    return [dict(row) for row in connection.execute(query).mappings()]
