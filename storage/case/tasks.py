"""Tasks: what people have to do about a case, by a day."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from datetime import date, datetime
from typing import TypedDict

from sqlalchemy import Connection, Engine, func, select, text, update

from models.errors import Refusal
from models.law.calendar import Unit, Wait
from storage.case.cases import Case
from storage.case.prescription import HORIZONS, NEAR_FIRST, PRESCRIBES, PRESCRIPTION, horizons
from storage.paging import WHOLE, Listing, Page
from storage.schema import tasks

NEXT_WORKING_DAY = Wait(days=1, unit=Unit.BUSINESS)

OPENED = text("""
    INSERT INTO tasks ("case", kind, reference, what, due)
    SELECT :case, :kind, :reference, :what, :due
    WHERE NOT EXISTS (SELECT FROM tasks WHERE "case" = :case AND kind = :kind AND done_at IS NULL
                                          AND (kind <> 'request' OR reference = :reference))
    ON CONFLICT DO NOTHING
""")


def ask_people(connection: Connection, case: Case, kind: str, reference: str, what: str, today: date) -> None:
    """Ask people for something by the next working day. `case` is locked; what they still have to do is not asked of
    them again; each request of the taxpayer's is answered by itself."""
    due = case.frozen.calendar.after(today, NEXT_WORKING_DAY)
    asked = {"case": case.id, "kind": kind, "reference": reference, "what": what, "due": due}
    connection.execute(OPENED, asked)


class OpenTask(TypedDict):
    id: int
    case: str
    cohort: str
    kind: str
    what: str
    source: str | None
    due: date
    opened_at: datetime
    prescribes: date | None
    near_prescription: bool


TASKS = Listing[OpenTask](
    columns=f'tasks.id, tasks."case", cases.cohort, kind, what, tasks.source, due, tasks.opened_at, {PRESCRIBES}',
    tables=f"""tasks JOIN cases ON cases.id = tasks."case" {PRESCRIPTION}
        WHERE done_at IS NULL AND kind = coalesce(CAST(:kind AS text), kind)""",
    order=f"{NEAR_FIRST}, due, tasks.id",
    key="id",
    noun="task",
    binds=HORIZONS,
)


def open_tasks(
    connection: Connection, now: datetime, cohort: str | None = None, kind: str | None = None, page: Page = WHOLE
) -> Iterator[OpenTask]:
    """The tasks still to be done: for cases near prescription first, then the most urgent."""
    return TASKS.rows(connection, page, {"kind": kind, **horizons(connection, now, cohort)})


def finish(engine: Engine, task: int, by: str) -> None:
    """Finish a task. Raises Refusal when there is no such task, or when it was done before."""
    with engine.begin() as connection:
        asked = select(tasks.c.done_at, tasks.c.done_by).where(tasks.c.id == task).with_for_update()
        found = connection.execute(asked).one_or_none()
        if found is None:
            raise Refusal(f"there is no task {task}; `task list` shows what is to be done")
        if found.done_at is not None:
            raise Refusal(f"task {task} was done by {found.done_by} on {found.done_at:%Y-%m-%d} already")
        done = {"done_at": func.clock_timestamp(), "done_by": by}
        connection.execute(update(tasks).where(tasks.c.id == task).values(done))


def finish_of(connection: Connection, kind: str, references: Sequence[str], by: str) -> None:
    """Finish the tasks of that kind that these made due, in all cases."""
    about = (tasks.c.kind == kind) & tasks.c.reference.in_(references) & tasks.c.done_at.is_(None)
    done = {"done_at": func.clock_timestamp(), "done_by": by}
    connection.execute(update(tasks).where(about).values(done))
