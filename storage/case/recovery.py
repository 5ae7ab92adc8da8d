"""Cases whose workflows may be gone, or may have missed something: they are told to look at their record again.

The relay delivers it as it delivers everything, and starts the workflow of an open case, agreement or communication
that has none.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import ColumnElement, Connection, Table, or_, select

from models.case.status import Status
from models.events import CommunicationChanged, InstalmentsChanged, MemoryLost
from storage.case.path import on_the_way
from storage.outbox import enqueue, enqueue_each
from storage.schema import agreements, cases, communications


@dataclass(frozen=True)
class Recovered:
    cases: int
    agreements: int


def look_again(connection: Connection, closed_since: datetime | None = None) -> Recovered:
    """Make all open cases look again, those of which a notice is on its way, and those closed since then: their
    workflows, if they run still, learn that they are."""
    woken = connection.scalars(
        select(cases.c.id).where(_lives(cases, closed_since) | on_the_way(), cases.c.status != Status.CONTROL.value)
    ).all()
    enqueue(connection, woken, MemoryLost())
    running = connection.execute(
        select(agreements.c.case, agreements.c.id).where(_lives(agreements, closed_since))
    ).tuples()
    agreed = [(case, InstalmentsChanged(agreement=agreement)) for case, agreement in running]
    told = connection.execute(
        select(communications.c.case, communications.c.id).where(_lives(communications, closed_since))
    ).tuples()
    said = [(case, CommunicationChanged(communication=communication)) for case, communication in told]
    enqueue_each(connection, [*agreed, *said])
    return Recovered(cases=len(woken), agreements=len(agreed))


def _lives(table: Table, closed_since: datetime | None) -> ColumnElement[bool]:
    is_open = table.c.closed_at.is_(None)
    return is_open if closed_since is None else or_(is_open, table.c.closed_at >= closed_since)
