"""Holds that people place on debts and lift from them. An extract's and an agreement's come and go with these.

Rows are locked as everywhere: cases by id, then debts by id. Co-debtors share the debt, so their cases hear of it too.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any

from sqlalchemy import ColumnElement, Connection, Engine, Row, func, insert, select, true, update

from models.case.commands import check_hold, check_release, must_be_open
from models.case.journal import EntryKind
from models.errors import Refusal
from models.events import HoldsChanged
from models.formats import day
from models.law.grounds import Ground, ended_by
from models.words import GROUNDS
from storage.case.cases import Case, read_case
from storage.case.locks import lock_cases_and_debts
from storage.case.transaction import record_decision
from storage.outbox import enqueue
from storage.schema import debtors, debts, holds

SOURCE = "person"


@dataclass(frozen=True)
class Held:
    debt: str
    ground: str
    since: date
    until: date | None


@dataclass(frozen=True)
class Changed:
    holds: list[Held]
    cases: list[str]
    """The open cases that these debts are of, co-debtors' included."""


def place_hold(
    engine: Engine,
    case: str,
    ground: Ground,
    by: str,
    reason: str,
    now: datetime,
    evidence: str | None = None,
    since: date | None = None,
    until: date | None = None,
    of_debts: Sequence[str] = (),
) -> Changed:
    """Place a hold from `since` on, today if it isn't said, on all debts of the case unless they are named. Raises
    Refusal."""
    with _locked(engine, case, of_debts) as locked:
        today = locked.case.clock.day_at(now)
        since = since or today
        check_hold(since, until, today)
        known = select(holds.c.debt).where(_of_people(locked.debts), holds.c.ground == ground).order_by(holds.c.debt)
        if held := locked.connection.scalars(known).all():
            raise Refusal(f"already held on the ground {ground}: debt {', '.join(held)}; name the others with --debt")
        why = {"placed_by": by, "reason": reason, "evidence": evidence, "since": since, "until": until}
        rows = [{"debt": debt, "ground": ground, "source": SOURCE, **why} for debt in locked.debts]
        locked.connection.execute(insert(holds), rows)
        till = f" até {day(until)}" if until else ""
        proof = f"; prova: {evidence}" if evidence else ""
        said = f"{GROUNDS[ground]}, desde {day(since)}{till}, por {by}: {reason}{proof}"
        _tell(locked, EntryKind.HOLD_PLACED, f"exigibilidade suspensa ({_named(locked.debts)}): {said}", now)
        return Changed([Held(debt, ground, since, until) for debt in locked.debts], locked.cases)


def release_hold(
    engine: Engine,
    case: str,
    by: str,
    reason: str,
    now: datetime,
    ground: Ground | None = None,
    of_debts: Sequence[str] = (),
    published: date | None = None,
) -> Changed:
    """Lift what people placed: on that ground only, on those debts only, else all. `published`, today if it isn't said,
    is the day of the decision that ended it. Raises Refusal when that is nothing, or a day that can't be."""
    with _locked(engine, case, of_debts) as locked:
        today = locked.case.clock.day_at(now)
        ended_on = published or today
        mine = _of_people(locked.debts) & (holds.c.ground == ground if ground else true())
        why = {"lifted_by": by, "lifted_because": reason, "ended_on": ended_on}
        lifted = {"lifted_at": func.clock_timestamp(), **why}
        gone = locked.connection.execute(update(holds).where(mine).values(lifted).returning(holds)).all()
        if not gone:
            raise Refusal(f"there is nothing of people's to release; {_what_is_held(locked)}")
        check_release(ended_on, max(hold.since or ended_on for hold in gone), today)
        grounds = ", ".join(GROUNDS[name] for name in sorted({hold.ground for hold in gone}))
        of = _named(sorted({hold.debt for hold in gone}))
        on = f", decisão publicada em {day(published)}" if published else ""
        _tell(locked, EntryKind.HOLD_LIFTED, f"suspensão levantada ({of}): {grounds}{on}, por {by}: {reason}", now)
        found = [Held(hold.debt, hold.ground, hold.since, hold.until) for hold in gone]
        return Changed(sorted(found, key=lambda hold: (hold.debt, hold.ground)), locked.cases)


@dataclass(frozen=True)
class _Locked:
    connection: Connection
    case: Case
    debts: list[str]
    """The debts that are meant."""
    cases: list[str]
    """All open cases that they are of."""


@contextmanager
def _locked(engine: Engine, case: str, of_debts: Sequence[str]) -> Iterator[_Locked]:
    """Lock the cases and the debts. Raises Refusal."""
    with engine.begin() as connection:
        named = _meant(connection, read_case(connection, case), of_debts)
        cases = lock_cases_and_debts(connection, named)
        record = read_case(connection, case)
        must_be_open(record.situation)
        yield _Locked(connection, record, named, cases)


def _meant(connection: Connection, case: Case, of_debts: Sequence[str]) -> list[str]:
    query = (
        select(debts.c.id)
        .join(debtors, debtors.c.debt == debts.c.id)
        .where(debtors.c.taxpayer == case.taxpayer, debts.c.tax == case.tax)
        .order_by(debts.c.id)
    )
    known = list(connection.scalars(query))
    if strange := sorted({*of_debts} - {*known}):
        raise Refusal(f"case {case.id} has no debt {', '.join(strange)}; `case show {case.id}` lists them")
    if not known:
        raise Refusal(f"case {case.id} has no debt, and a hold is on debts: its returns stay to be filed")
    return sorted({*of_debts}) or known


def _of_people(named: Sequence[str]) -> ColumnElement[bool]:
    return holds.c.debt.in_(named) & (holds.c.source == SOURCE) & holds.c.lifted_at.is_(None)


def _what_is_held(locked: _Locked) -> str:
    current = select(holds).where(holds.c.debt.in_(locked.debts), holds.c.lifted_at.is_(None)).order_by(holds.c.id)
    held = [_told(hold) for hold in locked.connection.execute(current)]
    return f"held are {'; '.join(held)}" if held else "nothing is held"


def _told(hold: Row[Any]) -> str:
    return f"debt {hold.debt} on {hold.ground} by {hold.placed_by or hold.source} ({ended_by(hold.source)})"


def _tell(locked: _Locked, kind: EntryKind, why: str, now: datetime) -> None:
    for each in (read_case(locked.connection, case) for case in locked.cases):
        record_decision(locked.connection, each, kind, why, each.clock.day_at(now))
    enqueue(locked.connection, locked.cases, HoldsChanged())


def _named(ids: Sequence[str]) -> str:
    return f"{'débito' if len(ids) == 1 else 'débitos'} {', '.join(ids)}"
