"""Contesting behind the link: a request that people answer, once, under a protocol."""

from collections.abc import AsyncIterator

import pytest
from fastapi import FastAPI
from httpx import ASGITransport, AsyncClient
from sqlalchemy import Engine

from channels.links import Links
from tests.agreement_world import Contract, contract
from tests.web.portal.test_pages import opened
from web.portal.contesting import contesting_routes
from web.portal.pages import page_routes
from web.security.guard import Guard

LINKS = Links(["k" * 32], "http://regua")


@pytest.fixture
async def http(engine: Engine) -> AsyncIterator[AsyncClient]:
    app = FastAPI()
    app.add_middleware(Guard)
    app.include_router(page_routes(engine, LINKS, lambda *_: None))
    app.include_router(contesting_routes(engine, LINKS))
    async with AsyncClient(transport=ASGITransport(app), base_url="http://regua") as client:
        yield client


@pytest.fixture
def made(engine: Engine) -> Contract:
    return contract(engine, "400.00")


async def test_the_page_of_what_is_owed_leads_there_and_sending_it_twice_makes_one(
    made: Contract, http: AsyncClient
) -> None:
    owed = opened(await http.get(LINKS.pay(made.case)))
    [address] = [link for link in owed.links if link.endswith("/contestar")]
    form = opened(await http.get(address))
    assert "Já paguei" in form.text
    for _ in range(2):
        answer = await http.post(address, data={"why": "paid"})
        assert (answer.status_code, answer.headers["location"]) == (303, "?")
    [[number, kind, reference]] = made.rows("SELECT id, kind, reference FROM requests")
    assert (kind, reference) == ("contest", "página do contribuinte: já paguei")
    shown = opened(await http.get(address))
    assert f"{made.case}-{number}" in shown.text
    assert "form" not in shown.tags
    said = made.rows("SELECT command, detail ->> 'via' FROM audit_log WHERE command = 'case review'")
    assert said == [("case review", "link")] * 2, "each time he asked is in the log"


@pytest.mark.parametrize("said", [{}, {"why": "x"}, {"why": "<b>"}, {"porque": "paid"}])
async def test_without_a_reason_nothing_is_put_down(made: Contract, http: AsyncClient, said: dict[str, str]) -> None:
    answer = await http.post(f"{LINKS.pay(made.case)}/contestar", data=said)
    assert answer.status_code == 422
    assert "Escolha o motivo da contestação." in opened(answer).text
    assert made.rows("SELECT 1 FROM requests") == []


async def test_one_of_two_debts_is_contested_and_the_form_stays_for_the_other(
    engine: Engine, http: AsyncClient
) -> None:
    made = contract(engine, "400.00", "500.00")
    first, second = made.debts
    address = f"{LINKS.pay(made.case)}/contestar"
    assert f'value="{second}" checked' in (await http.get(address)).text
    assert (await http.post(address, data={"why": "paid", "credit": second})).status_code == 303
    assert made.rows("SELECT credit FROM request_credits") == [(second,)]
    again = await http.get(address)
    assert "Contestar o que mais está em aberto" in opened(again).text
    assert (await http.post(address, data={"why": "paid", "credit": "x"})).status_code == 409
    assert (await http.post(address, data={"why": "amount"})).status_code == 303
    assert made.rows("SELECT credit FROM request_credits ORDER BY request") == [(second,), (first,)]
    assert "form" not in opened(await http.get(address)).tags


async def test_a_closed_case_is_contested_by_nobody(made: Contract, http: AsyncClient) -> None:
    with made.engine.begin() as connection:
        connection.exec_driver_sql("UPDATE cases SET status = 'resolved', closed_at = now()")
    answer = await http.post(f"{LINKS.pay(made.case)}/contestar", data={"why": "other"})
    assert answer.status_code == 409
    assert "encerrado" in opened(answer).text
    assert made.rows("SELECT 1 FROM requests") == []


@pytest.mark.parametrize("token", ["x", LINKS.agree("0" * 16).rpartition("/")[2]])
async def test_another_link_opens_nothing(made: Contract, http: AsyncClient, token: str) -> None:
    for answer in (await http.get(f"/p/{token}/contestar"), await http.post(f"/p/{token}/contestar")):
        assert answer.status_code == 404
