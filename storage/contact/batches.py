"""Batches of notices on paper: letters that are posted together, and notices that one edital publishes.

A notice is in one batch, whoever closes it when, and each batch can be made once more: its pages are what is on record.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from typing import Literal, NamedTuple, TypedDict

from sqlalchemy import Connection, Row, func, insert, select, text, update

from models.assets import unverified
from models.case.journal import EntryKind
from models.case.status import Status
from models.contact.delivery import Progress
from models.contact.receipt_code import receipt_code
from models.errors import Refusal
from models.events import NoticeLost, ServiceForeseen
from models.formats import day
from models.ruler.schema import Ruler
from storage.case.cases import Case, frozen_ruler, read_case
from storage.case.facts import LOST
from storage.case.transaction import record_decision
from storage.outbox import enqueue
from storage.paging import Listing, Page
from storage.schema import batched_notices, notice_batches, notices

OnPaper = Literal["letter", "gazette"]

STOPPED = (Status.ON_HOLD, Status.PAUSED, Status.UNDER_DEFENCE, Status.UNDER_REVIEW)
"""A notice of such a case waits for another batch."""


class OnPage(NamedTuple):
    """A notice of a batch, as its page says it."""

    notice: str
    number: int
    """In all batches; a letter's receipt has its code by it."""
    ruler: str
    """The digest of the ruler that its case goes by."""
    addressee: str
    address: str | None
    subject: str | None
    body: str


@dataclass(frozen=True)
class Batch:
    id: int
    closed_at: datetime
    notices: tuple[OnPage, ...]


@dataclass(frozen=True)
class Closed:
    """A batch that was closed just now, and what is not in it."""

    batch: Batch
    withdrawn: int
    """Notices that nothing is asked by any more: they were lost to their cases instead."""
    waiting: int
    """Notices whose cases stand still, and those that an example would truly send."""


WAITING = text("""
    SELECT notices.id, cases.id AS "case", cases.ruler, cases.closed_at IS NOT NULL OR settled AS over, cases.status,
           CAST(cohorts.clock->>'day_seconds' AS numeric) = 86400 AS in_earnest
    FROM notices JOIN cases ON cases.id = notices."case" JOIN cohorts ON cohorts.name = cases.cohort
    CROSS JOIN LATERAL (
        SELECT count(*) > 0 AND bool_and(coalesce(debts.balance, 1) = 0) AS settled
        FROM notice_credits LEFT JOIN debts ON debts.id = notice_credits.debt
        WHERE notice_credits.notice = notices.id) AS listed
    WHERE notices.channel = :channel AND notices.status = 'queued'
      AND NOT EXISTS (SELECT FROM batched_notices WHERE notice = notices.id)
    ORDER BY cases.id, notices.id FOR UPDATE OF cases
""")


def close_batch(connection: Connection, channel: OnPaper, by: str, now: datetime) -> Closed:
    """Close all that waits into a batch: letters are posted by that. What nothing is asked by any more is withdrawn.
    Raises Refusal when nothing is left to go."""
    lock = "SELECT pg_advisory_xact_lock(hashtext('batch of ' || :channel))"
    connection.execute(text(lock), {"channel": channel})
    waiting = connection.execute(WAITING, {"channel": channel}).all()
    over = [row for row in waiting if row.over]
    ready = [row for row in waiting if not row.over and row.status not in STOPPED]
    going = [row for row in ready if not (row.in_earnest and _unverified(connection, row.ruler))]
    if not going:
        raise Refusal(_why_none(connection, channel, ready, len(waiting) - len(ready)))
    for row in over:
        case = read_case(connection, row.case)
        _withdraw(connection, case, row.id, case.clock.day_at(now))
    made = insert(notice_batches).values(channel=channel, closed_by=by).returning(notice_batches.c.id)
    batch = connection.execute(made).scalar_one()
    for row in going:
        case = read_case(connection, row.case)
        left_on = case.clock.day_at(now) if channel == "letter" else None
        into = insert(batched_notices).values(notice=row.id, batch=batch, left_on=left_on)
        number = connection.execute(into.returning(batched_notices.c.number)).scalar_one()
        if channel == "letter" and left_on:
            _post(connection, case, row.id, receipt_code(number), left_on, by)
    return Closed(read_batch(connection, channel, batch), len(over), len(waiting) - len(over) - len(going))


def _unverified(connection: Connection, digest: str) -> list[str]:
    frozen = frozen_ruler(connection, digest)
    return unverified(frozen.ruler, frozen.texts)


def _why_none(connection: Connection, channel: OnPaper, ready: Sequence[Row[tuple[object, ...]]], others: int) -> str:
    left = {"letter": "letter waits to be posted", "gazette": "notice waits to be published"}[channel]
    if examples := sorted({name for row in ready for name in _unverified(connection, row.ruler)}):
        verb = "is an example" if len(examples) == 1 else "are examples"
        return f"no {left} but those by {' and '.join(examples)}, which {verb}: nobody has verified that"
    return f"no {left}" + (f"; {others} belong to cases that stand still or are over" if others else "")


def _withdraw(connection: Connection, case: Case, notice: str, on: date) -> None:
    why = "nada mais a cobrar por ela antes de sair"
    lost = {"status": Progress.FAILED, "failure": why}
    connection.execute(update(notices).where(notices.c.id == notice).values(lost))
    record_decision(connection, case, EntryKind.NOTICE_LOST, f"notificação {notice} retirada: {why}", on)
    if case.closed_at is None:
        enqueue(connection, [case.id], NoticeLost(notice=notice))


