"""Interference: whatever somebody does to a case in Temporal itself is no act, comes to nothing, and is on record."""

from __future__ import annotations

import re
from datetime import datetime

from sqlalchemy import Connection, select

from models.roles import Actor
from storage.audit.log import Entry, write
from storage.case.cases import read_case
from storage.case.tasks import ask_people
from storage.engine import connect
from storage.schema import cases

SOMEBODY = Actor("temporal")
"""Somebody who reaches Temporal's port: nothing there proves who it was."""

NAME = re.compile("[a-z_]{1,40}")
"""A name as updates have them; any other text is nobody's to keep."""


def record_refused_update(connection: Connection, case: str, name: str, times: int) -> None:
    """Put on record that so many updates were refused which nobody of ours had sent."""
    detail: dict[str, object] = {"update": name} if NAME.fullmatch(name) else {}
    detail |= {"times": times} if times > 1 else {}
    write(connection, Entry(SOMEBODY, "temporal update", case, detail), "refused")


def record_interference(
    connection: Connection, what: str, subject: str, case: str | None, now: datetime, **detail: object
) -> None:
    """Put on record what was done to a workflow from outside; people are asked to look who can."""
    write(connection, Entry(SOMEBODY, f"temporal {what}", subject, detail), "refused")
    if case is not None:
        locked = read_case(connection, case, lock=True)
        ask_people(connection, locked, "interference", f"{what} {now:%Y-%m-%d}", LOOK[what], locked.clock.day_at(now))


def record_changed_settings(owner: str) -> None:
    """Put on record that somebody set Temporal otherwise than it was told; `owner` is the address of the database's
    owner. Raises OperationalError."""
    engine = connect(owner, pool=1)
    try:
        with engine.begin() as connection:
            write(connection, Entry(SOMEBODY, "temporal settings"), "refused")
    finally:
        engine.dispose()


def record_interference_with_cohort(connection: Connection, what: str, cohort: str, now: datetime) -> None:
    """Put on record what was done to a cohort's start or schedule from outside; people are asked at its first case."""
    first = connection.scalar(select(cases.c.id).where(cases.c.cohort == cohort).order_by(cases.c.opened_at).limit(1))
    record_interference(connection, what, cohort, first, now)


WHO = "verifique quem tem acesso a ele"

LOOK = {
    "cancel": f"o fluxo deste caso foi cancelado diretamente no Temporal, sem efeito: {WHO}",
    "end": f"o fluxo deste caso foi encerrado diretamente no Temporal, e retomado do registro: {WHO}",
    "loss": "o fluxo deste caso sumiu do Temporal, e foi retomado do registro: verifique o servidor",
    "start end": f"a abertura dos casos desta coorte foi encerrada diretamente no Temporal, e retomada: {WHO}",
    "start loss": "a abertura dos casos desta coorte sumiu do Temporal, e foi retomada: verifique o servidor",
    "schedule loss": "a agenda desta coorte sumiu do Temporal, e foi refeita do registro: verifique o servidor",
    "schedule change": f"a agenda desta coorte foi alterada diretamente no Temporal, e refeita do registro: {WHO}",
    "schedule pause": f"a agenda desta coorte foi pausada ou retomada diretamente no Temporal, sem efeito: {WHO}",
    "squat": f"o lugar do fluxo deste caso foi ocupado por outro no Temporal, e foi retomado: {WHO}",
    "reset": f"o fluxo deste caso, já encerrado, foi reaberto diretamente no Temporal, e fechado de novo: {WHO}",
    "halt": f"o fluxo deste caso foi retido diretamente no Temporal, e retomado do registro: {WHO}",
    "hang": "o fluxo deste caso não avançava no Temporal, e foi retomado do registro: avise quem mantém o sistema",
}
