"""Cases by when the first of their outstanding debts prescribes: those that are near come first in every list."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date, datetime
from decimal import Decimal
from typing import TypedDict

from sqlalchemy import Connection, TextClause, bindparam, select, text
from sqlalchemy.dialects.postgresql import ARRAY, DATE
from sqlalchemy.types import Text

from models.case.status import Status
from models.law.calendar import Clock
from models.law.prescription import NEAR
from storage.case.prescription_events import moved_prescriptions
from storage.paging import WHOLE, Listing, Page
from storage.schema import cohorts

OF_COHORTS = """
    JOIN unnest(CAST(:cohorts AS text[]), CAST(:horizons AS date[])) AS horizon (of_cohort, day)
      ON horizon.of_cohort = cases.cohort
"""

MOVED = """
    LEFT JOIN unnest(CAST(:moved AS text[]), CAST(:days AS date[])) AS moved (debt, day) ON moved.debt = debts.id
"""

DAY = "CASE WHEN moved.debt IS NULL THEN debts.prescribes ELSE moved.day END"
"""The day from which a debt is prescribed; none: nobody knows, or people have said that it isn't."""

PRESCRIPTION = f"""
    {OF_COHORTS}
    CROSS JOIN LATERAL (
        SELECT min({DAY}) AS prescribes FROM debtors JOIN debts ON debts.id = debtors.debt {MOVED}
        WHERE cases.closed_at IS NULL AND debtors.taxpayer = cases.taxpayer AND debts.tax = cases.tax AND balance > 0
          AND NOT EXISTS (SELECT FROM holds WHERE holds.debt = debts.id AND lifted_at IS NULL)
    ) AS prescription
"""  # noqa: S608 - constants
"""Joins to `cases` the day its first outstanding debt prescribes, where known, and the last day that is near."""

NEAR_FIRST = "CASE WHEN prescribes <= horizon.day THEN prescribes END"
"""The order of a list: the oldest prescription first, and nothing said of those that are not near."""

PRESCRIBES = "prescribes, coalesce(prescribes <= horizon.day, false) AS near_prescription"


HORIZONS = tuple(
    bindparam(name, type_=ARRAY(of))
    for name, of in (("cohorts", Text), ("horizons", DATE), ("moved", Text), ("days", DATE))
)


def with_horizons(sql: str) -> TextClause:
    """A query with PRESCRIPTION in it; `horizons` gives it the days."""
    return text(sql).bindparams(*HORIZONS)


class Horizons(TypedDict):
    """The last day that is near, by cohort, and the day of each debt whose prescription has moved, as HORIZONS binds
    them."""

    cohorts: list[str]
    horizons: list[date]
    moved: list[str]
    days: list[date | None]


def horizons(connection: Connection, now: datetime, cohort: str | None = None) -> Horizons:
    """The last day that is near, on the clock of each cohort, or of that one, and the debts that events have moved."""
    query = select(cohorts.c.name, cohorts.c.clock)
    if cohort is not None:
        query = query.where(cohorts.c.name == cohort)
    days = {row.name: Clock.model_validate(row.clock).day_at(now) + NEAR for row in connection.execute(query)}
    moved = moved_prescriptions(connection, max(days.values(), default=date.max) - NEAR)
    return {
        "cohorts": [*days],
        "horizons": [*days.values()],
        "moved": [*moved],
        "days": [None if each.refuted else each.on for each in moved.values()],
    }


class ListedCase(TypedDict):
    case: str
    status: str
    prescribes: date | None
    near_prescription: bool


class SetApart(TypedDict):
    """A debt that seems prescribed: nobody is asked for it any more, until people have said whether it is."""

    case: str
    cohort: str
    debt: str
    inscription: str
    balance: Decimal
    prescribes: date


CASES = Listing[ListedCase](
    columns=f'cases.id AS "case", status, {PRESCRIBES}',
    tables=f"cases {PRESCRIPTION} WHERE CAST(:status AS text) IS NULL OR status = :status",
    order=f"{NEAR_FIRST}, opened_at, cases.id",
    key='"case"',
    noun="case",
    binds=HORIZONS,
)

SET_APART = Listing[SetApart](
    columns="""cases.id AS "case", cases.cohort, debts.id AS debt, inscription, balance, apart.day AS prescribes""",
    tables=f"""cases {OF_COHORTS} JOIN debtors ON debtors.taxpayer = cases.taxpayer
        JOIN debts ON debts.id = debtors.debt AND debts.tax = cases.tax {MOVED}
        CROSS JOIN LATERAL (SELECT {DAY} AS day) AS apart
        WHERE cases.closed_at IS NULL AND balance > 0 AND apart.day <= horizon.day - CAST(:near AS integer)""",
    order="apart.day, cases.id, debts.id",
    key="debt",
    noun="debt",
    binds=HORIZONS,
)

HOW_MANY = with_horizons(f"SELECT count(*) FROM cases {PRESCRIPTION} WHERE prescribes <= horizon.day")  # noqa: S608


def list_cases(
    connection: Connection, cohort: str, now: datetime, status: Status | None = None, page: Page = WHOLE
) -> Iterator[ListedCase]:
    """The cases of a cohort: near prescription first, then in the order they were opened."""
    return CASES.rows(connection, page, {"status": status, **horizons(connection, now, cohort)})


def list_set_apart(
    connection: Connection, now: datetime, cohort: str | None = None, page: Page = WHOLE
) -> Iterator[SetApart]:
    """The debts of open cases that seem prescribed, the oldest first."""
    return SET_APART.rows(connection, page, {"near": NEAR.days, **horizons(connection, now, cohort)})


def count_near(connection: Connection, cohort: str, now: datetime) -> int:
    return int(connection.execute(HOW_MANY, {**horizons(connection, now, cohort)}).scalar_one())
