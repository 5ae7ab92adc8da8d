"""Acts on the schedule by which a cohort grows. Each is on record first; Temporal is made to follow the record."""

from __future__ import annotations

from collections.abc import Callable
from datetime import date

from operations.operation import Act, operation
from storage.case import intakes


@operation("schedule pause")
def pause_schedule(act: Act, name: str) -> None:
    """Take nobody else in until it is resumed; the cases of the cohort go on."""
    with act.engine.begin() as connection:
        intakes.pause_schedule(connection, name, act.by)


@operation("schedule resume")
def resume_schedule(act: Act, name: str) -> None:
    """Take people in again; whom the pause left out are taken in at the next run."""
    with act.engine.begin() as connection:
        intakes.pause_schedule(connection, name, None)


@operation("schedule delete")
def delete_schedule(act: Act, name: str) -> None:
    """Take nobody else in; the cohort and its cases go on."""
    with act.engine.begin() as connection:
        intakes.end_schedule(connection, name)


@operation("schedule backfill")
def backfill_schedule(act: Act, name: str, since: date, until: date, backfill: Callable[[], None]) -> None:
    """Make up for the runs of some days, first and last included; `backfill` has Temporal do it."""
    act.tell(since=since, until=until)
    with act.engine.connect() as connection:
        intakes.schedule_of(connection, name)
    backfill()
