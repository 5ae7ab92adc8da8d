"""One engine a process, and the transactions on it."""

import os

from sqlalchemy import Engine, create_engine
from sqlalchemy.engine import make_url
from sqlalchemy.exc import DBAPIError, InterfaceError, OperationalError
from sqlalchemy.exc import TimeoutError as PoolTimeout


def connect(database: str, pool: int = 10) -> Engine:
    """An engine for a `postgresql://` address; psycopg 3 speaks for it."""
    url = make_url(database).set(drivername="postgresql+psycopg")
    return create_engine(url, pool_size=pool, max_overflow=0, pool_pre_ping=True, hide_parameters=True)


AWAY = ("08", "53", "57P")
"""Beginnings of the SQLSTATEs of a database that can't take anything: no connection, no resources, shutting down."""


def is_away(error: BaseException) -> bool:
    """Whether the database didn't answer, or can take nothing for now; everything else is a fault of ours."""
    if isinstance(error, PoolTimeout):
        return True
    if not isinstance(error, DBAPIError):
        return False
    state = getattr(error.orig, "sqlstate", None)
    return state.startswith(AWAY) if state else isinstance(error, OperationalError | InterfaceError)


def connect_from_environment(pool: int = 10) -> Engine:
    return connect(os.environ["DATABASE_URL"], pool)
