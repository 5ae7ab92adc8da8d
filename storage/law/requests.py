"""Requests of taxpayers on record: made by a person for them, by a reply or a page, and answered by people."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from datetime import date, datetime
from typing import Literal

from sqlalchemy import Connection, Engine, func, insert, text, update

from models.case.commands import must_be_open, must_have_been
from models.case.credit import CreditId
from models.case.journal import EntryKind
from models.errors import Refusal
from models.events import HoldsChanged
from models.formats import day
from models.law.requests import RULES, Request, RequestKind
from models.law.term import term_of
from models.words import REQUESTS
from storage.case.cases import Case, read_case
from storage.case.facts import open_credits
from storage.case.tasks import ask_people, finish_of
from storage.case.transaction import record_decision
from storage.law.defences import Ruling, file_appeal, rule_on_appeal
from storage.outbox import enqueue
from storage.schema import request_credits, requests

Answer = Literal["granted", "denied"]
VERBS = {"granted": "deferido", "denied": "indeferido"}
RULINGS: dict[Answer, Ruling] = {"granted": "accepted", "denied": "rejected"}
"""The answers to an appeal as rulings on a defence."""

OPEN = text("""
    SELECT id, made_on, due, ARRAY(
        SELECT credit FROM request_credits WHERE request = requests.id ORDER BY credit) AS credits
    FROM requests WHERE "case" = :case AND kind = :kind AND answered_at IS NULL ORDER BY id
""")


def record_request(
    engine: Engine,
    case: str,
    kind: RequestKind,
    by: str,
    reference: str,
    now: datetime,
    on: date | None = None,
    credits: Sequence[CreditId] = (),
) -> Request:
    """Record a request, made today unless it is said; an appeal is filed as a defence, and a contest is of these
    credits, else of all that are open. Raises Refusal: one of its kind is open already, or a day that can't be."""
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
        meant = contestable(connection, record, credits, today) if kind is RequestKind.CONTEST else ()
        known = open_requests(connection, case, kind)
        if known and not meant:
            raise Refusal(f"the {kind.replace('_', '-')} of {known[0].made_on} is open already; answer it first")
        return put_request(connection, record, kind, made_on, reference, by, today, meant)


def contestable(connection: Connection, case: Case, named: Sequence[CreditId], today: date) -> tuple[CreditId, ...]:
    """The credits that a contest is of: those named, else all that are open, without what is contested already. Raises
    Refusal for one that isn't open, and where nothing is."""
    there = open_credits(connection, case, today)
    if strange := [credit for credit in named if credit not in there]:
        raise Refusal(f"nothing is open of {', '.join(strange)} in case {case.id}; `case show` lists what is")
    if not there:
        raise Refusal(f"nothing is open in case {case.id}, so there is nothing to contest")
    return uncontested(connection, case.id, named or there)


def uncontested(connection: Connection, case: str, credits: Sequence[CreditId]) -> tuple[CreditId, ...]:
    """These credits without those that an open contest names."""
    known = open_requests(connection, case, RequestKind.CONTEST)
    if any(not contest.credits for contest in known):
        return ()
    return tuple(credit for credit in credits if not any(credit in contest.credits for contest in known))


def put_request(
    connection: Connection,
    case: Case,
    kind: RequestKind,
    made_on: date,
    reference: str,
    by: str,
    today: date,
    credits: Sequence[CreditId] = (),
    said: str | None = None,
    key: str | None = None,
) -> Request:
    """Put a request of a locked case down, ask people to answer it, and have the case look at it. `said` are the
    taxpayer's own words, `key` what he follows it by, where he filed it himself."""
    term = RULES[kind].term or case.ruler.contests
    due = term_of(made_on, term, case.frozen.calendar).last_day
    row = {"case": case.id, "kind": kind, "made_on": made_on, "reference": reference, "recorded_by": by, "due": due}
    row |= {"said": said, "key": key}
    made = connection.execute(insert(requests).values(row).returning(requests.c.id)).scalar_one()
    if credits:
        connection.execute(insert(request_credits), [{"request": made, "credit": credit} for credit in credits])
    of = f" ({', '.join(credits)})" if credits else ""
    what = f"{REQUESTS[kind]}, de {day(made_on)}, a responder até {day(due)} ({RULES[kind].law})"
    record_decision(connection, case, EntryKind.REQUEST_MADE, f"{what}, registrado por {by}: {reference}{of}", today)
    ask_people(connection, case, "request", f"request {made}", f"{what}{of}", today)
    enqueue(connection, [case.id], HoldsChanged())
    return Request(made, kind, made_on, due, tuple(credits))


