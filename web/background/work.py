"""The work beside what is asked by HTTP: the outbox's relay, the reconciler, checkpoints and measures.

Each has one leader at a time, whatever processes there are: `web` does it in its own, unless REGUA_BACKGROUND is
`elsewhere`, and `background` does nothing else (docs/sizing.md).
"""

from __future__ import annotations

import os
from collections.abc import Awaitable, Callable
from functools import partial

import anyio
from sqlalchemy import Engine
from temporalio.client import Client

from models.errors import Refusal
from storage.engine import connect
from web.background.checkpointing import checkpoint_regularly
from web.background.reconciler import Reconciler
from web.background.relay import Relay
from web.background.vitals import measure_regularly

WHERE = "REGUA_BACKGROUND"


def is_here() -> bool:
    """Whether `web` does this work too. Raises Refusal when the setting is no setting."""
    where = os.environ.get(WHERE, "here")
    if where not in {"here", "elsewhere"}:
        raise Refusal(f"{WHERE} is {where!r}: it is `here`, or `elsewhere` where `starter.py background` runs too")
    return where == "here"


async def work(
    database: str, engine: Engine, temporal: Callable[[], Awaitable[Client]], relay: Relay | None = None
) -> None:
    """Do all of it until cancelled."""
    async with anyio.create_task_group() as tasks:
        tasks.start_soon((relay or Relay(database, engine, temporal)).run)
        tasks.start_soon(Reconciler(database, engine, temporal).run)
        tasks.start_soon(checkpoint_regularly, engine)
        tasks.start_soon(measure_regularly, engine, temporal)


def work_alone(database: str, temporal: Callable[[], Awaitable[Client]]) -> None:
    """Do all of it as the only thing a process does, until it is interrupted."""
    engine = connect(database)
    try:
        anyio.run(partial(work, database, engine, temporal))
    except KeyboardInterrupt:
        pass
    finally:
        engine.dispose()
