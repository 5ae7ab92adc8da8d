"""Sets the metrics of the whole from its status, once a minute, beside the relay."""

from __future__ import annotations

from collections.abc import Awaitable, Callable

import anyio
import structlog
from sqlalchemy import Engine
from temporalio.client import Client

from reports.status import Status, read_status
from workflows.metrics import meter

log = structlog.get_logger()

PAUSE_SECONDS = 60.0

GAUGES = {
    "overdue_cases": "cases whose next step is late",
    "overdue_tasks": "tasks of people that are past their day",
    "notices_claimed_long": "notices that were claimed a quarter of an hour ago and have not left",
    "unclear_replies": "replies of the last week that nobody could read",
    "quarantined_payments": "items of payment callbacks that wait for people",
    "unmatched_payments": "payments for nothing that is known",
    "owed_signal_seconds": "age of the oldest signal that is owed to a case",
    "checkpoint_seconds": "age of the newest checkpoint of the audit log",
    "import_seconds": "age of the last import of taxpayers and debts",
    "failing_imports": "kinds of import that failed when they were tried last",
    "idle_work": "works beside the web that no process does: the relay, the reconciler",
    "cost_today": "what today's notices cost, in reais",
    "missing_workflows": "cases, agreements and communications without a workflow",
    "failing_workflows": "workflows whose tasks fail",
    "stuck_activities": "activities of overdue cases that fail again and again",
    "unserved_queues": "task queues that no worker asks",
    "temporal_answers": "1 if Temporal answers",
}
"""Each is `regua_` and its name."""

NOTICES = "notices_today"


async def measure_regularly(
    engine: Engine, connect: Callable[[], Awaitable[Client]], pause: float = PAUSE_SECONDS
) -> None:
    """Measure until cancelled; a database that doesn't answer is asked again."""
    gauges, client = Gauges(), None

    async def connected() -> Client:
        nonlocal client
        client = client or await connect()
        return client

    while True:
        try:
            gauges.set(await read_status(engine, connected))
        except Exception as error:
            log.warning("nothing was measured", reason=type(error).__name__)
        await anyio.sleep(pause)


class Gauges:
    def __init__(self) -> None:
        made = meter()
        self._gauges = {name: made.create_gauge_float(f"regua_{name}", why) for name, why in GAUGES.items()}
        self._notices = made.create_gauge(f"regua_{NOTICES}", "notices of today by channel and result")
        self._seen: set[tuple[str, str]] = set()

    def set(self, status: Status) -> None:
        for name, value in measured(status).items():
            self._gauges[name].set(value)
        sent = {(each["channel"], each["result"]): each["notices"] for each in status["record"]["sent_today"]}
        self._seen |= sent.keys()
        for channel, result in self._seen:
            self._notices.set(sent.get((channel, result), 0), {"channel": channel, "result": result})


def measured(status: Status) -> dict[str, float]:
    """The numbers of a status by the names of GAUGES; what is unknown is left out."""
    known = {**status["record"], **(status["engine"] or {}), "temporal_answers": status["engine"] is not None}
    values = {name: known.get(name) for name in GAUGES}
    return {
        name: float(len(value) if isinstance(value, list) else value)  # type: ignore[arg-type]
        for name, value in values.items()
        if value is not None
    }
