"""A taxpayer's defence against the suspension of benefits: filed, then accepted or rejected (LC 225/2026)."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import date, datetime
from typing import Literal

from sqlalchemy import Connection, Engine, func, insert, text, update

from models.case.commands import check_defence, check_ruling, must_be_open, to_be_ruled_on
from models.case.credit import CreditId
from models.case.facts import Defence
from models.case.journal import EntryKind
from models.errors import Refusal
from models.events import DefenceChanged
from models.formats import day
from storage.case.cases import Case, read_case
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
        filed_on = on or process.today
        meant, first_on = _defended(process, credits)
        against = process.against(meant)
        check_defence(filed_on, first_on, against.values(), process.today)
        newest = list(against.values())[-1] if against else None
        appeal = newest is not None and newest.state == "rejected" and not newest.appeal
        row = {"case": case, "filed_on": filed_on, "reference": reference, "recorded_by": by, "appeal": appeal}
        filed = process.connection.execute(insert(defences).values(row).returning(defences.c.id)).scalar_one()
        if meant:
            listed = [{"defence": filed, "credit": credit} for credit in meant]
            process.connection.execute(insert(defence_credits), listed)
        what = "recurso apresentado" if appeal else "defesa apresentada"
        why = f"{what} em {day(filed_on)}, registrada por {by}: {reference}{_named(meant)}"
        record_decision(process.connection, process.case, EntryKind.DEFENCE_FILED, why, process.today)
        return Defence(filed_on=filed_on, credits=meant, appeal=appeal)


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
    settled = [each for each in process.known.values() if each.suspends]
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
        decided_on = on or process.today
        known = process.against(credits)
        which = to_be_ruled_on(list(known.values()))
        check_ruling(decided_on, which, process.today)
        ruled = {"state": ruling, "decided_on": decided_on, "decided_by": by, "reason": reason}
        mine = defences.c.id == next(key for key, each in known.items() if each is which)
        decided = update(defences).where(mine).values({**ruled, "decided_at": func.clock_timestamp()})
        process.connection.execute(decided)
        what = "recurso" if which.appeal else "defesa"
        why = f"{what} de {day(which.filed_on)}: {VERBS[ruling]} em {day(decided_on)} por {by}: {reason}"
        record_decision(process.connection, process.case, EntryKind(f"defence_{ruling}"), why, process.today)
        return which.model_copy(update={"state": ruling, "decided_on": decided_on})


def _named(credits: Sequence[CreditId]) -> str:
    return f" ({len(credits)} {'crédito' if len(credits) == 1 else 'créditos'})" if credits else ""


@contextmanager
def _process(engine: Engine, case: str, now: datetime) -> Iterator[_Process]:
    """The process of an open case, which is locked and hears of what was done."""
    with engine.begin() as connection:
        record = read_case(connection, case, lock=True)
        must_be_open(record.situation)
        rows = connection.execute(DEFENCES, {"case": case}).mappings()
        known = {row["id"]: Defence.model_validate({key: row[key] for key in Defence.model_fields}) for row in rows}
        yield _Process(connection, record, record.clock.day_at(now), known)
        enqueue(connection, [case], DefenceChanged())
