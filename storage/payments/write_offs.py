"""Write-offs: a person says that a debt is extinct, and on what ground, or that this was a mistake."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date, datetime
from typing import TypedDict

from sqlalchemy import Connection, Engine, func, insert, select, update

from models.case.journal import EntryKind
from models.case.status import Status
from models.errors import Refusal
from models.events import ExtractChanged
from models.formats import day
from models.law.extinction import Extinction
from models.words import EXTINCTIONS
from storage.paging import WHOLE, Listing, Page
from storage.payments.posting import Posting, whole
from storage.payments.posting_locks import dated_by
from storage.schema import debts, extinctions


@dataclass(frozen=True)
class WrittenOff:
    debt: str
    ground: str
    on: date
    cases: list[str]
    """The open cases that were told."""


def write_off(
    engine: Engine, debt: str, ground: Extinction, by: str, reason: str, now: datetime, on: date | None = None
) -> WrittenOff:
    """Say that a debt is extinct since that day, today unless it is said. Raises Refusal: it is already, or the day is
    to come."""

    def put(connection: Connection) -> WrittenOff:
        posting = _posting(connection, debt, now)
        since = connection.execute(select(debts.c.extinct_on).where(debts.c.id == debt)).scalar_one()
        if since:
            raise Refusal(f"debt {debt} is extinct since {since} already; `debt write-offs` says how")
        today = posting.day(dated_by(posting.debts[debt]), now)
        if (on or today) > today:
            raise Refusal(f"{on} is still to come; today is {today}")
        row = {"debt": debt, "ground": ground, "on": on or today, "state": "confirmed", "source": "person"}
        connection.execute(insert(extinctions).values(row | {"decided_by": by, "reason": reason}))
        connection.execute(update(debts).where(debts.c.id == debt).values(extinct_on=on or today))
        said = f"débito {debt} baixado: {EXTINCTIONS[ground]}, desde {day(on or today)}, por {by}: {reason}"
        return WrittenOff(debt, ground, on or today, _tell(posting, debt, EntryKind.EXTINCTION_CONFIRMED, said))

    return whole(engine, put)


def undo_write_off(engine: Engine, debt: str, by: str, reason: str, now: datetime) -> WrittenOff:
    """Undo what said that a debt is extinct: it is owed as before, and a case that ended by it goes on. Raises
    Refusal."""

    def take_back(connection: Connection) -> WrittenOff:
        posting = _posting(connection, debt, now)
        current = (
            (extinctions.c.debt == debt) & (extinctions.c.state == "confirmed") & extinctions.c.undone_at.is_(None)
        )
        undone = {"undone_at": func.clock_timestamp(), "undone_by": by, "undone_because": reason}
        found = connection.execute(update(extinctions).where(current).values(undone).returning(extinctions)).first()
        if found is None:
            raise Refusal(f"debt {debt} isn't written off; `debt write-offs` lists those that are")
        connection.execute(update(debts).where(debts.c.id == debt).values(extinct_on=None))
        said = f"desfeita a baixa do débito {debt} ({EXTINCTIONS[found.ground]}), por {by}: {reason}"
        return WrittenOff(debt, found.ground, found.on, _tell(posting, debt, EntryKind.EXTINCTION_REFUTED, said))

    return whole(engine, take_back)


class ListedWriteOff(TypedDict):
    id: int
    debt: str
    inscription: str
    ground: str
    on: date
    source: str
    by: str
    reason: str
    undone_at: datetime | None
    undone_by: str | None
    undone_because: str | None


def list_write_offs(connection: Connection, page: Page = WHOLE) -> Iterator[ListedWriteOff]:
    """The debts that were said to be extinct, in the order in which that was said, with what was undone of it."""
    return WRITE_OFFS.rows(connection, page, {})


WRITE_OFFS = Listing[ListedWriteOff](
    columns="*",
    tables="""(
        SELECT extinctions.id, debt, inscription, ground, "on", source, decided_by AS "by", reason,
               undone_at, undone_by, undone_because
        FROM extinctions JOIN debts ON debts.id = debt WHERE state = 'confirmed'
    ) AS write_offs WHERE true""",
    order="id",
    key="id",
    noun="write-off",
)


def _posting(connection: Connection, debt: str, now: datetime) -> Posting:
    posting = Posting(connection, now, debts_named=[debt])
    if debt not in posting.debts:
        raise Refusal(f"there is no debt {debt}; `case show CASE` lists the debts of a case")
    return posting


def _tell(posting: Posting, debt: str, kind: EntryKind, said: str) -> list[str]:
    """Journal it in the open cases of the debt, and open those again that it had resolved and that owe once more."""
    told = []
    for case in posting.debts[debt].cases:
        today = posting.day(case, None)
        if not case.open and case.status == Status.RESOLVED and posting.owes(case, posting.debts[debt]):
            posting.reopen(case, today, f"caso reaberto: {said}", {"debt": debt})
        if case.open:
            posting.note(case, today, kind, said, {"debt": debt})
            posting.promised.append((case.id, ExtractChanged()))
            told.append(case.id)
    posting.tell()
    return sorted(told)
