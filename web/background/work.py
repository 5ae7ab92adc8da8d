"""The work beside what is asked by HTTP: the outbox's relay, the reconciler, checkpoints, measures, checks.

`web` does it in its own process, unless REGUA_BACKGROUND is `elsewhere`; `background` does nothing else. However many
there are, one relay delivers and one reconciler compares at a time, and each process measures for its own metrics
(docs/operations.md).
"""

from __future__ import annotations

import os
import signal
from collections.abc import Awaitable, Callable
from functools import partial

import anyio
import structlog
from sqlalchemy import Engine
from temporalio.client import Client

from models.errors import Refusal
from storage.engine import connect
from web.background.checkpointing import checkpoint_regularly
from web.background.draft_checks import check_drafts
from web.background.reconciler import Reconciler
from web.background.relay import Relay
from web.background.uploads import work_on_uploads
from web.background.vitals import measure_regularly

log = structlog.get_logger()

WHERE = "REGUA_BACKGROUND"

PAUSE_SECONDS = 5.0
"""After which work that failed is done again."""


def is_here() -> bool:
    """Whether `web` does this work too. Raises Refusal when the setting is no setting."""
    where = os.environ.get(WHERE, "here")
    if where not in {"here", "elsewhere"}:
        raise Refusal(f"{WHERE} is {where!r}: it is `here`, or `elsewhere` where `starter.py background` runs too")
    return where == "here"


async def work(database: str, engine: Engine, temporal: Callable[[], Awaitable[Client]], relay: Relay) -> None:
    """Do all of it until cancelled."""
    async with anyio.create_task_group() as tasks:
        for piece in (
            relay.run,
            Reconciler(database, engine, temporal).run,
            partial(checkpoint_regularly, engine),
            partial(measure_regularly, engine, temporal),
            partial(check_drafts, engine),
            partial(work_on_uploads, engine),
        ):
            tasks.start_soon(again_and_again, piece)


async def again_and_again(piece: Callable[[], Awaitable[None]], pause: float = PAUSE_SECONDS) -> None:
    """Do a piece of work that has no end, and again where it failed: none takes the others with it."""
    while True:
        try:
            await piece()
        except Exception as error:
            # the kind of error only: a message may quote what is on record
            log.error("work in the background failed", reason=type(error).__name__)
        await anyio.sleep(pause)


def work_alone(database: str, temporal: Callable[[], Awaitable[Client]]) -> None:
    """Do all of it as the only thing a process does, until it is told to stop."""
    engine = connect(database)
    try:
        anyio.run(_work_until_told, database, engine, temporal)
    finally:
        engine.dispose()


async def _work_until_told(database: str, engine: Engine, temporal: Callable[[], Awaitable[Client]]) -> None:
    async with anyio.create_task_group() as tasks:
        tasks.start_soon(work, database, engine, temporal, Relay(database, engine, temporal))
        # the first process of a container gets no signal but those that it asks for
        with anyio.open_signal_receiver(signal.SIGINT, signal.SIGTERM) as signs:
            await anext(signs)
            tasks.cancel_scope.cancel()
