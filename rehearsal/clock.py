"""The rehearsal's clock: it stands on a day until all of that day is done, however slow the machine, and is then moved.

So the same people do the same things on the same days on every run.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime
from decimal import Decimal

from sqlalchemy import Engine, text, update

from models.events import CommunicationChanged, DayBegan, Event, InstalmentsChanged
from models.law.calendar import Clock
from storage.outbox import enqueue, enqueue_each
from storage.schema import cohorts

HOURS_SECONDS = Decimal("0.001")
"""The hours of a day pass before anybody hears that it has begun: whatever is due on it is due at once."""

DUE_CASES = text("""
    SELECT id FROM cases
    WHERE cohort = ANY(:cohorts) AND closed_at IS NULL AND CAST(next_step->>'on' AS date) <= :day
""")

DUE_AGREEMENTS = text("""
    SELECT cases.id, agreements.id FROM agreements JOIN cases ON cases.id = agreements."case"
    WHERE cohort = ANY(:cohorts) AND agreements.closed_at IS NULL
      AND CAST(agreements.next_step->>'on' AS date) <= :day
""")

DUE_COMMUNICATIONS = text("""
    SELECT cases.id, communications.id FROM communications JOIN cases ON cases.id = communications."case"
    WHERE cohort = ANY(:cohorts) AND communications.closed_at IS NULL AND unpaid_since IS NULL AND asked_on <= :day
""")


def stepped_clock(day: date, timezone: str) -> Clock:
    """A clock on its first day."""
    now = datetime.now(UTC)
    return Clock(day_seconds=HOURS_SECONDS, origin_wall=now, origin_day=day, timezone=timezone, began=(now,))


@dataclass
class RehearsalClock:
    engine: Engine
    cohorts: Sequence[str]
    """The names of the cohorts that go by it."""
    clock: Clock

    @property
    def today(self) -> date:
        assert self.clock.ends is not None  # noqa: S101 - a clock that is moved stands on a day
        return self.clock.ends

    @property
    def began(self) -> datetime:
        """The wall instant at which today began."""
        return self.clock.began[-1]

    def move(self) -> None:
        """Move it to the next day, and tell whatever is due on it by the same transaction. Tried again after an
        OperationalError, it comes to the same day."""
        moved = self.clock.moved(datetime.now(UTC))
        with self.engine.begin() as connection:
            ours = cohorts.c.name.in_(self.cohorts)
            connection.execute(update(cohorts).where(ours).values(clock=moved.model_dump(mode="json")))
            due = {"cohorts": list(self.cohorts), "day": moved.ends}
            enqueue(connection, connection.scalars(DUE_CASES, due).all(), DayBegan(on=moved.ends))
            agreements = connection.execute(DUE_AGREEMENTS, due).tuples()
            told: list[tuple[str, Event]] = [(case, InstalmentsChanged(agreement=name)) for case, name in agreements]
            communications = connection.execute(DUE_COMMUNICATIONS, due).tuples()
            told += [(case, CommunicationChanged(communication=name)) for case, name in communications]
            enqueue_each(connection, told)
        self.clock = moved
