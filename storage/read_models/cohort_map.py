"""A cohort's map as it is now: the open cases and their money on each cell, how fast it starts and sends, and the cases
themselves, by cell, status or arm."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace
from datetime import date, datetime
from decimal import Decimal
from typing import TypedDict

from sqlalchemy import Connection, text

from models.case.status import Status
from models.proof.holdout import Arm
from models.ruler.schema import Ruler, Stage
from models.taxid import mask
from storage.case.cases import frozen_ruler
from storage.case.cohorts import read_cohort
from storage.paging import Listing, Page
from storage.rows import typed_rows

BEFORE = -1
"""The rung of a case that is on its row and has had no rung of it yet."""

PLACES = text("""
    SELECT ruler, state -> 'place' ->> 'row' AS hypothesis,
           coalesce(CAST(state -> 'place' ->> 'rung' AS integer), -1) AS rung, status, arm, closed_at IS NULL AS open,
           count(*) AS cases, sum(owed) AS owed, count(*) FILTER (WHERE opened_at > now() - interval '1 minute') AS new
    FROM cases WHERE cohort = :cohort GROUP BY 1, 2, 3, 4, 5, 6
""")
"""One look at each case, since a cohort may have many."""

SENT = text("""
    SELECT count(*) FROM notices JOIN cases ON cases.id = notices."case"
    WHERE claimed_at > now() - interval '1 minute' AND cohort = :cohort
""")


class Heap(TypedDict):
    """Open cases that stand together, and what they owed when they were opened."""

    cases: int
    owed: Decimal


class MapCell(Heap):
    stage: Stage | None
    """None: on the row, before its first rung."""
    rung: int
    rigidity: int
    """0 before the first rung."""
    formal: bool


class MapRow(TypedDict):
    hypothesis: str
    name: str
    cells: list[MapCell | None]
    """One a stage, in the order of the stages, and one before them; none: the ruler has no such rung."""


class CohortMap(TypedDict):
    """The map of one ruler by which cases of the cohort go."""

    ruler: str
    digest: str
    rows: list[MapRow]
    off_map: Heap
    """The cases that no row has taken in."""


class ArmCount(TypedDict):
    arm: str
    cases: int
    open: int
    resolved: int
    owed: Decimal


class CohortNow(TypedDict):
    """A cohort's cases as they stand."""

    cases: int
    open: int
    started: int
    sent: int
    """Cases and notices of the last minute."""
    statuses: dict[str, int]
    """In the order of `models.case.status`."""
    maps: list[CohortMap]
    """For each ruler that open cases go by, its own first, also where nobody stands on it."""
    arms: list[ArmCount]
    """None where nobody is drawn."""


class _Place(Heap):
    ruler: str
    hypothesis: str | None
    rung: int
    status: str
    arm: str | None
    open: bool
    new: int


def cohort_now(connection: Connection, cohort: str) -> CohortNow:
    """Read how a cohort's cases stand. Raises Refusal when there is no such cohort."""
    own = read_cohort(connection, cohort).frozen.digest
    places = typed_rows(_Place, connection.execute(PLACES, {"cohort": cohort}).mappings())
    statuses, open_ones = Counter[str](), [each for each in places if each["open"]]
    for each in places:
        statuses[each["status"]] += each["cases"]
    return {
        "cases": statuses.total(),
        "open": sum(each["cases"] for each in open_ones),
        "started": sum(each["new"] for each in places),
        "sent": int(connection.execute(SENT, {"cohort": cohort}).scalar_one()),
        "statuses": {status: statuses[status] for status in Status if status in statuses},
        "maps": [
            _map(
                frozen_ruler(connection, digest).ruler, digest, [each for each in open_ones if each["ruler"] == digest]
            )
            for digest in dict.fromkeys([own, *(each["ruler"] for each in open_ones)])
        ],
        "arms": [_arm(arm, found) for arm in Arm if (found := [each for each in places if each["arm"] == arm])],
    }


def _arm(arm: Arm, places: Sequence[_Place]) -> ArmCount:
    return {
        "arm": arm,
        "cases": sum(each["cases"] for each in places),
        "open": sum(each["cases"] for each in places if each["open"]),
        "resolved": sum(each["cases"] for each in places if each["status"] == Status.RESOLVED),
        "owed": sum((each["owed"] for each in places), Decimal(0)),
    }


