"""Interference: whatever somebody does to a case in Temporal itself is no act, comes to nothing, and is on record."""

from __future__ import annotations

import re
from datetime import datetime

from sqlalchemy import Connection

from models.roles import Actor
from storage.audit.log import Entry, write
from storage.case.cases import read_case
from storage.case.tasks import ask_people

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


WHO = "verifique quem tem acesso a ele"

LOOK = {
    "cancel": f"o fluxo deste caso foi cancelado diretamente no Temporal, sem efeito: {WHO}",
    "end": f"o fluxo deste caso foi encerrado diretamente no Temporal, e retomado do registro: {WHO}",
    "loss": "o fluxo deste caso sumiu do Temporal, e foi retomado do registro: verifique o servidor",
    "squat": f"o lugar do fluxo deste caso foi ocupado por outro no Temporal, e foi retomado: {WHO}",
    "reset": f"o fluxo deste caso, já encerrado, foi reaberto diretamente no Temporal, e fechado de novo: {WHO}",
    "hang": "o fluxo deste caso não avançava no Temporal, e foi retomado do registro: avise quem mantém o sistema",
}
