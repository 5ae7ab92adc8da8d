"""Sets a checkpoint over new decisions now and then, beside the relay; of several web processes, whichever comes
first."""

import anyio
import structlog
from anyio.to_thread import run_sync
from sqlalchemy import Engine
from sqlalchemy.exc import SQLAlchemyError

from storage.audit.checkpoints import Horizon, horizon, set_checkpoint

log = structlog.get_logger()

PAUSE_SECONDS = 60.0
"""Also the time that transactions have to end in before a checkpoint is set over what they ran beside."""


async def checkpoint_regularly(engine: Engine, pause: float = PAUSE_SECONDS) -> None:
    """Set checkpoints until cancelled; a database that doesn't answer is asked again."""
    seen: Horizon | None = None
    while True:
        await anyio.sleep(pause)
        try:
            if seen is not None:
                await run_sync(set_checkpoint, engine, seen)
            seen = await run_sync(horizon, engine)
        except SQLAlchemyError as error:
            log.warning("no checkpoint was set", reason=type(error).__name__)
