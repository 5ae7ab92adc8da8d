"""One town for the session: a server that skips time, the real worker, relay and PostgreSQL."""

from collections.abc import AsyncIterator, Iterator
from uuid import uuid4

import psycopg
import pytest
from sqlalchemy import Engine
from sqlalchemy.engine import make_url

from storage.engine import connect
from tests.workflows.town import Town, keep_histories, skipping_time


@pytest.fixture(scope="session")
def town_database(postgres: str) -> Iterator[str]:
    name = f"town_{uuid4().hex[:12]}"
    with psycopg.connect(postgres, autocommit=True) as admin:
        admin.execute(f"CREATE DATABASE {name} TEMPLATE migrated")
        yield make_url(postgres).set(database=name).render_as_string(hide_password=False)
        admin.execute(f"DROP DATABASE {name} WITH (FORCE)")


@pytest.fixture(scope="session")
def town_engine(town_database: str) -> Iterator[Engine]:
    engine = connect(town_database, pool=30)
    yield engine
    engine.dispose()


@pytest.fixture(scope="session")
async def whole_town(
    town_database: str, town_engine: Engine, tmp_path_factory: pytest.TempPathFactory
) -> AsyncIterator[Town]:
    async with skipping_time() as env:
        town = Town(env, town_database, town_engine, tmp_path_factory.mktemp("outbox"))
        async with town.at_work():
            yield town


@pytest.fixture
async def town(whole_town: Town, request: pytest.FixtureRequest) -> AsyncIterator[Town]:
    """The town for one test: the lives begun in it end with it, and leave their histories if asked to."""
    yield whole_town
    await keep_histories(whole_town, request.node.name)
    await whole_town.forget()
