"""The pages behind the links in messages: what their reader sees, and what nobody else does."""

from collections.abc import AsyncIterator
from datetime import date
from decimal import Decimal

import pytest
from fastapi import FastAPI
from httpx import ASGITransport, AsyncClient, Response
from sqlalchemy import Engine, insert, update

from channels.links import Links
from models.formats import money
from storage.catalogue import RULERS
from storage.engine import connect
from storage.schema import charges, cohorts, debts, holds, rulers, taxpayers
from tests.html import Opened
from tests.web.pix_world import World
from web.portal.pages import page_routes
from web.security.guard import Guard

LINKS = Links(["k" * 32], "http://regua")
BRCODE = "00020126580014br.gov.bcb.pix0136exemplo5204000053039865802BR6304ABCD"


@pytest.fixture
def world(engine: Engine) -> World:
    world = World(engine)
    with engine.begin() as connection:
        source = RULERS.read("alagoas-icms")[1]
        connection.execute(
            insert(rulers).values(digest="pages", label="icms v1", source=source, holidays=[], assets={})
        )
        connection.execute(update(cohorts).values(ruler="pages"))
    return world


@pytest.fixture
def refused() -> list[tuple[str, str, str]]:
    return []


@pytest.fixture
async def http(engine: Engine, refused: list[tuple[str, str, str]]) -> AsyncIterator[AsyncClient]:
    app = FastAPI()
    app.add_middleware(Guard)
    app.include_router(page_routes(engine, LINKS, lambda _, *asked: refused.append(asked)))
    async with AsyncClient(transport=ASGITransport(app), base_url="http://regua") as client:
        yield client


def opened(answer: Response) -> Opened:
    """Every page: whole, in need of nothing else, kept from caches, indexes, frames and other sites."""
    page = Opened(answer.text)
    assert page.stack == []
    assert page.fetched == []
    assert "script" not in page.tags
    assert answer.headers["cache-control"] == "no-store"
    assert answer.headers["referrer-policy"] == "no-referrer"
    assert "default-src 'none'" in answer.headers["content-security-policy"]
    assert "noindex" in answer.headers["x-robots-tag"]
    return page


async def test_it_says_what_is_owed_and_how_to_pay_it(world: World, http: AsyncClient) -> None:
    owing, case = world.owing_case("1234.56")
    with world.engine.begin() as connection:
        connection.execute(update(taxpayers).values(name="<b>Ana</b> & {{ 7*7 }}", tax_id="11144477735"))
        charge = {"debt": owing.debt, "txid": "t1", "amount": Decimal("1234.56"), "due": date(2026, 3, 1)}
        connection.execute(insert(charges).values(**charge, state="open", brcode=BRCODE))
    answer = await http.get(LINKS.pay(case))
    page = opened(answer)
    assert answer.status_code == 200
    for said in (money(Decimal("1234.56")), BRCODE, "0800 000 0002", case, "vencimento 10/01/2026", "***.444.777-**"):
        assert said in page.text
    assert "<b>Ana</b> & {{ 7*7 }}" in page.text
    assert "b" not in page.tags
    assert "11144477735" not in answer.text


async def test_without_a_code_it_says_where_to_get_one(world: World, http: AsyncClient) -> None:
    _, case = world.owing_case()
    page = opened(await http.get(LINKS.pay(case)))
    assert "copia e cola" not in page.text
    assert "Emita a guia ou o código Pix" in page.text
    assert "https://cobranca.sefaz.example/consulta" in page.links


@pytest.mark.parametrize("rung_channel", ["paid", "held"])
async def test_a_case_with_nothing_to_pay_says_so(world: World, http: AsyncClient, rung_channel: str) -> None:
    owing, case = world.owing_case()
    with world.engine.begin() as connection:
        if rung_channel == "paid":
            connection.execute(update(debts).values(received=Decimal("100.00")))
        else:
            connection.execute(insert(holds).values(debt=owing.debt, ground="judicial_decision", source="extract"))
    page = opened(await http.get(LINKS.pay(case)))
    assert "Nada a resolver agora" in page.text
    assert ("exigibilidade suspensa" in page.text) is (rung_channel == "held")
    assert "100,00" not in page.text


@pytest.mark.parametrize(
    ("url", "status", "said"),
    [
        ("/p/nonsense", 404, "Endereço não encontrado"),
        ("/p/%00%ff", 404, "Endereço não encontrado"),
        (LINKS.pay("ffffffffffffffff"), 404, "Endereço não encontrado"),
        (LINKS.unsubscribe("ffffffffffffffff", "email").replace("/u/", "/p/"), 404, "Endereço não encontrado"),
        (LINKS.pay("ffffffffffffffff").replace("/p/", "/u/"), 404, "Endereço não encontrado"),
    ],
)
async def test_a_wrong_link_is_a_friendly_page(http: AsyncClient, url: str, status: int, said: str) -> None:
    answer = await http.get(url)
    assert answer.status_code == status
    assert said in opened(answer).text


async def test_an_old_link_is_told_from_a_wrong_one(engine: Engine) -> None:
    app = FastAPI()
    app.add_middleware(Guard)
    app.include_router(page_routes(engine, Links(["k" * 32], "http://regua", valid_days=-1), lambda *_: None))
    async with AsyncClient(transport=ASGITransport(app), base_url="http://regua") as http:
        answer = await http.get(LINKS.pay("ffffffffffffffff"))
    assert answer.status_code == 410
    assert "Este endereço venceu" in opened(answer).text


async def test_looking_at_the_unsubscribe_page_changes_nothing(
    http: AsyncClient, refused: list[tuple[str, str, str]]
) -> None:
    page = opened(await http.get(LINKS.unsubscribe("0123456789abcdef", "email")))
    assert "por e-mail?" in page.text
    assert "form" in page.tags
    assert refused == []


@pytest.mark.parametrize("body", [b"", b"List-Unsubscribe=One-Click", b"x" * 100_000])
async def test_one_click_unsubscribes(http: AsyncClient, refused: list[tuple[str, str, str]], body: bytes) -> None:
    answer = await http.post(LINKS.unsubscribe("0123456789abcdef", "sms"), content=body)
    assert answer.status_code == 200
    assert "Não enviaremos mais lembretes por SMS" in opened(answer).text
    assert refused == [("0123456789abcdef", "sms", "link")]


async def test_a_link_to_pay_does_not_unsubscribe(http: AsyncClient, refused: list[tuple[str, str, str]]) -> None:
    answer = await http.post(LINKS.pay("0123456789abcdef").replace("/p/", "/u/"))
    assert answer.status_code == 404
    assert refused == []


async def test_without_the_database_it_says_to_come_back(http: AsyncClient) -> None:
    app = FastAPI()
    app.add_middleware(Guard)
    nowhere = connect("postgresql+psycopg://nobody@127.0.0.1:1/nothing")
    app.include_router(page_routes(nowhere, LINKS, lambda *_: None))
    async with AsyncClient(transport=ASGITransport(app), base_url="http://regua") as away:
        answer = await away.get(LINKS.pay("0123456789abcdef"))
    nowhere.dispose()
    assert answer.status_code == 503
    assert "Tente de novo" in opened(answer).text
