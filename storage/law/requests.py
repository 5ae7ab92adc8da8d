"""Requests of taxpayers on record: made by a person for them, by a reply or a page, and answered by people."""

from __future__ import annotations

from datetime import date, datetime
from typing import Any, Literal

from sqlalchemy import Connection, Engine, func, insert, select, update

from models.case.commands import must_be_open, must_have_been
from models.case.journal import EntryKind
from models.errors import Refusal
from models.events import HoldsChanged
from models.formats import day
from models.law.requests import RULES, Request, RequestKind
from models.law.term import term_of
from models.words import REQUESTS
from storage.case.cases import Case, read_case
from storage.case.tasks import ask_people, finish_of
from storage.case.transaction import record_decision
from storage.law.defences import Ruling, file_appeal, rule_on_appeal
from storage.outbox import enqueue
from storage.schema import requests

Answer = Literal["granted", "denied"]
VERBS = {"granted": "deferido", "denied": "indeferido"}
RULINGS: dict[Answer, Ruling] = {"granted": "accepted", "denied": "rejected"}
"""The answers to an appeal as rulings on a defence."""


def record_request(
    engine: Engine, case: str, kind: RequestKind, by: str, reference: str, now: datetime, on: date | None = None
) -> Request:
    """Record a request, made today unless it is said; an appeal is filed as a defence. Raises Refusal: one of its kind
    is open already, or a day that can't be."""
    if kind is RequestKind.APPEAL:
        return file_appeal(engine, case, by, reference, now, on)
    with engine.begin() as connection:
        record = read_case(connection, case, lock=True)
        must_be_open(record.situation)
        today = record.clock.day_at(now)
        made_on = on or today
        must_have_been("a request can't have been made", made_on, today)
        if made_on < record.state.started:
            raise Refusal(
                f"a request can't have been made on {made_on}, before the case began on {record.state.started}"
            )
        if open_now := _open(connection, case, kind):
            raise Refusal(f"the {kind.replace('_', '-')} of {open_now.made_on} is open already; answer it first")
        return put_request(connection, record, kind, made_on, reference, by, today)


def put_request(
    connection: Connection, case: Case, kind: RequestKind, made_on: date, reference: str, by: str, today: date
) -> Request:
    """Put a request of a locked case down, ask people to answer it, and have the case look at it."""
    term = RULES[kind].term or case.ruler.contests
    due = term_of(made_on, term, case.frozen.calendar).last_day
    row = {"case": case.id, "kind": kind, "made_on": made_on, "reference": reference, "recorded_by": by, "due": due}
    made = connection.execute(insert(requests).values(row).returning(requests.c.id)).scalar_one()
    what = f"{REQUESTS[kind]}, de {day(made_on)}, a responder até {day(due)} ({RULES[kind].law})"
    record_decision(connection, case, EntryKind.REQUEST_MADE, f"{what}, registrado por {by}: {reference}", today)
    ask_people(connection, case, "request", f"request {made}", what, today)
    enqueue(connection, [case.id], HoldsChanged())
    return Request(made, kind, made_on, due)


def answer_request(
    engine: Engine, case: str, kind: RequestKind, answer: Answer, by: str, reason: str, now: datetime
) -> Request:
    """Answer the request of that kind that is open; an appeal is ruled on as a defence, but where it was recorded as a
    mere request, of a time when that was done. Raises Refusal when none is open."""
    if kind is RequestKind.APPEAL and not _is_a_row(engine, case, kind):
        return rule_on_appeal(engine, case, RULINGS[answer], by, reason, now)
    with engine.begin() as connection:
        record = read_case(connection, case, lock=True)
        found = _open(connection, case, kind)
        if found is None:
            raise Refusal(
                f"case {case} has no {kind.replace('_', '-')} that is open; record it first, with --reference"
            )
        answered = {"answer": answer, "answered_by": by, "reason": reason, "answered_on": record.clock.day_at(now)}
        mine = update(requests).where(requests.c.id == found.id)
        connection.execute(mine.values({**answered, "answered_at": func.clock_timestamp()}))
        finish_of(connection, "request", [f"request {found.id}"], by)
        why = f"{REQUESTS[kind]}, de {day(found.made_on)}: {VERBS[answer]} por {by}: {reason}"
        record_decision(connection, record, EntryKind.REQUEST_ANSWERED, why, record.clock.day_at(now))
        enqueue(connection, [case], HoldsChanged())
        return Request(found.id, kind, found.made_on, found.due)


def _is_a_row(engine: Engine, case: str, kind: RequestKind) -> bool:
    """Whether one of that kind is open among the requests. It locks nothing: a transaction that does counts as one that
    changed something, and would carry the entry of an act that is refused later."""
    with engine.connect() as connection:
        return _open(connection, case, kind) is not None


def contested(connection: Connection, case: Case, reference: str, by: str, today: date) -> None:
    """Put down that the taxpayer contests what is asked of him, once until somebody has looked."""
    if open_contest(connection, case.id) is None:
        put_request(connection, case, RequestKind.CONTEST, today, reference, by, today)


def contest(engine: Engine, case: str, reference: str, by: str, now: datetime) -> None:
    """Put down that the taxpayer contests what is asked of him, as `contested` does. Raises Refusal: the case is
    closed."""
    with engine.begin() as connection:
        record = read_case(connection, case, lock=True)
        must_be_open(record.situation)
        contested(connection, record, reference, by, record.clock.day_at(now))


def open_contest(connection: Connection, case: str) -> Request | None:
    """The contest that nobody has answered yet."""
    found = _open(connection, case, RequestKind.CONTEST)
    return found and Request(found.id, RequestKind.CONTEST, found.made_on, found.due)


def _open(connection: Connection, case: str, kind: RequestKind) -> Any:
    mine = (requests.c.case == case) & (requests.c.kind == kind) & requests.c.answered_at.is_(None)
    asked = select(requests.c.id, requests.c.made_on, requests.c.due).where(mine)
    return connection.execute(asked.order_by(requests.c.id).limit(1)).one_or_none()
