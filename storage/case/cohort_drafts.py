"""Drafts of cohorts on record: their fields, and the check of each, which one process at a time carries out."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from typing import Any, TypedDict

from sqlalchemy import Connection, func, insert, null, select, text, update

from models.errors import Refusal
from storage.rows import typed_rows
from storage.schema import cohort_drafts
from storage.schema.base import NOW

Fields = Mapping[str, str]

MOST = 50
"""Drafts that are listed."""

LEASED = text("interval '2 minutes'")
"""For which a process that says how far it is has the check alone."""


class Draft(TypedDict):
    id: int
    made_by: str
    fields: dict[str, str]
    changed_at: datetime
    check_asked_at: datetime | None
    seen: int
    named: int | None
    found: dict[str, Any] | None
    failure: str | None
    checked_at: datetime | None
    started_as: str | None


COLUMNS = [cohort_drafts.c[name] for name in Draft.__annotations__]
OPEN = cohort_drafts.c.started_as.is_(None) & cohort_drafts.c.dropped_at.is_(None)
UNCHECKED = {
    "check_asked_at": null(), "leased_until": null(), "seen": 0, "named": null(), "found": null(), "failure": null(),
    "checked_at": null(),
}  # fmt: skip


def list_drafts(connection: Connection) -> list[Draft]:
    """The drafts that are not over, the newest change first."""
    asked = select(*COLUMNS).where(OPEN).order_by(cohort_drafts.c.changed_at.desc()).limit(MOST)
    return typed_rows(Draft, connection.execute(asked).mappings())


def read_draft(connection: Connection, draft: int) -> Draft:
    """Raises Refusal when there is no such draft, or it is over."""
    asked = select(*COLUMNS).where(cohort_drafts.c.id == draft, OPEN)
    for found in typed_rows(Draft, connection.execute(asked).mappings()):
        return found
    raise Refusal(f"there is no draft {draft}, or it was started or dropped")


def make_draft(connection: Connection, fields: Fields, by: str) -> int:
    made = insert(cohort_drafts).values(fields=dict(fields), made_by=by).returning(cohort_drafts.c.id)
    return int(connection.execute(made).scalar_one())


def change_draft(connection: Connection, draft: int, fields: Fields) -> None:
    """Other fields; what was checked of the former ones is gone. Raises Refusal as `read_draft`."""
    _change(connection, draft, {"fields": dict(fields), "changed_at": NOW, **UNCHECKED})


def ask_check(connection: Connection, draft: int) -> None:
    """Raises Refusal as `read_draft`."""
    _change(connection, draft, {**UNCHECKED, "check_asked_at": NOW})


def end_draft(connection: Connection, draft: int, started_as: str | None = None) -> None:
    """Started as that cohort, else dropped. Raises Refusal as `read_draft`."""
    _change(connection, draft, {"started_as": started_as} if started_as else {"dropped_at": NOW})


def _change(connection: Connection, draft: int, values: Mapping[str, Any]) -> None:
    if not connection.execute(update(cohort_drafts).where(cohort_drafts.c.id == draft, OPEN).values(values)).rowcount:
        read_draft(connection, draft)


# ---- the check


def take_check(connection: Connection) -> Draft | None:
    """The check that waits longest and that nobody has, for this process alone; none: there is no such check."""
    free = cohort_drafts.c.leased_until.is_(None) | (cohort_drafts.c.leased_until < NOW)
    waits = OPEN & cohort_drafts.c.check_asked_at.is_not(None) & cohort_drafts.c.checked_at.is_(None) & free
    mine = (
        select(cohort_drafts.c.id).where(waits).order_by(cohort_drafts.c.check_asked_at).limit(1)
        .with_for_update(skip_locked=True)
    ).scalar_subquery()  # fmt: skip
    leased = func.clock_timestamp() + LEASED
    taken = update(cohort_drafts).where(cohort_drafts.c.id == mine).values(leased_until=leased).returning(*COLUMNS)
    return next(iter(typed_rows(Draft, connection.execute(taken).mappings())), None)


def tell_progress(connection: Connection, draft: Draft, seen: int, named: int) -> None:
    """How far the check is; who tells keeps it."""
    told = {"seen": seen, "named": named, "leased_until": func.clock_timestamp() + LEASED}
    connection.execute(update(cohort_drafts).where(*_as_asked(draft)).values(told))


def end_check(connection: Connection, draft: Draft, found: Any, failure: str | None) -> None:
    """Keep what the check found, unless the draft has changed since it was asked for."""
    ended = {"found": found if found is not None else null(), "failure": failure, "checked_at": NOW}
    connection.execute(update(cohort_drafts).where(*_as_asked(draft)).values(ended))


def _as_asked(draft: Draft) -> tuple[Any, ...]:
    return cohort_drafts.c.id == draft["id"], cohort_drafts.c.check_asked_at == draft["check_asked_at"]
