"""A fresh migrated database for each test."""

from collections.abc import Iterator
from contextlib import contextmanager
from uuid import uuid4

import psycopg
import pytest
from sqlalchemy import Engine
from sqlalchemy.engine import make_url

from storage.engine import connect
from storage.migrate import upgrade

SERVER = "postgresql://regua:dev@127.0.0.1:5599/pix"


@pytest.fixture(scope="session")
def migrated() -> Iterator[str]:
    with temporary_database("template0") as database:
        upgrade(database)
        yield database


@pytest.fixture
def database(migrated: str) -> Iterator[str]:
    with temporary_database(make_url(migrated).database or "") as database:
        yield database


@contextmanager
def temporary_database(template: str) -> Iterator[str]:
    name = f"pix_{uuid4().hex[:12]}"
    with psycopg.connect(SERVER, autocommit=True) as server:
        server.execute(f"CREATE DATABASE {name} TEMPLATE {template}")
        try:
            yield make_url(SERVER).set(database=name).render_as_string(hide_password=False)
        finally:
            server.execute(f"DROP DATABASE {name} WITH (FORCE)")


@pytest.fixture
def engine(database: str) -> Iterator[Engine]:
    engine = connect(database)
    yield engine
    engine.dispose()
