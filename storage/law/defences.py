"""A taxpayer's defence against the suspension of benefits: filed, then accepted or rejected (LC 225/2026)."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import date, datetime
from typing import Literal

from sqlalchemy import Connection, Engine, func, insert, text, update

from models.case.commands import check_defence, check_ruling, must_be_open, to_be_ruled_on
from models.case.credit import CreditId
from models.case.facts import Defence
from models.case.journal import EntryKind
from models.contact.contacts import Reach
from models.errors import Refusal
from models.events import DefenceChanged
from models.formats import day
from models.law.requests import RULES, TO_DECIDE_AN_APPEAL, Request, RequestKind
from models.law.term import term_of
from models.words import REQUESTS
from storage.case.cases import Case, read_case
from storage.case.facts import read_case_facts
from storage.case.people import read_person
from storage.case.tasks import ask_people, finish_of
from storage.case.transaction import record_decision
from storage.outbox import enqueue
from storage.schema import defence_credits, defences

Ruling = Literal["accepted", "rejected"]

LISTED = text("""
    SELECT credit, min(at) FROM notices JOIN notice_credits ON notice = notices.id
    WHERE "case" = :case AND formal AND stage <> 'suspension' AND sent_at IS NOT NULL GROUP BY credit ORDER BY credit
""")

FIRST_NOTICE = text("""
    SELECT min(at) FROM notices WHERE "case" = :case AND formal AND stage <> 'suspension' AND sent_at IS NOT NULL
""")

DEFENCES = text("""
    SELECT id, filed_on, state, decided_on, appeal,
           ARRAY(SELECT credit FROM defence_credits WHERE defence = defences.id ORDER BY credit) AS credits
    FROM defences WHERE "case" = :case AND NOT EXISTS (
        SELECT FROM annulments WHERE annulments.kind = 'ruling' AND entry = CAST(defences.id AS text))
    ORDER BY id
