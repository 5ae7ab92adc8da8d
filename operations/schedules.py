"""Acts on the schedule by which a cohort grows.

Each is carried out in Temporal by the function given: it takes a note to leave there, and returns whether there is
such a schedule.
"""

from __future__ import annotations

from collections.abc import Callable
from datetime import date

from models.errors import Refusal
from operations.operation import Act, operation
from storage.case.cohorts import read_cohort

CarryOut = Callable[[str], bool]


@operation("schedule pause")
def pause_schedule(act: Act, name: str, pause: CarryOut) -> None:
    """Take nobody else in until it is resumed; the cases of the cohort go on."""
    _must_be_there(act, name, pause(f"paused by {act.by}"))


@operation("schedule resume")
def resume_schedule(act: Act, name: str, resume: CarryOut) -> None:
    """Take people in again; whom the pause left out are taken in at the next run."""
    _must_be_there(act, name, resume(f"resumed by {act.by}"))


@operation("schedule delete")
def delete_schedule(act: Act, name: str, delete: CarryOut) -> None:
    """Take nobody else in; the cohort and its cases go on."""
    _must_be_there(act, name, delete(f"deleted by {act.by}"))


@operation("schedule backfill")
def backfill_schedule(act: Act, name: str, since: date, until: date, backfill: CarryOut) -> None:
    """Make up for the runs of some days, first and last included."""
    act.tell(since=since, until=until)
    _must_be_there(act, name, backfill(f"backfilled by {act.by}"))


def _must_be_there(act: Act, name: str, there: bool) -> None:
    """Check that a schedule is there. Raises Refusal: there is no such cohort, or it has no schedule."""
    if not there:
        with act.engine.connect() as connection:
            read_cohort(connection, name)
        raise Refusal(f"cohort {name} has no schedule; `schedule list` shows those that are there")
