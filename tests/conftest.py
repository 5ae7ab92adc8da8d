"""One real PostgreSQL for the session, and for each test a migrated database of its own, copied from a template."""

from collections.abc import Iterator
from uuid import uuid4

import psycopg
import pytest
from sqlalchemy import Engine
from sqlalchemy.engine import make_url

from embedded import postgres as server_program
from embedded.home import Home
from embedded.stack import free_ports
from storage.engine import connect
from storage.migrate import upgrade
from workflows.client import leave

TEMPLATE = "migrated"
EXIT = pytest.StashKey[int]()


@pytest.fixture(scope="session")
def postgres(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """The address of a server with a database `migrated`, which nobody connects to: it is copied."""
    home = Home(tmp_path_factory.mktemp("postgres"))
    [port] = free_ports(1, besides=set())
    address = server_program.address(home, port, "postgres")
    server_program.create(home)
    server = server_program.server(home, port)
    server.start()
    try:
        server.until(lambda: server_program.answers(address))
        with psycopg.connect(address, autocommit=True) as admin:
            # nothing of it outlives the session
            admin.execute("ALTER SYSTEM SET fsync = off")
            admin.execute("SELECT pg_reload_conf()")
            admin.execute(f"CREATE DATABASE {TEMPLATE}")
        upgrade(_database(address, TEMPLATE))
        yield address
    finally:
        server.stop()


@pytest.fixture
def database(postgres: str) -> Iterator[str]:
    """The URL of a fresh migrated database."""
    name = f"test_{uuid4().hex[:12]}"
    with psycopg.connect(postgres, autocommit=True) as admin:
        admin.execute(f"CREATE DATABASE {name} TEMPLATE {TEMPLATE}")
        yield _database(postgres, name)
        admin.execute(f"DROP DATABASE {name} WITH (FORCE)")


@pytest.fixture
def engine(database: str) -> Iterator[Engine]:
    engine = connect(database)
    yield engine
    engine.dispose()


def _database(address: str, name: str) -> str:
    return make_url(address).set(database=name).render_as_string(hide_password=False)


def pytest_sessionfinish(session: pytest.Session, exitstatus: int) -> None:
    session.config.stash[EXIT] = int(exitstatus)


@pytest.hookimpl(trylast=True)
def pytest_unconfigure(config: pytest.Config) -> None:
    """Leaves as our own processes do: a thread of Temporal's SDK would at times kill a finished session."""
    leave(config.stash.get(EXIT, 0))
