"""Leadership among several web processes: an advisory lock chooses the one that does what must be done once."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any

import anyio
from psycopg import AsyncConnection


@asynccontextmanager
async def connected(database: str) -> AsyncIterator[AsyncConnection[Any]]:
    """A connection that is closed however this ends. Its own `async with` would roll back first, which a cancelled
    scope doesn't let it do, and leave it open."""
    connection = await AsyncConnection.connect(database, autocommit=True)
    try:
        yield connection
    finally:
        with anyio.CancelScope(shield=True):
            await connection.close()


async def leads(connection: AsyncConnection[Any], what: str) -> bool:
    """Whether the lock is this connection's, or becomes so now; it goes with the connection. `status` takes who hasn't
    asked for long for idle."""
    asked = await connection.execute("SELECT pg_try_advisory_lock(hashtext(%s))", [what])
    row = await asked.fetchone()
    return bool(row and row[0])
