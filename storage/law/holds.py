"""Holds that people place on debts and lift from them. An extract's and an agreement's come and go with these."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any

from sqlalchemy import ColumnElement, Engine, Row, func, insert, select, true, update

from models.case.commands import check_hold, check_release
from models.case.journal import EntryKind
from models.errors import Refusal
from models.events import HoldsChanged
from models.formats import day
from models.law.grounds import Ground, ended_by
from models.words import GROUNDS
from storage.law.of_debts import Locked, locked_debts, named, tell
from storage.schema import holds

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
    with locked_debts(engine, case, of_debts) as locked:
        today = locked.case.clock.day_at(now)
        since = since or today
        check_hold(since, until, today)
        known = select(holds.c.debt).where(_of_people(locked.debts), holds.c.ground == ground).order_by(holds.c.debt)
        if held := locked.connection.scalars(known).all():
            raise Refusal(f"already held on the ground {ground}: debt {', '.join(held)}; name the others with --debt")
        placed = {"placed_by": by, "reason": reason, "evidence": evidence, "since": since, "until": until}
        rows = [{"debt": debt, "ground": ground, "source": SOURCE, **placed} for debt in locked.debts]
        locked.connection.execute(insert(holds), rows)
        till = f" até {day(until)}" if until else ""
        proof = f"; prova: {evidence}" if evidence else ""
        said = f"{GROUNDS[ground]}, desde {day(since)}{till}, por {by}: {reason}{proof}"
        why = f"exigibilidade suspensa ({named(locked.debts)}): {said}"
        tell(locked, EntryKind.HOLD_PLACED, why, now, HoldsChanged())
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
    with locked_debts(engine, case, of_debts) as locked:
        today = locked.case.clock.day_at(now)
        ended_on = published or today
        mine = _of_people(locked.debts) & (holds.c.ground == ground if ground else true())
        who = {"lifted_by": by, "lifted_because": reason, "ended_on": ended_on}
        lifted = {"lifted_at": func.clock_timestamp(), **who}
        gone = locked.connection.execute(update(holds).where(mine).values(lifted).returning(holds)).all()
        if not gone:
            raise Refusal(f"there is nothing of people's to release; {_what_is_held(locked)}")
        check_release(ended_on, max(hold.since or ended_on for hold in gone), today)
        grounds = ", ".join(GROUNDS[name] for name in sorted({hold.ground for hold in gone}))
        of = named(sorted({hold.debt for hold in gone}))
        on = f", decisão publicada em {day(published)}" if published else ""
        why = f"suspensão levantada ({of}): {grounds}{on}, por {by}: {reason}"
        tell(locked, EntryKind.HOLD_LIFTED, why, now, HoldsChanged())
        found = [Held(hold.debt, hold.ground, hold.since, hold.until) for hold in gone]
        return Changed(sorted(found, key=lambda hold: (hold.debt, hold.ground)), locked.cases)


def _of_people(named: Sequence[str]) -> ColumnElement[bool]:
    return holds.c.debt.in_(named) & (holds.c.source == SOURCE) & holds.c.lifted_at.is_(None)


def _what_is_held(locked: Locked) -> str:
    current = select(holds).where(holds.c.debt.in_(locked.debts), holds.c.lifted_at.is_(None)).order_by(holds.c.id)
    held = [_told(hold) for hold in locked.connection.execute(current)]
    return f"held are {'; '.join(held)}" if held else "nothing is held"


def _told(hold: Row[Any]) -> str:
    return f"debt {hold.debt} on {hold.ground} by {hold.placed_by or hold.source} ({ended_by(hold.source)})"
