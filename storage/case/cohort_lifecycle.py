"""The lifecycle of cohorts: one is paused, resumed or cancelled, and from the commit on no case transaction of any of
its cases does otherwise.

The news follows to each case that has yet to hear it, so that its timers stop or run on.
"""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import Engine, text, update

from models.case.cohort_state import State
from models.errors import Refusal
from models.events import CohortStateChanged
from storage.case.cohorts import read_cohort
from storage.case.resumed import look_again
from storage.outbox import CHANNEL
from storage.schema import cohorts

# alone: the case transactions under way end first, those that come wait (storage.case.cases.STEADY)
ALONE = text("SELECT pg_advisory_xact_lock(hashtextextended(:cohort, 0))")

HEARD = """blocks @> '[{"kind": "paused", "whole_cohort": true}]'"""

YET_TO_HEAR = {
    State.PAUSED: f"status NOT IN ('control', 'referred') AND NOT {HEARD}",
    State.RUNNING: HEARD,
    State.CANCELLED: "status <> 'control'",
}

OWE_EACH = """
    INSERT INTO outbox ("case", name, payload)
    SELECT id, :signal, '{{}}' FROM cases WHERE cohort = :cohort AND closed_at IS NULL AND {}
    ORDER BY id
"""

# what was said before and not yet heard; the relay delivers those that are locked
NOT_YET_HEARD = text("""
    DELETE FROM outbox WHERE id IN (
        SELECT outbox.id FROM outbox JOIN cases ON cases.id = outbox."case"
        WHERE name = :signal AND delivered_at IS NULL AND cohort = :cohort
        FOR UPDATE OF outbox SKIP LOCKED)
""")

# nobody runs them, so nobody would close them
CLOSE_CONTROL = text("""
    UPDATE cases SET closed_at = clock_timestamp() WHERE cohort = :cohort AND status = 'control' AND closed_at IS NULL
""")


def change_cohort_state(engine: Engine, cohort: str, to: State, by: str, reason: str, now: datetime) -> int:
    """Pause, resume or cancel a cohort; gives how many cases are still to hear of it. Said twice it is true once.
    Raises Refusal when there is no such cohort, or when it is cancelled already."""
    with engine.begin() as connection:
        connection.execute(ALONE, {"cohort": cohort})
        known = read_cohort(connection, cohort)
        if known.lifecycle.state is State.CANCELLED and to is not State.CANCELLED:
            raise Refusal(f"cohort {cohort} was cancelled by {known.lifecycle.by}, which is for good")
        if known.lifecycle.state is not to:
            said = {"lifecycle": to, "lifecycle_set_by": by, "lifecycle_reason": reason}
            on = known.clock.day_at(now)
            mine = cohorts.c.name == cohort
            connection.execute(update(cohorts).where(mine).values(**said, lifecycle_since=on))
        if to is State.RUNNING:
            look_again(connection, cohort=cohort)
        if to is State.CANCELLED:
            connection.execute(CLOSE_CONTROL, {"cohort": cohort})
        asked = {"cohort": cohort, "signal": CohortStateChanged.signal()}
        # before the new ones are written, which would else go with them
        connection.execute(NOT_YET_HEARD, asked)
        owed = connection.execute(text(OWE_EACH.format(YET_TO_HEAR[to])), asked).rowcount
        if owed:
            connection.execute(text(f"NOTIFY {CHANNEL}"))
    return owed
