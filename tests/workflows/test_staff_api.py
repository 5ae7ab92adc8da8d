"""A supervisor and the staff API: what is asked with a token is done by the case, and on record with it."""

from collections.abc import AsyncIterator

import psycopg
import pytest
from fastapi import FastAPI
from httpx import ASGITransport, AsyncClient
from sqlalchemy import make_url
from temporalio.client import Client

from models.roles import Role
from storage.audit.tokens import issue
from tests.builders import FACTS
from tests.conftest import of_database
from tests.workflows.town import Town
from web.console.api import staff_routes


@pytest.fixture
async def staff(town: Town, postgres: str) -> AsyncIterator[AsyncClient]:
    """As the supervisor bia asks. Once a token was issued nobody acts without one: the town's other tests do, so it is
    forgotten afterwards, as only the owner of the tables can."""

    async def temporal() -> Client:
        return town.client

    with town.engine.begin() as connection:
        token = issue(connection, "bia", Role.SUPERVISOR, "root", None)
    app = FastAPI()
    app.include_router(staff_routes(town.engine, temporal))
    headers = {"Authorization": f"Bearer {token}"}
    async with AsyncClient(transport=ASGITransport(app), base_url="http://regua", headers=headers) as client:
        yield client
    owner = of_database(postgres, make_url(town.database).database or "")
    with psycopg.connect(owner, autocommit=True) as admin:
        admin.execute("ALTER TABLE tokens DISABLE TRIGGER USER")
        admin.execute("DELETE FROM tokens")
        admin.execute("ALTER TABLE tokens ENABLE TRIGGER USER")


async def test_what_is_asked_is_done_and_signed(town: Town, staff: AsyncClient) -> None:
    life = await town.begin_one(FACTS["h8"])
    refused = await staff.post(f"/api/cases/{life.case}/approve", json={"reason": "cedo demais"})
    assert (refused.status_code, "not awaiting approval" in refused.json()["error"]) == (409, True)
    for what, status in (("pause", "paused"), ("resume", "running")):
        assert (await staff.post(f"/api/cases/{life.case}/{what}")).json() == {"case": life.case, "status": status}
    assert life.rows("SELECT command, outcome, actor, role, authenticated FROM audit_log WHERE subject = :case") == [
        ("case approve", "refused", "bia", "supervisor", True),
        ("case pause", "done", "bia", "supervisor", True),
        ("case resume", "done", "bia", "supervisor", True),
    ]


async def test_a_command_that_nobody_proved_to_have_given_says_so(town: Town) -> None:
    life = await town.begin_one(FACTS["h1"])
    await life.command("pause")
    [(role, authenticated)] = life.rows("SELECT role, authenticated FROM audit_log WHERE subject = :case")
    assert (role, authenticated) == (None, False)
