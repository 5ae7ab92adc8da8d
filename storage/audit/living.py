"""Which cases, agreements and communications should have a workflow, and what is recorded of one that stands apart."""

from __future__ import annotations

import re
from collections.abc import Callable, Collection, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta

from sqlalchemy import Column, ColumnElement, Connection, Table, func, or_, select

from models.case.status import Status
from models.events import CommunicationChanged, Event, InstalmentsChanged, MemoryLost
from storage.audit.interference import SOMEBODY, record_interference
from storage.audit.log import Entry, write
from storage.case.cohorts import Cohort
from storage.case.path import on_the_way
from storage.outbox import enqueue_each
from storage.schema import agreements, cases, communications, outbox

FEW = 20
"""So many are somebody's doing, and people look at each; more are one event."""

OPAQUE = re.compile(r"(case|agreement)-[0-9a-f]{1,16}")
"""An id that surely names nobody, whoever made it."""

AT_FIRST = timedelta(minutes=10)
"""In which a new case is its cohort's to start."""


@dataclass(frozen=True)
class Living:
    """The cases, the agreements or the communications: each has a workflow as long as it is open, and a case as long as
    a notice of it is on its way."""

    workflow: str
    """The workflow's type."""
    table: Table
    case: Column[str]
    lives: ColumnElement[bool]
    """Whether it should have a workflow."""
    news: Callable[[str], Event]
    """By which its workflow looks at the record, and is started where there is none."""

    def count(self, connection: Connection) -> int:
        return connection.execute(select(func.count()).select_from(self.table).where(self.lives)).scalar_one()

    def ids(self, connection: Connection) -> set[str]:
        return set(connection.scalars(select(self.table.c.id).where(self.lives)))

    def untold(self, connection: Connection, ids: Collection[str]) -> list[tuple[str, str]]:
        """The ids that live and are owed no signal, each with its case: who is owed one is started by it."""
        mine = (self.table.c.id.in_(ids), self.lives, _owed_nothing(self.case))
        rows = connection.execute(select(self.table.c.id, self.case).where(*mine).order_by(self.table.c.id))
        return [(of, case) for of, case in rows]

    def closed(self, connection: Connection, ids: Collection[str]) -> dict[str, tuple[str, datetime]]:
        """The ids that are over and owed no signal, with the case and the moment of each."""
        mine = (self.table.c.id.in_(ids), self.table.c.closed_at.is_not(None), _owed_nothing(self.case))
        rows = connection.execute(select(self.table.c.id, self.case, self.table.c.closed_at).where(*mine))
        return {of: (case, at) for of, case, at in rows}

    def known(self, connection: Connection, ids: Collection[str]) -> set[str]:
        return set(connection.scalars(select(self.table.c.id).where(self.table.c.id.in_(ids))))


CASES = Living(
    "TaxpayerRuler",
    cases,
    cases.c.id,
    (cases.c.status != Status.CONTROL.value)
    & or_(
        cases.c.closed_at.is_(None) & or_(cases.c.revision > 0, cases.c.opened_at < func.clock_timestamp() - AT_FIRST),
        on_the_way(),
    ),
    lambda case: MemoryLost(),
)
AGREEMENTS = Living(
    "InstalmentAgreement",
    agreements,
    agreements.c.case,
    agreements.c.closed_at.is_(None),
    lambda agreement: InstalmentsChanged(agreement=agreement),
)
COMMUNICATIONS = Living(
    "Communication",
    communications,
    communications.c.case,
    communications.c.closed_at.is_(None),
    lambda communication: CommunicationChanged(communication=communication),
)


def overdue_cases(connection: Connection, cohort: Cohort, now: datetime) -> list[str]:
    """The open cases of a cohort whose next step was due more than a day ago."""
    before = cohort.clock.day_at(now) - timedelta(days=1)
    due = cases.c.next_step["on"].astext
    late = (cases.c.cohort == cohort.name, CASES.lives, due.is_not(None), due < before.isoformat())
    return list(connection.scalars(select(cases.c.id).where(*late).order_by(cases.c.id)))


def _owed_nothing(case: Column[str]) -> ColumnElement[bool]:
    return ~select(outbox.c.id).where(outbox.c.case == case, outbox.c.delivered_at.is_(None)).exists()


def look_again(connection: Connection, what: Living, found: Mapping[str, str]) -> None:
    """Have those look at their record whose workflows may stand otherwise, and start those that have none; `found` has
    the case of each."""
    enqueue_each(connection, [(case, what.news(of)) for of, case in found.items()])


def put_on_record(connection: Connection, found: Mapping[str, str], done: str, now: datetime) -> None:
    """Put on record what was done to the workflows of some; people are asked to look at each, or at the first of
    many."""
    many = len(found) > FEW
    for of, case in list(found.items())[: 1 if many else FEW]:
        record_interference(connection, done, of, case, now, **({"workflows": len(found)} if many else {}))


def record_stranger(connection: Connection, workflow_id: str) -> None:
    """Put on record that a workflow was ended which is of nothing on record."""
    kept = workflow_id if OPAQUE.fullmatch(workflow_id) else None
    write(connection, Entry(SOMEBODY, "temporal start", kept), "refused")
