"""The status of the whole: the vitals of record and engine together, and what of them is wrong."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from datetime import UTC, datetime
from typing import Any, TypedDict

from anyio import fail_after
from anyio.to_thread import run_sync
from sqlalchemy import Engine
from temporalio.client import Client
from temporalio.exceptions import TemporalError

from models.errors import Refusal
from storage.audit.living import AGREEMENTS, CASES, COMMUNICATIONS
from storage.read_models.vitals import Vitals, read_vitals
from workflows.vitals import EngineVitals, read_engine_vitals

ANSWER_SECONDS = 10.0
SHOWN = 20
"""Overdue cases that are named."""
OWED_SECONDS = 300.0
"""After which a signal that is owed says that something is wrong."""


class Status(TypedDict):
    at: datetime
    record: Vitals
    engine: EngineVitals | None
    """None: Temporal doesn't answer."""
    wrong: list[str]
    """One sentence each."""


async def read_status(engine: Engine, connect: Callable[[], Awaitable[Client]]) -> Status:
    now = datetime.now(UTC)
    record = await run_sync(_read, engine, now)
    living = {
        CASES.workflow: record["cases"],
        AGREEMENTS.workflow: record["agreements"],
        COMMUNICATIONS.workflow: record["communications"],
    }
    found: EngineVitals | None = None
    try:
        with fail_after(ANSWER_SECONDS):
            found = await read_engine_vitals(await connect(), living, record["overdue_cases"])
    except (TemporalError, TimeoutError, RuntimeError, Refusal):
        pass
    return {"at": now, "record": record, "engine": found, "wrong": wrong_with(record, found)}


def told(status: Status) -> dict[str, Any]:
    """A status as JSON tells it."""
    late = status["record"]["overdue_cases"]
    return {
        "ok": not status["wrong"],
        "at": status["at"],
        "wrong": status["wrong"],
        "temporal_answers": status["engine"] is not None,
        **status["record"],
        **(status["engine"] or {}),
        "overdue_cases": len(late),
        "overdue": late[:SHOWN],
    }


def _read(engine: Engine, now: datetime) -> Vitals:
    with engine.connect() as connection:
        return read_vitals(connection, now)


def wrong_with(record: Vitals, engine: EngineVitals | None) -> list[str]:
    """Say what is wrong; docs/operations.md says what to do about each."""
    told: list[tuple[object, str]] = [
        (len(record["overdue_cases"]), "cases are overdue"),
        (record["notices_claimed_long"], "notices were claimed long ago and have not left"),
        (record["quarantined_payments"], "items of payment callbacks wait in the quarantine"),
        (", ".join(record["failing_imports"]), "failed when it was tried last"),
    ]
    if record["owed_signal_seconds"] > OWED_SECONDS:
        told.append((f"{record['owed_signal_seconds']:.0f} seconds", "is how long a signal has been owed"))
    if engine is None:
        told.append(("Temporal", "does not answer"))
    else:
        told += [
            (engine["missing_workflows"], "cases, agreements or communications have no workflow"),
            (engine["failing_workflows"], "workflows stand still: their tasks fail"),
            (engine["stuck_activities"], "activities of overdue cases fail again and again"),
            (", ".join(engine["unserved_queues"]), "is served by no worker"),
        ]
    return [f"{what} {says}" for what, says in told if what]
