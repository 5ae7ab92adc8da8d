"""Acts of people on a case: each is a row, written with what it changes; the case's workflow is told its id alone.

What follows from an act is for the workflow to decide: only its worker knows by which channels the taxpayer is reached.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from datetime import date, datetime
from typing import Literal

from sqlalchemy import Connection, Engine, insert, select, update

from models.case import Status
from models.channel import CHANNELS
from models.decision import decide
from models.errors import Refusal
from models.events import ActRecorded
from models.position import Position
from models.roles import Actor
from storage.cases import QUEUED, Case, Sitting, read_case, read_standing, steady_debts
from storage.people import read_person
from storage.schema import acts, cases, decisions
from storage.signals import owe

Kind = Literal["approve", "reject", "pause", "resume"]

EVERYWHERE = frozenset(CHANNELS)


@contextmanager
def case_at_hand(engine: Engine, case: str, now: datetime) -> Iterator[Sitting]:
    """One transaction over a locked case, judged on today's facts. What moves it is neither journalled nor saved, since
    that is its workflow's; what is journalled meanwhile is."""
    with engine.begin() as connection:
        connection.execute(QUEUED, {"case": case})
        locked = read_case(connection, case, lock=True)
        today = locked.clock.day_at(now)
        steady_debts(connection, [locked.pair], today)
        sat = _judged(connection, locked, today)
        yield sat
        if sat.entries:
            connection.execute(insert(decisions), sat.entries)


def _judged(connection: Connection, case: Case, today: date) -> Sitting:
    person = read_person(connection, case.id, case.position.steps - 1, case.clock, today)
    standing = read_standing(connection, case, today, person, person.contacts.reach(EVERYWHERE))
    decision = decide(case.ruler, case.frozen.calendar, case.position, standing)
    return Sitting(connection, case, standing, decision, case.status, person, EVERYWHERE)


def status_of(sat: Sitting) -> Status:
    """The one that the case is in by now, as far as it can be told without its workflow."""
    return _judged(sat.connection, read_case(sat.connection, sat.case.id), sat.today).step.status


def stand(sat: Sitting, position: Position) -> None:
    written = position.model_dump(mode="json")
    sat.connection.execute(update(cases).where(cases.c.id == sat.case.id).values(position=written))


def stop(sat: Sitting, by: str) -> None:
    mine = cases.c.id == sat.case.id
    sat.connection.execute(update(cases).where(mine).values(paused_by=by, paused_on=sat.today))


def go_on(sat: Sitting) -> None:
    mine = cases.c.id == sat.case.id
    sat.connection.execute(update(cases).where(mine).values(paused_by=None, paused_on=None))


def record_act(connection: Connection, kind: Kind, case: str, actor: Actor, reason: str, seen: str = "") -> int:
    """Its id. The case's workflow hears of it from the commit on, whoever else tells it."""
    row = {"kind": kind, "case": case, "who": actor.name, "role": actor.role, "reason": reason, "seen": seen or None}
    act: int = connection.execute(insert(acts).values(row).returning(acts.c.id)).scalar_one()
    owe(connection, [case], ActRecorded(act=act))
    return act


def must_be_recorded(connection: Connection, case: str, act: int) -> None:
    """Raises Refusal when nobody did such a thing to the case, whoever says so."""
    known = select(acts.c.id).where(acts.c.id == act, acts.c.case == case)
    if connection.execute(known).one_or_none() is None:
        raise Refusal(f"no act {act} of case {case} is on record")
