"""Cases by when the first of their outstanding debts prescribes: those that are near come first in every list."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from datetime import date, datetime
from decimal import Decimal
from typing import TypedDict, cast

from sqlalchemy import Connection, TextClause, bindparam, select, text
from sqlalchemy.dialects.postgresql import ARRAY, DATE
from sqlalchemy.types import Text

from models.case.status import Status
from models.law.calendar import Clock
from models.law.prescription import NEAR
from storage.case.prescription_events import moved_prescriptions
from storage.paging import WHOLE, Listing, Page, as_read, no_such_row
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

OUTSTANDING = "balance > 0 AND NOT EXISTS (SELECT FROM holds WHERE holds.debt = debts.id AND lifted_at IS NULL)"

FIRST = f"""
    CROSS JOIN LATERAL (
        SELECT min({DAY}) AS prescribes FROM debtors JOIN debts ON debts.id = debtors.debt {MOVED}
        WHERE cases.closed_at IS NULL AND debtors.taxpayer = cases.taxpayer AND debts.tax = cases.tax AND {OUTSTANDING}
    ) AS prescription
"""  # noqa: S608 - constants
"""Joins to `cases` the day its first outstanding debt prescribes, where known."""

PRESCRIPTION = f"{OF_COHORTS} {FIRST}"
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
    """The last day that is near, by cohort and of all, and the day of each debt that events have moved, as HORIZONS
    binds them."""

    cohorts: list[str]
    horizons: list[date]
    latest: date
    moved: list[str]
    days: list[date | None]


def horizons(connection: Connection, now: datetime, cohort: str | None = None) -> Horizons:
    """The last day that is near, on the clock of each cohort, or of that one, and the debts that events have moved."""
    query = select(cohorts.c.name, cohorts.c.clock)
    if cohort is not None:
        query = query.where(cohorts.c.name == cohort)
    days = {row.name: Clock.model_validate(row.clock).day_at(now) + NEAR for row in connection.execute(query)}
    latest = max(days.values(), default=date.max)
    moved = moved_prescriptions(connection, latest - NEAR)
    return {
        "cohorts": [*days],
        "horizons": [*days.values()],
        "latest": latest,
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


# What moves a prescription makes it later, or known: so the debts that the source says are near, and those whose
# prescription was moved to be near, are all there are. Neither asks for a case that isn't near.
NEAR_CASES = f"""
    SELECT cases.id, min(near_debts.day) AS prescribes
    FROM (SELECT debts.id, debts.tax, debts.prescribes AS day FROM debts {MOVED}
          WHERE debts.prescribes <= CAST(:latest AS date) AND moved.debt IS NULL AND {OUTSTANDING}
          UNION ALL
          SELECT debts.id, debts.tax, moved.day
          FROM unnest(CAST(:moved AS text[]), CAST(:days AS date[])) AS moved (debt, day)
          JOIN debts ON debts.id = moved.debt WHERE {OUTSTANDING}) AS near_debts
    JOIN debtors ON debtors.debt = near_debts.id
    JOIN cases ON cases.taxpayer = debtors.taxpayer AND cases.tax = near_debts.tax AND cases.closed_at IS NULL
    {OF_COHORTS} WHERE near_debts.day <= horizon.day
    GROUP BY cases.id
"""  # noqa: S608 - constants
"""The open cases that are near prescription, and the day of each."""

# each part is read along its own index, no further than the page
LISTED = with_horizons(f"""
    WITH near AS MATERIALIZED ({NEAR_CASES})
    SELECT "case", status, prescribes, near_prescription FROM (
        (SELECT cases.id AS "case", status, prescribes, true AS near_prescription, opened_at
         FROM near JOIN cases USING (id)
         WHERE (CAST(:status AS text) IS NULL OR status = :status)
           AND (prescribes, opened_at, id) > (CAST(:near_day AS date), CAST(:near_opened AS timestamptz), :near_case)
         ORDER BY prescribes, opened_at, id LIMIT :limit)
        UNION ALL
        (SELECT cases.id, status, prescribes, false, opened_at FROM cases {FIRST}
         WHERE cohort = :cohort AND (CAST(:status AS text) IS NULL OR status = :status)
           AND NOT EXISTS (SELECT FROM near WHERE near.id = cases.id)
           AND (opened_at, cases.id) > (CAST(:opened AS timestamptz), :after)
         ORDER BY opened_at, cases.id LIMIT :limit)
    ) AS listed
    ORDER BY near_prescription DESC, CASE WHEN near_prescription THEN prescribes END, opened_at, "case" LIMIT :limit
""")  # noqa: S608 - constants

PLACE = with_horizons(f"""
    SELECT opened_at, CASE WHEN prescribes <= horizon.day THEN prescribes END AS near_on FROM cases {PRESCRIPTION}
    WHERE cases.id = :after AND (CAST(:status AS text) IS NULL OR status = :status)
""")  # noqa: S608 - constants

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

HOW_MANY = with_horizons(f"SELECT count(*) FROM ({NEAR_CASES}) AS near")  # noqa: S608


def list_cases(
    connection: Connection, cohort: str, now: datetime, status: Status | None = None, page: Page = WHOLE
) -> Iterator[ListedCase]:
    """The cases of a cohort: near prescription first, then in the order they were opened. Raises Refusal when none of
    them is the cursor."""
    asked = {"cohort": cohort, "status": status, **horizons(connection, now, cohort)}
    bounds = {**_beyond(connection, page.after, asked), "limit": page.limit}
    for row in as_read(connection, LISTED, {**asked, **bounds}):
        yield cast(ListedCase, dict(row))


FIRST_OF_ALL, BEYOND_ALL = "-infinity", "infinity"


def _beyond(connection: Connection, after: str | None, asked: Mapping[str, object]) -> dict[str, object]:
    """The bounds behind which the cases near prescription, and the others, go on."""
    bounds: dict[str, object] = {
        "near_day": FIRST_OF_ALL,
        "near_opened": FIRST_OF_ALL,
        "near_case": "",
        "opened": FIRST_OF_ALL,
        "after": "",
    }
    if after is None:
        return bounds
    place = connection.execute(PLACE, {**asked, "after": after}).one_or_none()
    if place is None:
        raise no_such_row("case", after)
    if place.near_on:
        return {**bounds, "near_day": place.near_on, "near_opened": place.opened_at, "near_case": after}
    return {**bounds, "near_day": BEYOND_ALL, "opened": place.opened_at, "after": after}


def list_set_apart(
    connection: Connection, now: datetime, cohort: str | None = None, page: Page = WHOLE
) -> Iterator[SetApart]:
    """The debts of open cases that seem prescribed, the oldest first."""
    return SET_APART.rows(connection, page, {"near": NEAR.days, **horizons(connection, now, cohort)})


def count_near(connection: Connection, cohort: str, now: datetime) -> int:
    return int(connection.execute(HOW_MANY, {**horizons(connection, now, cohort)}).scalar_one())
