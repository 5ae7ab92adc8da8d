"""Acts of people on a case: each is a row, written with what it changes; the case's workflow is told its id alone.

What follows from an act is for the workflow to decide: only its worker knows by which channels the taxpayer is reached.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from datetime import date, datetime

from sqlalchemy import Connection, Engine, insert, select, update

from models.case.commands import Act
from models.case.decision import decide
from models.case.state import CaseState
from models.case.status import Status
from models.contact.channel import CHANNELS
from models.errors import Refusal
from models.events import ActRecorded
from models.roles import Actor
from storage.case.cases import Case, read_case
from storage.case.facts import read_case_facts, steady_debts
from storage.case.people import read_person
from storage.case.transaction import QUEUED, CaseTransaction
from storage.outbox import enqueue
from storage.schema import acts, cases, decisions

EVERYWHERE = frozenset(CHANNELS)


@contextmanager
def locked_case(engine: Engine, case: str, now: datetime) -> Iterator[CaseTransaction]:
    """One transaction over a locked case, evaluated on today's facts, for a person's act.

    The moves that the facts lead to are neither journalled nor saved, since they are its workflow's; what the act
    journals is.
    """
    with engine.begin() as connection:
        connection.execute(QUEUED, {"cases": [case]})
        locked = read_case(connection, case, lock=True)
        today = locked.clock.day_at(now)
        steady_debts(connection, [locked.pair], today)
        tx = _evaluated(connection, locked, today)
        yield tx
        if tx.entries:
            connection.execute(insert(decisions), tx.entries)


def _evaluated(connection: Connection, case: Case, today: date) -> CaseTransaction:
    person = read_person(connection, case.id, case.state.steps - 1, case.clock, today)
    facts = read_case_facts(connection, case, today, person, person.contacts.reach(EVERYWHERE))
    decision = decide(case.view(case.state, facts))
    return CaseTransaction(connection, case, facts, decision, case.status, person, EVERYWHERE)


def status_of(tx: CaseTransaction) -> Status:
    """The status that the case has come to by now, as far as it can be told without its workflow."""
    return _evaluated(tx.connection, read_case(tx.connection, tx.case.id), tx.today).step.status


def save_state(tx: CaseTransaction, state: CaseState) -> None:
    written = state.model_dump(mode="json")
    tx.connection.execute(update(cases).where(cases.c.id == tx.case.id).values(state=written))


def set_pause(tx: CaseTransaction, by: str) -> None:
    mine = cases.c.id == tx.case.id
    tx.connection.execute(update(cases).where(mine).values(paused_by=by, paused_on=tx.today))


def clear_pause(tx: CaseTransaction) -> None:
    mine = cases.c.id == tx.case.id
    tx.connection.execute(update(cases).where(mine).values(paused_by=None, paused_on=None))


def put_act(connection: Connection, kind: Act, case: str, actor: Actor, reason: str, seen: str = "") -> int:
    """Put an act on record and return its id."""
    row = {"kind": kind, "case": case, "who": actor.name, "role": actor.role, "reason": reason, "seen": seen or None}
    act: int = connection.execute(insert(acts).values(row).returning(acts.c.id)).scalar_one()
    return act


def record_act(connection: Connection, kind: Act, case: str, actor: Actor, reason: str, seen: str = "") -> int:
    """Put an act on record and return its id; the case's workflow is owed the news of it from the commit on."""
    act = put_act(connection, kind, case, actor, reason, seen)
    enqueue(connection, [case], ActRecorded(act=act))
    return act


def must_be_recorded(connection: Connection, case: str, act: int) -> None:
    """Check that an act is recorded. Raises Refusal when the case has no such act on record, whoever says so."""
    known = select(acts.c.id).where(acts.c.id == act, acts.c.case == case)
    if connection.execute(known).one_or_none() is None:
        raise Refusal(f"no act {act} of case {case} is on record")
