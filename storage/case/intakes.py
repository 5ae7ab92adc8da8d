"""Intakes: the acts by which a cohort takes people in, by a start once, or at the times of a schedule.

They are on record until they are over, so that whatever Temporal loses of them can be made again.
"""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import ColumnElement, Connection, func, select, update
from sqlalchemy.dialects.postgresql import insert

from models.errors import Refusal
from storage.case.cohorts import read_cohort
from storage.schema import cases, cohorts, intakes, rulers
from storage.statistics import take_statistics


@dataclass(frozen=True)
class OpenIntake:
    """An intake that is not over."""

    cohort: str
    ruler: str
    """Its label."""
    rate: float
    """Cases started a second at most."""
    cron: str | None
    """None: a start."""
    timezone: str
    """In which the times of the cron are meant."""
    paused_by: str | None
    changed_at: datetime
    made_at: datetime | None
    """When Temporal made the schedule, as it says itself."""


def begin_start(connection: Connection, cohort: str, rate: float, by: str) -> None:
    """Put on record that a cohort takes people in; a start that goes on already goes on."""
    asked = {"cohort": cohort, "rate": rate, "asked_by": by}
    connection.execute(insert(intakes).values(asked).on_conflict_do_nothing())


def begin_schedule(connection: Connection, cohort: str, rate: float, by: str, cron: str, made_at: datetime) -> None:
    """Put on record that a cohort takes people in at the times of `cron`, by the schedule that Temporal made at that
    moment. Raises Refusal: it has a schedule."""
    must_have_no_schedule(connection, cohort)
    connection.execute(insert(intakes).values(cohort=cohort, rate=rate, asked_by=by, cron=cron, made_at=made_at))


def schedule_made(connection: Connection, cohort: str, made_at: datetime) -> None:
    """Put on record that Temporal made a cohort's schedule again."""
    of_schedule = (*_open(cohort), intakes.c.cron.is_not(None))
    connection.execute(update(intakes).where(*of_schedule).values(made_at=made_at))


def must_have_no_schedule(connection: Connection, cohort: str) -> None:
    if any(intake.cohort == cohort and intake.cron is not None for intake in open_intakes(connection)):
        raise Refusal(f"cohort {cohort} has a schedule already; delete it first with `schedule delete {cohort}`")


def open_intakes(connection: Connection) -> list[OpenIntake]:
    columns = (
        intakes.c.cohort,
        rulers.c.label.label("ruler"),
        intakes.c.rate,
        intakes.c.cron,
        cohorts.c.clock["timezone"].astext.label("timezone"),
        intakes.c.paused_by,
        intakes.c.changed_at,
        intakes.c.made_at,
    )
    asked = (
        select(*columns)
        .select_from(intakes.join(cohorts).join(rulers, rulers.c.digest == cohorts.c.ruler))
        .where(intakes.c.ended_at.is_(None))
        .order_by(intakes.c.id)
    )
    return [OpenIntake(**row) for row in connection.execute(asked).mappings()]


def schedule_of(connection: Connection, cohort: str) -> OpenIntake:
    """The schedule by which a cohort grows. Raises Refusal: there is no such cohort, or it has no schedule."""
    for intake in open_intakes(connection):
        if intake.cohort == cohort and intake.cron is not None:
            return intake
    read_cohort(connection, cohort)
    raise Refusal(f"cohort {cohort} has no schedule; `schedule list` shows those that are there")


def end_start(connection: Connection, cohort: str) -> None:
    """Put on record that all are in whom a start was to take in."""
    connection.execute(update(intakes).where(*_open(cohort), intakes.c.cron.is_(None)).values(ended_at=NOW))
    taken_in = connection.scalar(select(func.count()).where(cases.c.cohort == cohort)) or 0
    take_statistics(connection, ("cases", "decisions"), taken_in)


def pause_schedule(connection: Connection, cohort: str, by: str | None) -> None:
    """Pause a schedule, or let it go on where nobody pauses it. Raises Refusal as `schedule_of`."""
    schedule_of(connection, cohort)
    changed = {"paused_by": by, "changed_at": NOW}
    connection.execute(update(intakes).where(*_open(cohort), intakes.c.cron.is_not(None)).values(changed))


def end_schedule(connection: Connection, cohort: str) -> None:
    """Raises Refusal as `schedule_of`."""
    schedule_of(connection, cohort)
    connection.execute(update(intakes).where(*_open(cohort), intakes.c.cron.is_not(None)).values(ended_at=NOW))


def ever_scheduled(connection: Connection, named: Collection[str]) -> set[str]:
    """The cohorts of those named that have, or had, a schedule."""
    asked = select(intakes.c.cohort).where(intakes.c.cohort.in_(named), intakes.c.cron.is_not(None))
    return set(connection.scalars(asked))


NOW = func.clock_timestamp()


def _open(cohort: str) -> tuple[ColumnElement[bool], ...]:
    return intakes.c.cohort == cohort, intakes.c.ended_at.is_(None)
