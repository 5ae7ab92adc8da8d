"""Cases by when the first of their outstanding debts prescribes: those that are near come first in every list."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date, datetime
from typing import TypedDict

from sqlalchemy import Connection, TextClause, bindparam, select, text
from sqlalchemy.dialects.postgresql import ARRAY, DATE
from sqlalchemy.types import Text

from models.case.status import Status
from models.law.calendar import Clock
from models.law.prescription import NEAR
from storage.paging import WHOLE, Listing, Page
from storage.schema import cohorts

PRESCRIPTION = """
    JOIN unnest(CAST(:cohorts AS text[]), CAST(:horizons AS date[])) AS horizon (of_cohort, day)
      ON horizon.of_cohort = cases.cohort
    CROSS JOIN LATERAL (
        SELECT min(debts.prescribes) AS prescribes FROM debtors JOIN debts ON debts.id = debtors.debt
        WHERE cases.closed_at IS NULL AND debtors.taxpayer = cases.taxpayer AND debts.tax = cases.tax AND balance > 0
          AND NOT EXISTS (SELECT FROM holds WHERE holds.debt = debts.id AND lifted_at IS NULL)
    ) AS prescription
"""
"""Joins to `cases` the day its first outstanding debt prescribes, where known, and the last day that is near."""

NEAR_FIRST = "CASE WHEN prescribes <= horizon.day THEN prescribes END"
"""The order of a list: the oldest prescription first, and nothing said of those that are not near."""

PRESCRIBES = "prescribes, coalesce(prescribes <= horizon.day, false) AS near_prescription"


HORIZONS = (bindparam("cohorts", type_=ARRAY(Text)), bindparam("horizons", type_=ARRAY(DATE)))


def with_horizons(sql: str) -> TextClause:
    """A query with PRESCRIPTION in it; `horizons` gives it the days."""
    return text(sql).bindparams(*HORIZONS)


class Horizons(TypedDict):
    """The last day that is near, by cohort, as HORIZONS binds them."""

    cohorts: list[str]
    horizons: list[date]


def horizons(connection: Connection, now: datetime, cohort: str | None = None) -> Horizons:
    """The last day that is near, on the clock of each cohort, or of that one."""
    query = select(cohorts.c.name, cohorts.c.clock)
    if cohort is not None:
        query = query.where(cohorts.c.name == cohort)
    days = {row.name: Clock.model_validate(row.clock).day_at(now) + NEAR for row in connection.execute(query)}
    return {"cohorts": [*days], "horizons": [*days.values()]}


class ListedCase(TypedDict):
    case: str
    status: str
    prescribes: date | None
    near_prescription: bool


CASES = Listing[ListedCase](
    columns=f'cases.id AS "case", status, {PRESCRIBES}',
    tables=f"cases {PRESCRIPTION} WHERE CAST(:status AS text) IS NULL OR status = :status",
    order=f"{NEAR_FIRST}, opened_at, cases.id",
    key='"case"',
    noun="case",
    binds=HORIZONS,
)

HOW_MANY = with_horizons(f"SELECT count(*) FROM cases {PRESCRIPTION} WHERE prescribes <= horizon.day")  # noqa: S608


def list_cases(
    connection: Connection, cohort: str, now: datetime, status: Status | None = None, page: Page = WHOLE
) -> Iterator[ListedCase]:
    """The cases of a cohort: near prescription first, then in the order they were opened."""
    return CASES.rows(connection, page, {"status": status, **horizons(connection, now, cohort)})


def count_near(connection: Connection, cohort: str, now: datetime) -> int:
    return int(connection.execute(HOW_MANY, {**horizons(connection, now, cohort)}).scalar_one())
