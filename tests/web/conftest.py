"""An empty migrated database for each test: one for the session, emptied in between, since making one is slow."""

from collections.abc import Iterator
from contextlib import contextmanager
from uuid import uuid4

import psycopg
import pytest
from sqlalchemy import Engine, delete, text
from sqlalchemy.engine import make_url

from storage.engine import connect
from storage.migrate import upgrade
from storage.schema import metadata

SERVER = "postgresql://regua:dev@127.0.0.1:5599/pix"


@pytest.fixture(scope="session")
def migrated() -> Iterator[str]:
    with temporary_database() as database:
        upgrade(database)
        yield database


@pytest.fixture
def database(migrated: str) -> Iterator[str]:
    yield migrated
    empty(migrated)


@pytest.fixture
def engine(database: str) -> Iterator[Engine]:
    engine = connect(database)
    yield engine
    engine.dispose()


@contextmanager
def temporary_database() -> Iterator[str]:
    name = f"pix_{uuid4().hex[:12]}"
    with psycopg.connect(SERVER, autocommit=True) as server:
        server.execute(f"CREATE DATABASE {name} TEMPLATE template0")
        try:
            yield make_url(SERVER).set(database=name).render_as_string(hide_password=False)
        finally:
            server.execute(f"DROP DATABASE {name} WITH (FORCE)")


def empty(database: str) -> None:
    """The journal is append-only for everybody but its owner."""
    engine = connect(database)
    with engine.begin() as connection:
        connection.execute(text("ALTER TABLE decisions DISABLE TRIGGER USER"))
        for table in reversed(metadata.sorted_tables):
            connection.execute(delete(table))
        connection.execute(text("ALTER TABLE decisions ENABLE TRIGGER USER"))
    engine.dispose()
