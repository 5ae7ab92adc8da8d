"""The shift of the call centre: played once, on the first day on which anybody may be called, where there is one."""

from datetime import date, timedelta
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import Engine, text

from rehearsal.bank import Bank
from rehearsal.census import Census
from rehearsal.city import Person, city
from rehearsal.people import Townspeople
from rehearsal.shift import SMALLEST, Shift
from tests import factories
from tests.rehearsal.cases import MONDAY, opened

COHORT, CALLED = "iptu", 9
PLACE = '{"where": "on_row", "kind": "assessed", "row": "h1"}'


@pytest.fixture
def people() -> tuple[Person, ...]:
    return city(1, MONDAY, SMALLEST)


def shift(engine: Engine, folder: Path, people: tuple[Person, ...]) -> Shift:
    """A city in which nine owe R$ 1,000 each."""
    opened(engine, COHORT)
    with engine.begin() as connection:
        for person in people[:CALLED]:
            who = factories.taxpayer(connection, tax_id=person.tax_id, phone=person.phone)
            factories.debt(connection, who, due=date(2026, 2, 10))
            factories.case(connection, who, COHORT, MONDAY)
        connection.execute(
            text("""UPDATE cases SET status = 'running', owed = 1000,
                    state = jsonb_set(state, '{place}', CAST(:place AS jsonb))"""),
            {"place": PLACE},
        )
    townspeople = Townspeople(engine, Census(engine, folder), Bank(engine, folder, ""), 1, people)
    return Shift(engine, townspeople, MONDAY)


def rows(engine: Engine, query: str) -> list[tuple[Any, ...]]:
    with engine.connect() as connection:
        return [tuple(row) for row in connection.execute(text(query))]


def test_a_shift_is_played_once_and_a_third_of_its_calls_are_promises(
    engine: Engine, tmp_path: Path, people: tuple[Person, ...]
) -> None:
    played = shift(engine, tmp_path, people)
    assert not played.live(MONDAY - timedelta(days=1))
    assert played.live(MONDAY)
    assert not played.live(MONDAY)
    outcomes: dict[str, int] = dict(rows(engine, "SELECT outcome, count(*) FROM calls GROUP BY outcome"))
    assert sum(outcomes.values()) == CALLED
    assert outcomes["promise"] == 3
    assert rows(engine, "SELECT DISTINCT state, amount, promised_for - made_on FROM promises") == [("open", 1000, 2)]
    assert rows(engine, "SELECT count(*) FROM calls WHERE ended_at IS NULL") == [(0,)]


def test_a_village_has_no_call_centre(engine: Engine, tmp_path: Path, people: tuple[Person, ...]) -> None:
    assert not shift(engine, tmp_path, people[: SMALLEST - 1]).live(MONDAY)
    assert rows(engine, "SELECT count(*) FROM calls") == [(0,)]