""")

VERBS = {"accepted": "aceita", "rejected": "rejeitada"}
OF_APPEALS = {"accepted": "aceito", "rejected": "rejeitado"}


@dataclass(frozen=True)
class _Process:
    connection: Connection
    case: Case
    today: date
    known: dict[int, Defence]
    """The defences on record by id, the oldest first."""

    def against(self, credits: Sequence[CreditId]) -> dict[int, Defence]:
        """The defences that cover any of these credits; all of them where none is named."""
        if not credits:
            return self.known
        return {key: each for key, each in self.known.items() if any(map(each.covers, credits))}


def file_defence(
    engine: Engine,
    case: str,
    by: str,
    reference: str,
    now: datetime,
    on: date | None = None,
    credits: Sequence[CreditId] = (),
) -> Defence:
    """File a defence `on` a day, today if it isn't said, against these credits, else against all that a formal notice
    lists and nobody has defended yet. Against a rejection it is an appeal. Raises Refusal."""
    with _process(engine, case, now) as process:
        return _file(process, by, reference, on, credits)[1]


def file_appeal(engine: Engine, case: str, by: str, reference: str, now: datetime, on: date | None = None) -> Request:
    """File an appeal against every rejection that none was filed against yet, as `file_defence` would. Raises Refusal
    where nothing was rejected."""
    with _process(engine, case, now) as process:
        defended = sorted({credit for each in process.known.values() for credit in each.credits})
        rejected = [credit for credit in defended if _appeals(process.against([credit]))]
        if not rejected and not _appeals(process.known):
            raise Refusal(f"case {case} has no rejected defence left to appeal against; `case show` lists its defences")
        key, filed = _file(process, by, reference, on, rejected)
        return Request(key, RequestKind.APPEAL, filed.filed_on, _answered_by(process.case, filed.filed_on))


def _file(
    process: _Process, by: str, reference: str, on: date | None, credits: Sequence[CreditId]
) -> tuple[int, Defence]:
    filed_on = on or process.today
    meant, first_on = _defended(process, credits)
    against = process.against(meant)
    check_defence(filed_on, first_on, against.values(), process.today)
    appeal = _appeals(against)
    row = {"case": process.case.id, "filed_on": filed_on, "reference": reference, "recorded_by": by, "appeal": appeal}
    filed = process.connection.execute(insert(defences).values(row).returning(defences.c.id)).scalar_one()
    if meant:
        listed = [{"defence": filed, "credit": credit} for credit in meant]
        process.connection.execute(insert(defence_credits), listed)
    what, put = ("recurso apresentado", "registrado") if appeal else ("defesa apresentada", "registrada")
    judged = _judged(process.connection, process.case, process.today)[-1]
    late = f", fora do prazo{_for(judged.late, meant)}: não suspende" if judged.late else ""
    why = f"{what} em {day(filed_on)}{late}, {put} por {by}: {reference}{_named(meant)}"
    record_decision(process.connection, process.case, EntryKind.DEFENCE_FILED, why, process.today)
    if appeal:
        ask_for_ruling(process.connection, process.case, filed, filed_on, process.today)
    return filed, judged


def late_credits(connection: Connection, case: Case, today: date) -> dict[int, list[CreditId]]:
    """The credits for which each defence of a case was filed after its last day, by its id."""
    return {each.id: list(each.late) for each in _judged(connection, case, today)}


def _judged(connection: Connection, case: Case, today: date) -> Sequence[Defence]:
    person = read_person(connection, case.id, case.state.steps - 1, case.clock, today)
    return read_case_facts(connection, case, today, person, Reach()).defences


def _for(late: Sequence[CreditId], meant: Sequence[CreditId]) -> str:
    """How many of the credits that are meant it is late for, in pt-BR; nothing where it is for all of them."""
    return "" if set(late) >= set(meant) else f" para {len(late)} de {len(meant)} créditos"


def _appeals(known: Mapping[int, Defence]) -> bool:
    """Whether the next defence after these is an appeal: the newest was rejected, and was none itself."""
    return [(each.state, each.appeal) for each in known.values()][-1:] == [("rejected", False)]


def ask_for_ruling(connection: Connection, case: Case, appeal: int, filed_on: date, today: date) -> None:
    """Ask people to decide an appeal of a locked case in its time (LC 225/2026 art. 4º, VII)."""
    kind = RequestKind.APPEAL
    what = (
        f"{REQUESTS[kind]}, de {day(filed_on)}, a decidir até {day(_answered_by(case, filed_on))} ({RULES[kind].law})"
    )
    ask_people(connection, case, "request", _asked(appeal), what, today)


def _asked(appeal: int) -> str:
    return f"appeal {appeal}"


def _answered_by(case: Case, filed_on: date) -> date:
    """The last day to decide an appeal."""
    return term_of(filed_on, TO_DECIDE_AN_APPEAL, case.frozen.calendar).last_day


def _defended(process: _Process, named: Sequence[CreditId]) -> tuple[tuple[CreditId, ...], date | None]:
    """The credits that are meant, and the day of the first formal notice that lists one of them. Raises Refusal for a
    credit that none lists."""
    asked = {"case": process.case.id}
    listed_on = {row.credit: row.min for row in process.connection.execute(LISTED, asked)}
    if strange := [credit for credit in named if credit not in listed_on]:
        missing = ", ".join(strange)
        raise Refusal(
            f"no formal notice of case {process.case.id} lists {missing}; `case explain` shows what they list"
        )
    if not listed_on:
        return (), process.connection.execute(FIRST_NOTICE, asked).scalar_one()
    settled = [each for each in process.known.values() if each.state != "rejected"]
    free = [credit for credit in listed_on if not any(each.covers(credit) for each in settled)]
    meant = tuple(named or free or listed_on)
    return meant, min(listed_on[credit] for credit in meant)


def rule_on_defence(
    engine: Engine,
    case: str,
    ruling: Ruling,
    by: str,
    reason: str,
    now: datetime,
    on: date | None = None,
    credits: Sequence[CreditId] = (),
) -> Defence:
    """Rule on the defence that is open, `on` a day, today if it isn't said; where several are, on that against one of
    these credits. Raises Refusal."""
    with _process(engine, case, now) as process:
        return _rule(process, process.against(credits), ruling, by, reason, on)[1]


def rule_on_appeal(engine: Engine, case: str, ruling: Ruling, by: str, reason: str, now: datetime) -> Request:
    """Rule on the appeal that is open, today, as `rule_on_defence` would. Raises Refusal where none is, or several."""
    with _process(engine, case, now) as process:
        appeals = {key: each for key, each in process.known.items() if each.appeal and each.state == "open"}
        if not appeals:
            raise Refusal(f"case {case} has no appeal that is open; record it first, with --reference")
        key, ruled = _rule(process, appeals, ruling, by, reason, None)
        return Request(key, RequestKind.APPEAL, ruled.filed_on, _answered_by(process.case, ruled.filed_on))


def _rule(
    process: _Process, known: Mapping[int, Defence], ruling: Ruling, by: str, reason: str, on: date | None
) -> tuple[int, Defence]:
    decided_on = on or process.today
    which = to_be_ruled_on(list(known.values()))
    check_ruling(decided_on, which, process.today)
    key = next(key for key, each in known.items() if each is which)
    ruled = {"state": ruling, "decided_on": decided_on, "decided_by": by, "reason": reason}
    decided = update(defences).where(defences.c.id == key).values({**ruled, "decided_at": func.clock_timestamp()})
    process.connection.execute(decided)
    what, verb = ("recurso", OF_APPEALS[ruling]) if which.appeal else ("defesa", VERBS[ruling])
    why = f"{what} de {day(which.filed_on)}: {verb} em {day(decided_on)} por {by}: {reason}"
    record_decision(process.connection, process.case, EntryKind(f"defence_{ruling}"), why, process.today)
    finish_of(process.connection, "request", [_asked(key)], by)
    return key, which.model_copy(update={"state": ruling, "decided_on": decided_on})


def _named(credits: Sequence[CreditId]) -> str:
    return f" ({len(credits)} {'crédito' if len(credits) == 1 else 'créditos'})" if credits else ""


@contextmanager
def _process(engine: Engine, case: str, now: datetime) -> Iterator[_Process]:
    """The process of an open case, which is locked and hears of what was done."""
    with engine.begin() as connection:
        record = read_case(connection, case, lock=True)
        must_be_open(record.situation)
        rows = connection.execute(DEFENCES, {"case": case}).mappings()
        known = {row["id"]: Defence.model_validate(dict(row)) for row in rows}
        yield _Process(connection, record, record.clock.day_at(now), known)
        enqueue(connection, [case], DefenceChanged())
