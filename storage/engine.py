"""One engine a process, and the transactions on it."""

import os
from typing import Any

from sqlalchemy import Engine, create_engine, event
from sqlalchemy.engine import make_url


def connect(database: str, pool: int = 10) -> Engine:
    """An engine for a `postgresql://` address; psycopg 3 speaks for it."""
    url = make_url(database).set(drivername="postgresql+psycopg")
    engine = create_engine(url, pool_size=pool, max_overflow=0, pool_pre_ping=True, hide_parameters=True)
    event.listen(engine, "connect", _plan_once)
    return engine


def _plan_once(connection: Any, _: Any) -> None:
    """A query asked again and again on one connection is planned once. PostgreSQL by itself plans those with arrays
    each time, since it takes every array for ten long, and that took three quarters of a sitting."""
    connection.execute("SET plan_cache_mode = force_generic_plan")
    connection.commit()


def connect_from_environment(pool: int = 10) -> Engine:
    return connect(os.environ["DATABASE_URL"], pool)