def answer_request(
    engine: Engine,
    case: str,
    kind: RequestKind,
    answer: Answer,
    by: str,
    reason: str,
    now: datetime,
    credits: Collection[CreditId] = (),
    request: int | None = None,
) -> Request:
    """Answer the request of that kind that is open, of that number or that names one of these credits; an appeal is
    ruled on as a defence, but where it was recorded as a mere request, of a time when that was done. Raises Refusal
    when none is open, or several."""
    if kind is RequestKind.APPEAL and not _is_a_row(engine, case, kind):
        return rule_on_appeal(engine, case, RULINGS[answer], by, reason, now)
    with engine.begin() as connection:
        record = read_case(connection, case, lock=True)
        known = [each for each in open_requests(connection, case, kind) if request in (None, each.id)]
        found = _to_be_answered(known, case, kind, credits)
        answered = {"answer": answer, "answered_by": by, "reason": reason, "answered_on": record.clock.day_at(now)}
        mine = update(requests).where(requests.c.id == found.id)
        connection.execute(mine.values({**answered, "answered_at": func.clock_timestamp()}))
        finish_of(connection, "request", [f"request {found.id}"], by)
        why = f"{REQUESTS[kind]}, de {day(found.made_on)}: {VERBS[answer]} por {by}: {reason}"
        record_decision(connection, record, EntryKind.REQUEST_ANSWERED, why, record.clock.day_at(now))
        enqueue(connection, [case], HoldsChanged())
        return found


def _to_be_answered(known: Sequence[Request], case: str, kind: RequestKind, credits: Collection[CreditId]) -> Request:
    named = kind.replace("_", "-")
    meant = [each for each in known if not credits or set(credits) & set(each.credits)]
    if not meant:
        raise Refusal(f"case {case} has no {named} that is open; record it first, with --reference")
    if len(meant) > 1:
        days = ", ".join(str(each.made_on) for each in meant)
        raise Refusal(
            f"{len(meant)} requests are open of the kind {named}, made on {days}; say which is meant, with --debt or "
            "--period of `case review`"
        )
    return meant[0]


def _is_a_row(engine: Engine, case: str, kind: RequestKind) -> bool:
    """Whether one of that kind is open among the requests. It locks nothing: a transaction that does counts as one that
    changed something, and would carry the entry of an act that is refused later."""
    with engine.connect() as connection:
        return bool(open_requests(connection, case, kind))


def contested(
    connection: Connection, case: Case, credits: Sequence[CreditId], reference: str, by: str, today: date
) -> None:
    """Put down that the taxpayer contests these credits, each once until somebody has looked."""
    if meant := uncontested(connection, case.id, credits):
        put_request(connection, case, RequestKind.CONTEST, today, reference, by, today, meant)


def contest(
    engine: Engine, case: str, reference: str, by: str, now: datetime, credits: Sequence[CreditId] = ()
) -> None:
    """Put down that the taxpayer contests what is asked of him, as `contested` does: these credits, else all that are
    open. Raises Refusal: the case is closed, or nothing of it is open."""
    with engine.begin() as connection:
        record = read_case(connection, case, lock=True)
        must_be_open(record.situation)
        today = record.clock.day_at(now)
        if meant := contestable(connection, record, credits, today):
            put_request(connection, record, RequestKind.CONTEST, today, reference, by, today, meant)


def open_requests(connection: Connection, case: str, kind: RequestKind) -> list[Request]:
    """The requests of that kind that nobody has answered yet, the oldest first."""
    found = connection.execute(OPEN, {"case": case, "kind": kind})
    return [Request(row.id, kind, row.made_on, row.due, tuple(row.credits)) for row in found]