def _post(connection: Connection, case: Case, notice: str, code: str, on: date, by: str) -> None:
    sent = {"status": Progress.SENT, "sent_at": func.clock_timestamp(), "provider_id": code}
    connection.execute(update(notices).where(notices.c.id == notice).values(sent))
    record_decision(connection, case, EntryKind.NOTICE_POSTED, f"carta {code} postada em {day(on)}, por {by}", on)


ON_PAGE = text("""
    SELECT notices.id AS notice, number, cases.ruler, taxpayers.name AS addressee, notices.address, subject, body
    FROM batched_notices JOIN notices ON notices.id = batched_notices.notice
    JOIN cases ON cases.id = notices."case" JOIN taxpayers ON taxpayers.id = cases.taxpayer
    WHERE batch = :batch ORDER BY number
""")


def read_batch(connection: Connection, channel: OnPaper, batch: int) -> Batch:
    """A batch as it was closed. Raises Refusal when there is none of that number."""
    mine = select(notice_batches).where(notice_batches.c.id == batch, notice_batches.c.channel == channel)
    made = connection.execute(mine).one_or_none()
    if made is None:
        raise Refusal(f"there is no batch {batch}; `{channel} list` shows those there are")
    return Batch(batch, made.closed_at, tuple(OnPage(*row) for row in connection.execute(ON_PAGE, {"batch": batch})))


def rulers_of(connection: Connection, batch: Batch) -> dict[str, Ruler]:
    """The rulers of a batch's notices, by digest."""
    return {digest: frozen_ruler(connection, digest).ruler for digest in {each.ruler for each in batch.notices}}


# ---- publication

UNPUBLISHED = text("""
    SELECT notices.id, notices."case", notices.at FROM batched_notices
    JOIN notices ON notices.id = batched_notices.notice JOIN cases ON cases.id = notices."case"
    WHERE batch = :batch AND served_on IS NULL AND deemed_on IS NULL ORDER BY cases.id, notices.id FOR UPDATE OF cases
""")


def publish(connection: Connection, batch: int, gazette: str, on: date, reference: str, by: str, now: datetime) -> int:
    """Put on record that an edital was published: it serves by its law when that law's time is over. Returns how many
    notices it serves. Raises Refusal: there is no such edital, it was published already, or on no such day."""
    read_batch(connection, "gazette", batch)
    waiting = connection.execute(UNPUBLISHED, {"batch": batch}).all()
    if not waiting:
        raise Refusal(f"edital {batch} is on record as published; `case annul --kind service` takes that back")
    for row in waiting:
        case = read_case(connection, row.case)
        must_lie_between(on, row.at, case.clock.day_at(now), f"notice {row.id}")
        _publish(connection, case, row.id, f"{gazette}, {reference}", on, by)
    said = {"gazette": gazette, "published_reference": reference, "published_by": by, "published_at": now}
    connection.execute(update(notice_batches).where(notice_batches.c.id == batch).values(said))
    return len(waiting)


def must_lie_between(on: date, first: date, today: date, what: str) -> None:
    """Check a day that people type. Raises Refusal when it is before `first` or in the future."""
    if on < first:
        raise Refusal(f"{on} is before the day of {what}, {first}")
    if on > today:
        raise Refusal(f"{on} is in the future: for {what} today is {today}")


def _publish(connection: Connection, case: Case, notice: str, where: str, on: date, by: str) -> None:
    by_law = case.ruler.service.gazette
    if by_law is None:
        raise Refusal(f"{case.ruler.label} cites no law by which an edital serves: write it in service.gazette")
    served = case.frozen.calendar.after(on, by_law.after)
    connection.execute(update(batched_notices).where(batched_notices.c.notice == notice).values(left_on=on))
    published = {"status": Progress.SENT, "sent_at": func.clock_timestamp()}
    deemed = {"deemed_on": served, "deemed_by": by_law.law}
    connection.execute(update(notices).where(notices.c.id == notice).values({**published, **deemed}))
    why = f"notificação {notice} publicada em {day(on)} ({where}), por {by}; ciência em {day(served)} ({by_law.law})"
    record_decision(connection, case, EntryKind.NOTICE_PUBLISHED, why, on)
    enqueue(connection, [case.id] if case.closed_at is None else [], ServiceForeseen(notice=notice, on=served))


# ---- what there is


class ListedBatch(TypedDict):
    batch: int
    closed_at: datetime
    closed_by: str
    notices: int
    left_on: date | None
    gazette: str | None
    served: int
    lost: int


BATCHES: Listing[ListedBatch] = Listing(
    columns=f"""notice_batches.id AS batch, closed_at, closed_by, count(*) AS notices, min(left_on) AS left_on, gazette,
        count(served_on) AS served, count(*) FILTER (WHERE status IN ({LOST})) AS lost""",
    tables="""notice_batches JOIN batched_notices ON batch = notice_batches.id JOIN notices ON notices.id = notice
        WHERE notice_batches.channel = :channel GROUP BY notice_batches.id""",
    order="notice_batches.id DESC",
    key="batch",
    noun="batch",
)


def list_batches(connection: Connection, channel: OnPaper, page: Page) -> Iterator[ListedBatch]:
    return BATCHES.rows(connection, page, {"channel": channel})
