"""Certificates behind the link, and their check by everybody: before and after payment."""

from collections.abc import AsyncIterator
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from io import BytesIO
from zoneinfo import ZoneInfo

import pytest
from fastapi import FastAPI
from httpx import ASGITransport, AsyncClient
from pypdf import PdfReader
from sqlalchemy import Engine, insert

from channels.links import Links
from models.payment.pix import PixPayment
from storage.payments.ledger import record_pix
from storage.schema import extract_sources, holds
from tests import factories
from tests.agreement_world import Contract, contract
from tests.chance import fresh_key
from tests.web.portal.test_pages import opened
from web.portal.certificates import certificate_routes, check_routes
from web.portal.settings import portal_from
from web.security.guard import Guard

LINKS = Links(["k" * 32], "http://regua")
TODAY = datetime.now(ZoneInfo("America/Sao_Paulo")).date()


@pytest.fixture
async def http(engine: Engine) -> AsyncIterator[AsyncClient]:
    table = portal_from({"REGUA_PORTAL": "sao-paulo"})
    assert table is not None
    assert table.certificates is not None
    app = FastAPI()
    app.add_middleware(Guard)
    app.include_router(certificate_routes(engine, LINKS, table, table.certificates))
    app.include_router(check_routes(engine, table))
    async with AsyncClient(transport=ASGITransport(app), base_url="http://regua") as client:
        yield client


@pytest.fixture
def made(engine: Engine) -> Contract:
    made = contract(engine, "400.00")
    said_on(engine, TODAY)
    return made


def said_on(engine: Engine, day: date) -> None:
    """A source said all that it has on that day."""
    with engine.begin() as connection:
        connection.execute(insert(extract_sources).values(name=fresh_key(), amounts="lodged", as_of=day))


def pay_all(made: Contract) -> None:
    txid, amount = made.rows("SELECT pix_txid, balance FROM debts WHERE id = :debt", debt=made.debts[0])[0]
    now = datetime.now(UTC)
    # more than is owed, whatever delay has added by today
    record_pix(made.engine, [PixPayment(f"E{fresh_key()[:31]}", txid, amount * 10, now)], now)


async def test_none_before_the_payment_and_a_negative_one_after_it(made: Contract, http: AsyncClient) -> None:
    address = f"{LINKS.pay(made.case)}/certidao"
    before = opened(await http.get(address))
    assert "não pode ser emitida hoje" in before.text
    assert "vencido e exigível" in before.text
    assert "form" not in before.tags
    assert (await http.post(address)).status_code == 409
    assert (await http.get(f"{address}.pdf")).status_code == 404
    assert made.rows("SELECT 1 FROM certificates") == []

    pay_all(made)
    assert "Certidão negativa de débitos" in opened(await http.get(address)).text
    for _ in range(2):
        answer = await http.post(address)
        assert (answer.status_code, answer.headers["location"]) == (303, "?")
    [[code, kind, until]] = made.rows("SELECT code, kind, valid_until FROM certificates")
    assert (kind, until) == ("negative", TODAY + timedelta(days=180))
    document = PdfReader(BytesIO((await http.get(f"{address}.pdf")).content))
    text = " ".join(document.pages[0].extract_text().split())
    assert code in text.replace(" ", "")
    assert "/MarkInfo" in document.root_object

    checked = opened(await http.post("/certidao", data={"code": f" {code[:4].upper()} {code[4:]}"}))
    assert f"válida até {until:%d/%m/%Y}" in checked.text
    [[tax_id, name]] = made.rows("SELECT tax_id, name FROM taxpayers WHERE id = :taxpayer")
    assert name in text
    assert name not in checked.text
    assert tax_id not in checked.text
    said = made.rows("SELECT outcome FROM audit_log WHERE command = 'certificate issue' ORDER BY id")
    assert said == [("refused",), ("done",), ("done",)]


async def test_what_is_suspended_gives_one_with_effect_and_another_cases_debt_hinders_it(
    made: Contract, http: AsyncClient
) -> None:
    address = f"{LINKS.pay(made.case)}/certidao"
    with made.engine.begin() as connection:
        connection.execute(insert(holds).values(debt=made.debts[0], ground="deposit", source="extract"))
    page = opened(await http.get(address))
    assert "Certidão positiva com efeitos de negativa" in page.text
    assert "exigibilidade suspensa" in page.text
    with made.engine.begin() as connection:
        factories.debt(connection, made.taxpayer, tax="ISS", amount=Decimal("7.50"))
    page = opened(await http.get(address))
    assert "ISS" in page.text
    assert "R$ 7,50: vencido e exigível" in page.text


@pytest.mark.parametrize("days", [None, 8])
async def test_nothing_is_certified_by_what_is_old(engine: Engine, http: AsyncClient, days: int | None) -> None:
    made = contract(engine, "400.00")
    if days:
        said_on(engine, TODAY - timedelta(days=days))
        said_on(engine, TODAY)
    pay_all(made)
    page = opened(await http.get(f"{LINKS.pay(made.case)}/certidao"))
    assert "form" not in page.tags
    assert ("extrato das dívidas é de" if days else "nenhum extrato completo") in page.text


@pytest.mark.parametrize("code", ["", "0" * 16, "zz", "0" * 4000, "'; DROP TABLE certificates", "\x00"])
async def test_a_code_that_is_none_is_told_so(http: AsyncClient, code: str) -> None:
    answer = await http.post("/certidao", data={"code": code})
    assert answer.status_code == 404
    assert "Não há certidão com este código" in opened(answer).text


async def test_another_link_issues_nothing(http: AsyncClient) -> None:
    for token in ("x", LINKS.agree("0" * 16).rpartition("/")[2], LINKS.pay("f" * 16).rpartition("/")[2]):
        for answer in (await http.get(f"/p/{token}/certidao"), await http.get(f"/p/{token}/certidao.pdf")):
            assert answer.status_code == 404
        assert (await http.post(f"/p/{token}/certidao")).status_code in (404, 409)
