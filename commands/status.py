"""`status`: whether all of it goes on, from the record and from Temporal."""

import asyncio
from typing import Any

import typer

from commands.console import Json, emit, say, table
from commands.imports import answering_database
from commands.services import temporal_client
from reports.status import read_status, told


def register(app: typer.Typer) -> None:
    app.command("status")(status)


def status(as_json: Json = False) -> None:
    """Say what is overdue, missing, stuck, owed, kept aside or failing; docs/operations.md says what to do about it."""
    with answering_database() as engine:
        said = told(asyncio.run(read_status(engine, temporal_client)))
    emit(said, as_json, lambda: _show(said))


def _show(said: dict[str, Any]) -> None:
    names = [name for name in said if name not in ("ok", "at", "wrong", "overdue", "sent_today")]
    table(["what", "now"], [(name.replace("_", " "), said[name]) for name in names])
    for sentence in said["wrong"] or ["nothing is wrong"]:
        say(sentence)
