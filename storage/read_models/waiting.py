"""Matters that wait for people, in numbers and lists: cases by what stops them, tasks, requests, replies, money."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from datetime import date, datetime
from decimal import Decimal
from typing import TypedDict

from sqlalchemy import Connection, text

from models.case.status import WAITING, Status
from models.taxid import mask
from storage.paging import Listing, Page
from storage.read_models.vitals import FAILING
from storage.rows import typed_rows

BY_STATUS = text("""
    SELECT status AS what, count(*) AS number, min(coalesce(CAST(blocks -> 0 ->> 'since' AS date), opened_on)) AS oldest
    FROM cases WHERE status = ANY(:statuses) GROUP BY status
""")

OTHERS = text("""
    SELECT 'requests' AS what, count(*) AS number, min(due) AS oldest FROM requests WHERE answer IS NULL
    UNION ALL
    SELECT 'tasks', count(*), min(due) FROM tasks WHERE done_at IS NULL
    UNION ALL
    SELECT 'replies', count(*), min(recorded_at)::date FROM replies
    WHERE intent = 'unclear' AND recorded_at > now() - interval '7 days'
    UNION ALL
    SELECT 'unmatched', count(*), min(paid_on) FROM payments WHERE debt IS NULL AND instalment IS NULL
    UNION ALL
    SELECT 'quarantined', count(*), min(arrived_at)::date FROM quarantined_items WHERE settled_at IS NULL
    UNION ALL
    SELECT 'broken_promises', count(*), min(due) FROM tasks WHERE done_at IS NULL AND kind = 'promise'
    UNION ALL
    SELECT 'call_backs', count(*), min(due) FROM tasks WHERE done_at IS NULL AND kind = 'call_back'
    UNION ALL
    SELECT 'rejects', count(*), min(answered_at)::date FROM uploads
    WHERE dropped_at IS NULL AND asked = 'import' AND answered_at IS NOT NULL AND rejected > 0
""")


class Waiting(TypedDict):
    """A kind of what waits: a status of cases; requests; tasks, with broken promises and call-backs among them;
    replies; unmatched; quarantined; rejects, imports that left rows out; imports, of cohorts, that fail."""

    what: str
    number: int
    oldest: date | None
    """Since when the oldest waits; of requests and tasks the day by which the first is due."""


def count_waiting(connection: Connection, now: datetime) -> list[Waiting]:
    """How much of each kind waits, none of it too."""
    statuses = typed_rows(Waiting, connection.execute(BY_STATUS, {"statuses": [*WAITING]}).mappings())
    failing = list(connection.scalars(FAILING, {"now": now}))
    found = {row["what"]: row for row in statuses}
    return [
        *(found.get(status, {"what": status, "number": 0, "oldest": None}) for status in WAITING),
        *typed_rows(Waiting, connection.execute(OTHERS).mappings()),
        {"what": "imports", "number": len(failing), "oldest": None},
    ]


class WaitingCase(TypedDict):
    case: str
    cohort: str
    tax: str
    tax_id: str
    """Masked."""
    reason: str | None
    since: date
    owed: Decimal
    hypothesis: str | None
    stage: str | None


SINCE = "coalesce(CAST(blocks -> 0 ->> 'since' AS date), opened_on), cases.id"
ORDERS = {"since": SINCE, "owed": f"owed DESC, {SINCE}", "cohort": f"cohort, {SINCE}"}
"""The orders of a list of cases."""

CASES = Listing[WaitingCase](
    columns="""cases.id AS "case", cohort, tax, tax_id, blocks -> 0 ->> 'reason' AS reason,
        coalesce(CAST(blocks -> 0 ->> 'since' AS date), opened_on) AS since, owed,
        next_step ->> 'row' AS hypothesis, next_step ->> 'stage' AS stage""",
    tables="""cases JOIN taxpayers ON taxpayers.id = cases.taxpayer
        WHERE status = :status AND (:cohort = '' OR cohort = :cohort) AND (:tax = '' OR upper(tax) = upper(:tax))""",
    order=SINCE,
    key='"case"',
    noun="case",
)


def list_waiting(
    connection: Connection, status: Status, page: Page, cohort: str = "", tax: str = "", order: str = "since"
) -> Iterator[WaitingCase]:
    """The cases in a status, of a cohort or tax alone where one is named, in one of ORDERS; without one, those first
    that came to it first."""
    listing = replace(CASES, order=ORDERS[order])
    for row in listing.rows(connection, page, {"status": status, "cohort": cohort, "tax": tax}):
        yield {**row, "tax_id": mask(row["tax_id"])}


class OpenRequest(TypedDict):
    id: int
    case: str
    kind: str
    made_on: date
    due: date
    reference: str


REQUESTS = Listing[OpenRequest](
    columns='id, "case", kind, made_on, due, reference',
    tables="requests WHERE answer IS NULL",
    order="due, id",
    key="id",
    noun="request",
)


class UnclearReply(TypedDict):
    id: int
    case: str | None
    channel: str
    at: datetime


REPLIES = Listing[UnclearReply](
    columns='id, "case", channel, recorded_at AS at',
    tables="replies WHERE intent = 'unclear' AND recorded_at > now() - interval '7 days'",
    order="recorded_at, id",
    key="id",
    noun="reply",
)


def open_requests(connection: Connection, page: Page) -> Iterator[OpenRequest]:
    """The requests that nobody has answered, the first due first."""
    return REQUESTS.rows(connection, page, {})


def unclear_replies(connection: Connection, page: Page) -> Iterator[UnclearReply]:
    """The replies of the last seven days that no rule understood; what they say is in the case's file."""
    return REPLIES.rows(connection, page, {})
