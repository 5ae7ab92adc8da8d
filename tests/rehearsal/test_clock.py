"""Moving a rehearsal's clock is one transaction: the day, and the word to all who have something to do on it."""

from datetime import timedelta

from sqlalchemy import Engine, text

from rehearsal.clock import RehearsalClock
from storage.case.cohorts import read_cohort
from tests.rehearsal.cases import CLOCK, MONDAY, case, opened

TUESDAY, WEDNESDAY = MONDAY + timedelta(days=1), MONDAY + timedelta(days=2)


def test_those_who_are_due_are_told_and_nobody_else(engine: Engine) -> None:
    opened(engine, "cidade")
    opened(engine, "outra")
    with engine.begin() as connection:
        due = case(connection, "cidade", TUESDAY)
        overdue = case(connection, "cidade", MONDAY)
        case(connection, "cidade", WEDNESDAY)
        case(connection, "cidade", None)
        case(connection, "cidade", TUESDAY, closed_at=CLOCK.origin_wall)
        case(connection, "outra", TUESDAY)
    clock = RehearsalClock(engine, ["cidade"], CLOCK)
    clock.move()
    with engine.connect() as connection:
        told = connection.execute(text('SELECT "case", name, payload FROM outbox')).tuples().all()
        city, other = read_cohort(connection, "cidade"), read_cohort(connection, "outra")
    assert sorted(told) == sorted((who, "day_began", {"on": "2026-03-03"}) for who in (due, overdue))
    assert clock.today == TUESDAY
    assert city.clock == clock.clock
    assert other.clock == CLOCK
