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


SAYS = {
    "overdue_cases": "cases are overdue",
    "notices_claimed_long": "notices were claimed long ago and have not left",
    "quarantined_payments": "items of payment callbacks wait in the quarantine",
    "failing_imports": "failed when it was tried last",
    "owed_signal_seconds": "is how long a signal has been owed",
    "temporal_answers": "does not answer",
    "missing_workflows": "cases, agreements or communications have no workflow",
    "failing_workflows": "workflows stand still: their tasks fail",
    "stuck_activities": "activities of overdue cases fail again and again",
    "unserved_queues": "is served by no worker",
    "idle_work": "is at work in no process",
}
"""The figures that may say that something is wrong, and in which words."""


def amiss(record: Vitals, engine: EngineVitals | None) -> dict[str, str]:
    """The figures that say that something is wrong, as they are told; docs/operations.md says what to do about each."""
    owed = record["owed_signal_seconds"]
    found: dict[str, object] = {
        "overdue_cases": len(record["overdue_cases"]),
        "notices_claimed_long": record["notices_claimed_long"],
        "quarantined_payments": record["quarantined_payments"],
        "failing_imports": ", ".join(record["failing_imports"]),
        "owed_signal_seconds": f"{owed:.0f} seconds" if owed > OWED_SECONDS else None,
    }
    if engine is None:
        found["temporal_answers"] = "Temporal"
    else:
        found |= {
            "missing_workflows": engine["missing_workflows"],
            "failing_workflows": engine["failing_workflows"],
            "stuck_activities": engine["stuck_activities"],
            "unserved_queues": ", ".join(engine["unserved_queues"]),
            # neither leads while Temporal is away
            "idle_work": ", ".join(record["idle_work"]),
        }
    return {name: str(value) for name, value in found.items() if value}


def wrong_with(record: Vitals, engine: EngineVitals | None) -> list[str]:
    """A sentence for each thing that is wrong."""
    return [f"{told} {SAYS[name]}" for name, told in amiss(record, engine).items()]