def _map(ruler: Ruler, digest: str, places: Sequence[_Place]) -> CohortMap:
    def heap(hypothesis: str | None, rung: int) -> Heap:
        here = [each for each in places if (each["hypothesis"], each["rung"]) == (hypothesis, rung)]
        return {
            "cases": sum(each["cases"] for each in here),
            "owed": sum((each["owed"] for each in here), Decimal(0)),
        }

    rows: list[MapRow] = []
    for name, row in ruler.rows.items():
        first: MapCell = {"stage": None, "rung": BEFORE, "rigidity": 0, "formal": False, **heap(name, BEFORE)}
        here: dict[Stage, MapCell] = {
            rung.stage: {
                "stage": rung.stage,
                "rung": nth,
                "rigidity": rung.rigidity,
                "formal": rung.formal,
                **heap(name, nth),
            }
            for nth, rung in enumerate(row.rungs)
        }
        rows.append({"hypothesis": name, "name": row.name, "cells": [first, *(here.get(stage) for stage in Stage)]})
    return {"ruler": ruler.label, "digest": digest, "rows": rows, "off_map": heap(None, BEFORE)}


# ---- the cases


class CohortCase(TypedDict):
    case: str
    tax_id: str
    """Masked."""
    tax: str
    status: str
    hypothesis: str | None
    owed: Decimal
    opened_on: date
    next_on: date | None
    arm: str | None


ORDERS: Mapping[str, str] = {
    "opened": "opened_at, cases.id",
    "owed": "owed DESC, cases.id",
    "next": "next_step ->> 'on' NULLS LAST, cases.id",
    "status": "status, cases.id",
}

CASES = Listing[CohortCase](
    columns="""cases.id AS "case", tax_id, tax, status, state -> 'place' ->> 'row' AS hypothesis, owed, opened_on,
        CAST(next_step ->> 'on' AS date) AS next_on, arm""",
    tables="""cases JOIN taxpayers ON taxpayers.id = taxpayer
        WHERE cohort = :cohort
          AND (CAST(:status AS text) IS NULL OR status = :status)
          AND (CAST(:arm AS text) IS NULL OR arm = :arm)
          AND (CAST(:ruler AS text) IS NULL OR ruler = :ruler AND closed_at IS NULL)
          AND (CAST(:row AS text) IS NULL OR coalesce(state -> 'place' ->> 'row', 'none') = :row)
          AND (CAST(:rung AS integer) IS NULL OR coalesce(CAST(state -> 'place' ->> 'rung' AS integer), -1) = :rung)""",
    order=ORDERS["opened"],
    key='"case"',
    noun="case",
)


def list_cohort_cases(
    connection: Connection, cohort: str, asked: Mapping[str, object], page: Page, order: str = "opened"
) -> Iterator[CohortCase]:
    """The cases of a cohort by `status`, `arm`, or a cell: `ruler`, `row` and `rung`; what isn't asked is any."""
    of = {"status": None, "arm": None, "ruler": None, "row": None, "rung": None, **asked, "cohort": cohort}
    for row in replace(CASES, order=ORDERS[order]).rows(connection, page, of):
        yield {**row, "tax_id": mask(row["tax_id"])}


# ---- the cohorts


class CohortLine(TypedDict):
    cohort: str
    ruler: str
    state: str
    rehearsal: bool
    started_by: str
    started_at: datetime
    cases: int
    open: int
    owed: Decimal
    budget: Decimal | None


COHORT_ORDERS: Mapping[str, str] = {
    "started": "started_at DESC, name",
    "name": "name",
    "cases": "cases DESC, name",
    "owed": "owed DESC, name",
}

COHORTS = Listing[CohortLine](
    columns="""name AS cohort, label AS ruler, lifecycle AS state, rehearsal, started_by, started_at,
        cases, open, owed, budget""",
    tables="""cohorts JOIN rulers ON rulers.digest = cohorts.ruler CROSS JOIN LATERAL (
            SELECT count(*) AS cases, count(*) FILTER (WHERE closed_at IS NULL) AS open,
                   coalesce(sum(owed) FILTER (WHERE closed_at IS NULL), 0) AS owed
            FROM cases WHERE cases.cohort = cohorts.name) AS counted
        WHERE CAST(:state AS text) IS NULL OR lifecycle = :state""",
    order=COHORT_ORDERS["started"],
    key="cohort",
    noun="cohort",
)


def list_cohorts(connection: Connection, state: str | None, page: Page, order: str = "started") -> Iterator[CohortLine]:
    """The cohorts, in a state or all of them."""
    return replace(COHORTS, order=COHORT_ORDERS[order]).rows(connection, page, {"state": state})
