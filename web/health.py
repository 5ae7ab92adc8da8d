"""Whether this process lives (`/health`), and whether it can take payments (`/ready`). Neither counts a table."""

from __future__ import annotations

import os
import shutil
import time
from collections.abc import Callable
from pathlib import Path

import anyio
import structlog
from anyio.to_thread import run_sync
from fastapi import APIRouter
from fastapi.responses import JSONResponse
from sqlalchemy import Engine, text

from storage.engine import is_away

log = structlog.get_logger()

ANSWER_SECONDS = 5.0

FLOOR = 256 * 1024 * 1024
"""Free bytes of the disk on which the home is, below which nothing more is taken."""

RELAY_SECONDS = 120.0
"""After which a relay that hasn't looked at the outbox hangs. One that can't reach Temporal still looks."""

# a server that only reads, in recovery or by its setting, can't give the number that a writer gets
WRITABLE = text("SELECT current_setting('transaction_read_only') = 'off' AND pg_current_xact_id() IS NOT NULL")


def health_routes(engine: Engine, relay_looked_at: Callable[[], float] | None = None) -> APIRouter:
    """The routes; `relay_looked_at` is the monotonic moment at which this process's relay last looked at the outbox;
    none: it has no relay, and `status` tells how old what is owed is."""
    router = APIRouter()

    @router.get("/health")
    async def health() -> JSONResponse:
        """This process answers."""
        return JSONResponse({"status": "ok"})

    @router.get("/ready")
    async def ready() -> JSONResponse:
        """A payment that is posted now is kept."""
        found = {
            "database": await _database(engine),
            "disk": _disk(),
            "relay": "the relay hangs" if relay_looked_at and _hangs(relay_looked_at()) else "",
        }
        wrong = {what: why for what, why in found.items() if why}
        return JSONResponse({"status": "down" if wrong else "ok", **wrong}, 503 if wrong else 200)

    return router


def _hangs(looked_at: float) -> bool:
    return time.monotonic() - looked_at >= RELAY_SECONDS


async def _database(engine: Engine) -> str:
    """The fault of the database, in words; empty when there is none."""
    try:
        with anyio.fail_after(ANSWER_SECONDS):
            writable = await run_sync(_asked, engine, abandon_on_cancel=True)
    except TimeoutError:
        return "the database is not answering"
    except Exception as error:
        if is_away(error):
            return "the database is not answering"
        log.error("the database can't be asked", reason=type(error).__name__)
        return "the database can't be written to"
    return "" if writable else "the database can't be written to"


def _asked(engine: Engine) -> bool:
    with engine.connect() as connection:
        return bool(connection.execute(WRITABLE).scalar_one())


def _disk() -> str:
    home = Path(os.environ.get("REGUA_HOME") or ".").absolute()
    there = next(path for path in (home, *home.parents) if path.exists())
    return "" if shutil.disk_usage(there).free >= FLOOR else "the disk is almost full"
