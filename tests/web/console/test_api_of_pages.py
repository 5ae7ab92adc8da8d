"""The data of each page, and each of its acts, for an authority's own system: the same by token over the staff API."""

from __future__ import annotations

from collections.abc import AsyncIterator

import pytest
from fastapi import FastAPI
from httpx import ASGITransport, AsyncClient
from sqlalchemy import Engine

from models.roles import Role
from tests.agreement_world import Contract, contract
from tests.web.console.console_world import COOKIE, SITE, away, signed_in_as, token_of
from tests.web.console.test_case_page import FILLED
from web.console.api import staff_routes
from web.console.case_forms import FORMS
from web.security.guard import Guard


@pytest.fixture
def made(engine: Engine) -> Contract:
    return contract(engine, "400.00", "800.00")


@pytest.fixture
async def http(engine: Engine) -> AsyncIterator[AsyncClient]:
    app = FastAPI()
    app.add_middleware(Guard)
    app.include_router(staff_routes(engine, away))
    async with AsyncClient(transport=ASGITransport(app), base_url=SITE) as client:
        yield client


def by(token: str) -> dict[str, str]:
    return {"Authorization": f"Bearer {token}"}


async def test_each_page_s_data_is_read_by_token(http: AsyncClient, engine: Engine, made: Contract) -> None:
    [(name,)] = made.rows("SELECT name FROM taxpayers WHERE id = :taxpayer")
    dora = by(token_of(engine, "dora", Role.AGENT))
    for path in ("waiting", "waiting/tasks", f"cases/{made.case}/explanation", f"taxpayers/{made.taxpayer}"):
        shown = await http.get(f"/api/{path}", headers=dora)
        assert shown.status_code == 200, path
        assert name not in shown.text
    found = await http.post("/api/search", headers=dora, json={"q": made.debts[0]})
    assert [each["taxpayer"] for each in found.json()["found"]] == [made.taxpayer]
    assert (await http.get(f"/api/cases/{made.case}/approval", headers=dora)).status_code == 403
    revealed = await http.post(f"/api/taxpayers/{made.taxpayer}/reveal", headers=dora, json={"reason": "ligação"})
    assert revealed.json()["name"] == name
    assert made.rows("SELECT command, outcome FROM audit_log") == [("taxpayer reveal", "done")]


async def test_the_api_is_described_to_who_is_signed_in(http: AsyncClient, engine: Engine) -> None:
    assert (await http.get("/api/openapi.json")).status_code == 401
    described = (await http.get("/api/openapi.json", headers=by(token_of(engine, "dora", Role.AGENT)))).json()
    assert described["paths"]["/api/cohorts/{name}/pause"]["post"]["x-duty"] == "cohort pause"
    assert {path.split("/")[1] for path in described["paths"]} == {"api"}


async def test_each_act_of_a_case_s_page_has_its_request(http: AsyncClient, engine: Engine, made: Contract) -> None:
    bia = by(token_of(engine, "bia", Role.SUPERVISOR))
    order = [
        "contact",
        "promise",
        "promise/another",
        "request",
        "request/answer",
        "hardship",
        "annul",
        "hold",
        "release",
        "step",
        "interruption",
    ]
    for path in [*order, "pause", "resume"]:
        done = await http.post(f"/api/cases/{made.case}/{path}", headers=bia, json=FILLED[path])
        assert done.status_code in (200, 202), (path, done.text)
    told = made.rows("SELECT command FROM audit_log WHERE subject = :case AND outcome = 'done'")
    assert {command for (command,) in told} == {form.what.duty for form in FORMS if form.path in FILLED}


async def test_a_browser_s_session_does_as_well_on_our_own_pages_alone(
    http: AsyncClient, engine: Engine, made: Contract
) -> None:
    http.cookies.set(COOKIE, signed_in_as(engine, "ana", Role.ANALYST))
    assert (await http.get(f"/api/cases/{made.case}")).status_code == 200
    for headers, status in (({}, 403), ({"Sec-Fetch-Site": "cross-site"}, 403), ({"Origin": SITE}, 202)):
        assert (await http.post(f"/api/cases/{made.case}/pause", headers=headers)).status_code == status
