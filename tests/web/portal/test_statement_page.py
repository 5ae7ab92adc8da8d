"""The statement behind the link: what each debt consists of on a day, what holds it, and what happened."""

from collections.abc import AsyncIterator
from datetime import date, datetime, timedelta
from decimal import Decimal
from typing import get_type_hints
from zoneinfo import ZoneInfo

import pytest
from fastapi import FastAPI
from httpx import ASGITransport, AsyncClient
from sqlalchemy import Engine, insert

from channels.links import Links
from models.formats import day, money
from storage.read_models.taxpayer_statement import MESSAGES, StatedMessage
from storage.schema import holds
from tests.agreement_world import FINE, contract
from tests.explained_world import with_everything
from tests.shapes import misfits
from tests.web.portal.test_pages import opened
from web.portal.pages import page_routes
from web.portal.statement import statement_routes
from web.security.guard import Guard

LINKS = Links(["k" * 32], "http://regua")
TODAY = datetime.now(ZoneInfo("America/Sao_Paulo")).date()


@pytest.fixture
async def http(engine: Engine) -> AsyncIterator[AsyncClient]:
    app = FastAPI()
    app.add_middleware(Guard)
    app.include_router(page_routes(engine, LINKS, lambda *_: None))
    app.include_router(statement_routes(engine, LINKS))
    async with AsyncClient(transport=ASGITransport(app), base_url="http://regua") as client:
        yield client


def address(case: str, asked: str = "") -> str:
    return f"{LINKS.pay(case)}/extrato{asked}"


async def test_each_debt_is_told_by_what_it_consists_of(engine: Engine, http: AsyncClient) -> None:
    made = contract(engine, "1000.00", "50.00", accrual=FINE)
    made.pay_debt(1, date(2026, 1, 5), "60.00")
    owed = opened(await http.get(LINKS.pay(made.case)))
    assert [link for link in owed.links if link.endswith("/extrato")] != []
    answer = await http.get(address(made.case))
    page = opened(answer).text
    assert answer.status_code == 200
    # 20 % by the table of the ruler; the other one is paid
    for said in ("Principal", money(Decimal(1000)), "Multa de mora", money(Decimal(200)), money(Decimal(1200))):
        assert said in page
    assert page.index("A pagar") < page.index("Pagamentos recebidos") < page.index("Quitados")
    assert "05/01/2026" in page
    assert money(Decimal(60)) in page
    assert "Em espera" not in page


async def test_what_is_on_hold_stands_apart_with_its_reason(engine: Engine, http: AsyncClient) -> None:
    made = contract(engine, "400.00", "900.00")
    with engine.begin() as connection:
        row = {"ground": "injunction", "source": "person", "placed_by": "Caio", "reason": "autos secretos"}
        until = TODAY + timedelta(days=9)
        connection.execute(insert(holds).values(debt=made.debts[0], since=date(2026, 1, 3), until=until, **row))
    page = opened(await http.get(address(made.case))).text
    apart = page.index("Em espera, e por quê")
    assert page.index(money(Decimal(900))) < apart < page.index(money(Decimal(400)))
    assert f"liminar ou tutela antecipada em outra ação (CTN art. 151, V), desde 03/01/2026, até {day(until)}" in page
    assert ("autos secretos" in page, "Caio" in page) == (False, False)


async def test_it_tells_notices_with_their_terms_and_all_that_happened(engine: Engine, http: AsyncClient) -> None:
    case = with_everything(engine)
    page = opened(await http.get(address(case))).text
    assert "Notificação de 02/03/2026, com ciência em 17/03/2026" in page
    assert "Prazo para defesa encerrado em 16/04/2026" in page
    for said in ("PRODESIN: em vigor", "cumprida", "Pedido de acesso aos dados", "sua resposta: contesta"):
        assert said in page
    for hidden in ("dona@padaria.example", "fale com minha sócia", "sem prova", "Caio", "12ABC34501DE35"):
        assert hidden not in page


def test_messages_are_as_their_type_says(engine: Engine) -> None:
    case = with_everything(engine)
    with engine.connect() as connection:
        found = connection.execute(MESSAGES, {"case": case, "timezone": "America/Maceio"}).mappings()
        rows = [dict(row) for row in found]
    assert {row["status"] for row in rows} == {"sent", None}
    assert set(get_type_hints(StatedMessage)) == set(rows[0])
    assert [fault for row in rows for fault in misfits(row, StatedMessage)] == []


@pytest.mark.parametrize(
    ("asked", "said"),
    [
        ("x", "Este dia não existe"),
        ("2026-02-30", "Este dia não existe"),
        ("2020-01-01", "Escolha um dia de hoje em diante"),
        ("9999-12-31", "Escolha um dia de hoje em diante"),
        (f"{'9' * 500}", "Este dia não existe"),
    ],
)
async def test_a_day_that_cannot_be_is_told_so_above_the_statement_of_today(
    engine: Engine, http: AsyncClient, asked: str, said: str
) -> None:
    made = contract(engine, "400.00")
    answer = await http.get(address(made.case, f"?dia={asked}"))
    assert answer.status_code == 422
    page = opened(answer).text
    assert said in page
    assert money(Decimal(400)) in page


async def test_another_day_costs_what_it_will_cost(engine: Engine, http: AsyncClient) -> None:
    # one percent more each day since a Friday
    made = contract(engine, "1000.00", accrual=FINE.replace('{percent: "20"}', '{per_day: "1"}'))
    owed = Decimal(1000) + 10 * (TODAY - date(2025, 1, 10)).days
    now, later = [
        opened(await http.get(address(made.case, asked))).text for asked in ("", f"?dia={TODAY + timedelta(days=40)}")
    ]
    assert (money(owed) in now, money(owed + 400) in now) == (True, False)
    assert (money(owed + 400) in later, f"Extrato em {day(TODAY + timedelta(days=40))}" in later) == (True, True)


@pytest.mark.parametrize("token", ["nonsense", LINKS.agree("0123456789abcdef").rpartition("/")[2]])
async def test_a_wrong_link_is_a_friendly_page(http: AsyncClient, token: str) -> None:
    answer = await http.get(f"/p/{token}/extrato")
    assert answer.status_code == 404
    assert "Endereço não encontrado" in opened(answer).text
