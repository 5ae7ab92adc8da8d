"""One real PostgreSQL for the session, and an empty migrated database for each test."""

from collections.abc import Iterator

import psycopg
import pytest
from sqlalchemy import Engine
from sqlalchemy.engine import make_url

from embedded import postgres as server_program
from embedded.home import Home
from embedded.ports import free_ports
from storage.engine import connect
from storage.grants import APPEND_ONLY, grant_to
from storage.migrate import upgrade
from storage.schema import metadata
from tests import chance
from tests.payloads import KEYS
from workflows.client import leave

APP_PASSWORD = "app"

EXIT = pytest.StashKey[int]()


@pytest.fixture(scope="session", autouse=True)
def _payload_keys() -> Iterator[None]:
    """No process of ours runs without them."""
    with pytest.MonkeyPatch.context() as environment:
        environment.setenv("REGUA_PAYLOAD_KEYS", KEYS)
        yield


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
            admin.execute("CREATE DATABASE migrated")
            server_program.create_app_role(admin, APP_PASSWORD)
        upgrade(of_database(address, "migrated"))
        grant_to(of_database(address, "migrated"), server_program.APP_ROLE)
        yield address
    finally:
        server.stop()


@pytest.fixture(scope="session")
def shared(postgres: str) -> str:
    """One database for all tests that take turns on it: a new one for each would take longer than the test."""
    with psycopg.connect(postgres, autocommit=True) as admin:
        admin.execute("CREATE DATABASE shared TEMPLATE migrated")
    return of_database(postgres, "shared")


@pytest.fixture
def owned(shared: str) -> Iterator[str]:
    """The URL of a migrated database, empty for each test, as the owner of its tables connects."""
    yield shared
    with psycopg.connect(shared) as connection:
        # what is append-only is so for everybody but its owner
        for name in APPEND_ONLY:
            connection.execute(f"ALTER TABLE {name} DISABLE TRIGGER USER")
        for table in reversed(metadata.sorted_tables):
            connection.execute(f"DELETE FROM {table.name}")
        for name in APPEND_ONLY:
            connection.execute(f"ALTER TABLE {name} ENABLE TRIGGER USER")


@pytest.fixture
def database(owned: str) -> str:
    """The same as the application connects: every test proves that it may do its work, and no more."""
    return for_app(owned)


@pytest.fixture
def engine(database: str) -> Iterator[Engine]:
    engine = connect(database)
    yield engine
    engine.dispose()


@pytest.fixture
def owner(owned: str) -> Iterator[Engine]:
    """For what only a database's administrator could do."""
    engine = connect(owned)
    yield engine
    engine.dispose()


def of_database(address: str, name: str) -> str:
    return make_url(address).set(database=name).render_as_string(hide_password=False)


def for_app(address: str) -> str:
    as_app = make_url(address).set(username=server_program.APP_ROLE, password=APP_PASSWORD)
    return as_app.render_as_string(hide_password=False)


@pytest.fixture(scope="session")
def seed(pytestconfig: pytest.Config) -> int:
    """For chance that isn't hypothesis's own, which begins with it too."""
    return seed_of(pytestconfig)


def seed_of(config: pytest.Config) -> int:
    return int(config.getoption("--hypothesis-seed"))


def pytest_report_header(config: pytest.Config) -> str:
    return f"chance: {chance.examples(chance.FEW)} examples of what is random, from seed {seed_of(config)}"


@pytest.hookimpl(tryfirst=True)
def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Where there are several workers (`--dist loadgroup`), each file is one worker's, and all that needs the town."""
    for item in items:
        in_town = "whole_town" in getattr(item, "fixturenames", ())
        item.add_marker(pytest.mark.xdist_group("town" if in_town else item.path.as_posix()))


def pytest_sessionfinish(session: pytest.Session, exitstatus: int) -> None:
    session.config.stash[EXIT] = int(exitstatus)


@pytest.hookimpl(trylast=True)
def pytest_unconfigure(config: pytest.Config) -> None:
    """Leaves as our own processes do: a thread of Temporal's SDK would at times kill a finished session."""
    leave(config.stash.get(EXIT, 0))
