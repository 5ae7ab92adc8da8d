"""Acts that people do to debts of a case: which are meant, locked with all the cases that they are of, who are told.

Rows are locked as everywhere: cases by id, then debts by id. Co-debtors share the debt, so their cases hear of it too.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import date, datetime

from sqlalchemy import Connection, Engine, select

from models.case.commands import must_be_open
from models.case.journal import EntryKind
from models.errors import Refusal
from models.events import Event
from storage.case.cases import Case, read_case
from storage.case.locks import lock_cases_and_debts
from storage.case.transaction import record_decision
from storage.outbox import enqueue
from storage.schema import debtors, debts


@dataclass(frozen=True)
class Locked:
    connection: Connection
    case: Case
    debts: list[str]
    """The debts that are meant."""
    cases: list[str]
    """All open cases that they are of."""


@contextmanager
def locked_debts(
    engine: Engine, case: str, of_debts: Sequence[str], existing_on: date | None = None
) -> Iterator[Locked]:
    """Lock debts of an open case, all of them unless they are named, with the cases that they are of. With
    `existing_on` none that is due later. Raises Refusal."""
    with engine.begin() as connection:
        meant = _meant(connection, read_case(connection, case), of_debts, existing_on)
        cases = lock_cases_and_debts(connection, meant)
        record = read_case(connection, case)
        must_be_open(record.situation)
        yield Locked(connection, record, meant, cases)


def _meant(connection: Connection, case: Case, of_debts: Sequence[str], existing_on: date | None) -> list[str]:
    query = (
        select(debts.c.id, debts.c.due)
        .join(debtors, debtors.c.debt == debts.c.id)
        .where(debtors.c.taxpayer == case.taxpayer, debts.c.tax == case.tax)
        .order_by(debts.c.id)
    )
    known = {row.id: row.due for row in connection.execute(query)}
    if strange := sorted({*of_debts} - known.keys()):
        raise Refusal(f"case {case.id} has no debt {', '.join(strange)}; `case show {case.id}` lists them")
    if not known:
        raise Refusal(f"case {case.id} has no debt, and this is about debts: its returns stay to be filed")
    if existing_on is None:
        return sorted({*of_debts}) or [*known]
    later = {debt for debt, due in known.items() if due > existing_on}
    if early := sorted({*of_debts} & later) or (sorted(later) if later == known.keys() else []):
        raise Refusal(f"on {existing_on} there was no debt {', '.join(early)} yet: it is due later")
    return sorted({*of_debts}) or [debt for debt in known if debt not in later]


def tell(locked: Locked, kind: EntryKind, why: str, now: datetime, event: Event) -> None:
    """Journal it in every case that the debts are of, and have them look at their record."""
    for each in (read_case(locked.connection, case) for case in locked.cases):
        record_decision(locked.connection, each, kind, why, each.clock.day_at(now))
    enqueue(locked.connection, locked.cases, event)


def named(ids: Sequence[str]) -> str:
    return f"{'débito' if len(ids) == 1 else 'débitos'} {', '.join(ids)}"
