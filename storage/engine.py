"""One engine a process, and the transactions on it."""

import os

from sqlalchemy import Engine, create_engine
from sqlalchemy.engine import make_url


def connect(database: str, pool: int = 10) -> Engine:
    """An engine for a `postgresql://` address; psycopg 3 speaks for it."""
    url = make_url(database).set(drivername="postgresql+psycopg")
    return create_engine(url, pool_size=pool, max_overflow=0, pool_pre_ping=True, hide_parameters=True)


def connect_from_environment(pool: int = 10) -> Engine:
    return connect(os.environ["DATABASE_URL"], pool)
