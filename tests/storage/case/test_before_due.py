"""Which due dates and deadlines a case is to be told of."""

from collections.abc import Iterator
from datetime import date
from decimal import Decimal
from typing import Any

import pytest
from sqlalchemy import Connection, Engine, insert, text

from models.case.selection import Selection
from models.law.calendar import Clock
from models.ruler.check import read_ruler
from storage.case.before_due import ask_before_due, falls_due
from storage.case.cases import read_case
from storage.case.cohorts import Cohort, create_cohort, pin_ruler
from storage.catalogue import RULERS
from storage.schema import filings
from tests import factories
from tests.agreement_world import at
from tests.builders import ICMS, REGISTERED

TODAY, DEADLINE = date(2026, 11, 3), date(2026, 11, 20)


@pytest.fixture(params=[ICMS])
def told(engine: Engine, request: pytest.FixtureRequest) -> Iterator[tuple[Connection, str, int]]:
    """An open case of a ruler that has `before_due`."""
    source = RULERS.read(request.param)[1] + "\nbefore_due: {days: 10}\n"
    ruler = read_ruler(source).ruler
    assert ruler
    with engine.begin() as connection:
        frozen = pin_ruler(connection, ruler, source, 2025)
    clock = Clock(day_seconds=Decimal(86_400), origin_wall=at(TODAY), origin_day=TODAY, timezone="America/Maceio")
    create_cohort(engine, Cohort("icms", frozen, Selection(), clock, "ana"))
    with engine.begin() as connection:
        who = factories.taxpayer(connection)
        yield connection, factories.case(connection, who, "icms", TODAY, tax="ICMS"), who


def expect(connection: Connection, who: int, **more: Any) -> None:
    row = {"taxpayer": who, "tax": "ICMS", "period": "2026-10", "due": DEADLINE, "status": "missing"}
    connection.execute(insert(filings).values({**row, **more}))


def asked(connection: Connection, case: str) -> list[tuple[Any, ...]]:
    ask_before_due(connection, [read_case(connection, case)], TODAY)
    return [tuple(row) for row in connection.execute(text("SELECT due, asked_on FROM communications ORDER BY due"))]


def test_a_return_that_is_not_filed_is_told_of_before_its_deadline(told: tuple[Connection, str, int]) -> None:
    connection, case, who = told
    expect(connection, who)
    assert asked(connection, case) == [(DEADLINE, date(2026, 11, 10))]
    assert falls_due(connection, read_case(connection, case), DEADLINE, TODAY) == {"return"}


def test_a_debt_and_a_return_of_one_day_are_one_notice(told: tuple[Connection, str, int]) -> None:
    connection, case, who = told
    expect(connection, who)
    factories.debt(connection, who, tax="ICMS", due=DEADLINE)
    assert len(asked(connection, case)) == 1
    assert falls_due(connection, read_case(connection, case), DEADLINE, TODAY) == {"debt", "return"}


@pytest.mark.parametrize(
    "more", [{"status": "filed"}, {"status": "not_required"}, {"tax": "IPVA"}, {"due": date(2026, 11, 2)}]
)
def test_what_is_filed_or_not_wanted_or_of_another_tax_or_past_is_not(
    told: tuple[Connection, str, int], more: dict[str, Any]
) -> None:
    connection, case, who = told
    expect(connection, who, **more)
    assert asked(connection, case) == []


@pytest.mark.parametrize("told", [REGISTERED], indirect=True)
def test_a_ruler_that_reads_no_returns_tells_of_none(told: tuple[Connection, str, int]) -> None:
    connection, case, who = told
    expect(connection, who)
    assert asked(connection, case) == []
