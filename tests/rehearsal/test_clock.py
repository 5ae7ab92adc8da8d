"""Moving a rehearsal's clock is one transaction: the day, and the word to all who have something to do on it."""

from datetime import date, timedelta
from typing import Any
from uuid import uuid4

from sqlalchemy import Connection, Engine, insert, text

from models.case.state import CaseState
from models.ruler.check import read_ruler
from rehearsal.clock import RehearsalClock, standing_on
from storage import schema
from storage.case.cohorts import Cohort, Selection, create_cohort, pin_ruler, read_cohort
from storage.catalogue import RULERS
from tests.builders import REGISTERED

MONDAY = date(2026, 3, 2)
TUESDAY, WEDNESDAY = MONDAY + timedelta(days=1), MONDAY + timedelta(days=2)
CLOCK = standing_on(MONDAY, "America/Maceio")


def opened(engine: Engine, cohort: str) -> str:
    """The digest of the ruler that the cohort runs on."""
    source = RULERS.read(REGISTERED)[1]
    ruler = read_ruler(source).ruler
    assert ruler is not None
    with engine.begin() as connection:
        frozen = pin_ruler(connection, ruler, source, 2025)
    create_cohort(engine, Cohort(cohort, frozen, Selection(), CLOCK, "demo", rehearsal=True))
    return frozen.digest


def case(connection: Connection, cohort: str, ruler: str, due: date | None, **more: Any) -> str:
    person = {"key": uuid4().hex, "tax_id": "11222333000181", "name": "Padaria Exemplo", "is_company": True}
    who = connection.execute(insert(schema.taxpayers).values(person).returning(schema.taxpayers.c.id)).scalar_one()
    row = {
        "taxpayer": who,
        "tax": "IPTU",
        "cohort": cohort,
        "ruler": ruler,
        "state": CaseState.at_start(MONDAY).model_dump(mode="json"),
        "next_step": {"on": due.isoformat() if due else None},
    }
    return str(connection.execute(insert(schema.cases).values(row | more).returning(schema.cases.c.id)).scalar_one())


def test_those_who_are_due_are_told_and_nobody_else(engine: Engine) -> None:
    ruler = opened(engine, "cidade")
    opened(engine, "outra")
    with engine.begin() as connection:
        due = case(connection, "cidade", ruler, TUESDAY)
        overdue = case(connection, "cidade", ruler, MONDAY)
        case(connection, "cidade", ruler, WEDNESDAY)
        case(connection, "cidade", ruler, None)
        case(connection, "cidade", ruler, TUESDAY, closed_at=CLOCK.origin_wall)
        case(connection, "outra", ruler, TUESDAY)
    clock = RehearsalClock(engine, ["cidade"], CLOCK)
    clock.move()
    with engine.connect() as connection:
        told = connection.execute(text('SELECT "case", name, payload FROM outbox')).tuples().all()
        city, other = read_cohort(connection, "cidade"), read_cohort(connection, "outra")
    assert sorted(told) == sorted((who, "day_began", {"on": "2026-03-03"}) for who in (due, overdue))
    assert clock.today == TUESDAY
    assert city.clock == clock.clock
    assert other.clock == CLOCK
