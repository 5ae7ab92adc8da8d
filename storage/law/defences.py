"""A taxpayer's defence against the suspension of benefits: filed, then accepted or rejected (LC 225/2026)."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import date, datetime
from typing import Literal

from sqlalchemy import Connection, Engine, func, insert, select, text, update

from models.case.commands import check_defence, check_ruling, must_be_open
from models.case.facts import Defence
from models.case.journal import EntryKind
from models.events import DefenceChanged
from models.formats import day
from storage.case.cases import Case, read_case
from storage.case.transaction import record_decision
from storage.outbox import enqueue
from storage.schema import defences

Ruling = Literal["accepted", "rejected"]

FIRST_NOTICE = text("""
    SELECT min(at) FROM notices WHERE "case" = :case AND formal AND stage <> 'suspension' AND sent_at IS NOT NULL
""")

VERBS = {"accepted": "aceita", "rejected": "rejeitada"}


@dataclass(frozen=True)
class _Process:
    connection: Connection
    case: Case
    today: date
    newest: Defence | None


def file_defence(engine: Engine, case: str, by: str, reference: str, now: datetime, on: date | None = None) -> Defence:
    """File a defence `on` a day, today if it isn't said. Raises Refusal."""
    with _process(engine, case, now) as process:
        filed_on = on or process.today
        first_notice_on = process.connection.execute(FIRST_NOTICE, {"case": case}).scalar_one()
        check_defence(filed_on, first_notice_on, process.newest, process.today)
        row = {"case": case, "filed_on": filed_on, "reference": reference, "recorded_by": by}
        process.connection.execute(insert(defences).values(row))
        why = f"defesa apresentada em {day(filed_on)}, registrada por {by}: {reference}"
        record_decision(process.connection, process.case, EntryKind.DEFENCE_FILED, why, process.today)
        return Defence(filed_on=filed_on)


def rule_on_defence(
    engine: Engine, case: str, ruling: Ruling, by: str, reason: str, now: datetime, on: date | None = None
) -> Defence:
    """Rule on the defence that is open, `on` a day, today if it isn't said. Raises Refusal."""
    with _process(engine, case, now) as process:
        decided_on = on or process.today
        check_ruling(decided_on, process.newest, process.today)
        ruled = {"state": ruling, "decided_on": decided_on, "decided_by": by, "reason": reason}
        is_open = (defences.c.case == case) & (defences.c.state == "open")
        decided = update(defences).where(is_open).values({**ruled, "decided_at": func.clock_timestamp()})
        row = process.connection.execute(decided.returning(defences.c.filed_on)).one()
        why = f"defesa de {day(row.filed_on)} {VERBS[ruling]} em {day(decided_on)} por {by}: {reason}"
        record_decision(process.connection, process.case, EntryKind(f"defence_{ruling}"), why, process.today)
        return Defence(filed_on=row.filed_on, state=ruling, decided_on=decided_on)


@contextmanager
def _process(engine: Engine, case: str, now: datetime) -> Iterator[_Process]:
    """The process of an open case, which is locked and hears of what was done."""
    with engine.begin() as connection:
        record = read_case(connection, case, lock=True)
        must_be_open(record.situation)
        latest = select(defences).where(defences.c.case == case).order_by(defences.c.id.desc()).limit(1)
        row = connection.execute(latest).mappings().one_or_none()
        newest = Defence.model_validate({key: row[key] for key in Defence.model_fields}) if row else None
        yield _Process(connection, record, record.clock.day_at(now), newest)
        enqueue(connection, [case], DefenceChanged())
