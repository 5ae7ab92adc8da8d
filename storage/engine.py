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
    """What is asked again and again on a connection is planned once. By itself PostgreSQL plans a query with arrays
    each time, since one plan for arrays of any length looks dearer to it; that was half of a sitting's reading."""
    connection.execute("SET plan_cache_mode = force_generic_plan")
    connection.commit()


def connect_from_environment(pool: int = 10) -> Engine:
    return connect(os.environ["DATABASE_URL"], pool)
