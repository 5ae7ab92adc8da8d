"""Debts looked up by their access keys: what everybody may see of them, and what nobody does."""

import re
from collections.abc import AsyncIterator
from datetime import UTC, date, datetime
from decimal import Decimal
from pathlib import Path

import pytest
from fastapi import FastAPI
from httpx import ASGITransport, AsyncClient
from sqlalchemy import Engine, insert, update

from models.errors import Refusal
from models.payment.barcode import read_typed
from models.payment.pix import PixPayment
from models.payment.slip import Beneficiary
from storage.payments.ledger import record_pix
from storage.schema import access_keys, charges, debts, holds
from tests import factories
from tests.chance import fresh_key
from tests.web.portal.test_pages import BRCODE, opened
from web.portal.lookup import lookup_routes
from web.portal.settings import portal_from
from web.portal.tries import MISSES, OF_ONE_KEY
from web.security.guard import Guard

TABLE = portal_from({"REGUA_PORTAL": "sao-paulo"})
PLATE, RENAVAM = "ABC1D23", "63988496-2"
REGISTERED = date(2024, 3, 1)


@pytest.fixture
async def http(engine: Engine) -> AsyncIterator[AsyncClient]:
    assert TABLE is not None
    app = FastAPI()
    app.add_middleware(Guard)
    app.include_router(lookup_routes(engine, TABLE, Beneficiary("", None, "1234")))
    async with AsyncClient(transport=ASGITransport(app), base_url="http://regua") as client:
        yield client


def vehicle(engine: Engine, **columns: object) -> str:
    """A registered debt of a vehicle; its id."""
    row = {"tax": "IPVA", "amount": Decimal("1234.56"), "registered_on": REGISTERED, "inscription": "2024/77"}
    with engine.begin() as connection:
        ower = factories.taxpayer(connection, name="Fulana de Tal", tax_id="11144477735", is_company=False)
        debt = factories.debt(connection, ower, **row | columns).id
        keys = [{"kind": "plate", "value": "ABC-1D23"}, {"kind": "renavam", "value": "639884962"}]
        connection.execute(insert(access_keys), [{"debt": debt, **key} for key in keys])
    return str(debt)


async def test_the_kinds_lead_to_their_forms_and_each_form_asks_for_its_keys(http: AsyncClient) -> None:
    kinds = opened(await http.get("/consulta"))
    assert "/consulta/vehicle" in kinds.links
    assert "EXEMPLO" in kinds.text
    form = opened(await http.get("/consulta/vehicle"))
    assert "RENAVAM" in form.text
    assert "https://ouvidoria.prefeitura.example" in form.text
    assert (await http.get("/consulta/nonsense")).status_code == 404


async def test_both_keys_find_the_debt_and_how_to_pay_it_and_nobody_is_named(engine: Engine, http: AsyncClient) -> None:
    debt = vehicle(engine)
    with engine.begin() as connection:
        charge = {"debt": debt, "txid": "t1", "amount": Decimal("1234.56"), "due": date(2030, 1, 1)}
        connection.execute(insert(charges).values(**charge, state="open", brcode=BRCODE))
        number = connection.execute(debts.select()).one().slip_number
    answer = await http.post("/consulta/vehicle", data={"plate": "abc 1d23", "renavam": RENAVAM})
    page = opened(answer)
    assert answer.status_code == 200
    for said in ("Guia 1 de 1: IPVA", "R$ 1.234,56", "Nº 2024/77", "01/03/2024", BRCODE):
        assert said in page.text
    [typed] = re.findall(r"(?:\d{12} ){3}\d{12}", page.text)
    barcode = read_typed(typed)
    assert (barcode.slip_number, barcode.value) == (number, Decimal("1234.56"))
    for kept in ("Fulana", "111.444", "11144477735", "444.777", debt):
        assert kept not in answer.text


@pytest.mark.parametrize("plate", ["ABC1D23", "ABC1323", "XYZ1234"])
async def test_unknown_and_wrong_are_answered_alike(engine: Engine, http: AsyncClient, plate: str) -> None:
    vehicle(engine)
    known = await http.post("/consulta/vehicle", data={"plate": plate, "renavam": "00000000019"})
    unknown = await http.post("/consulta/vehicle", data={"plate": plate, "renavam": "00000000027"})
    assert known.status_code == unknown.status_code == 404
    assert known.text == unknown.text.replace("00000000027", "00000000019")


async def test_a_debt_that_is_not_registered_stays_secret(engine: Engine, http: AsyncClient) -> None:
    debt = vehicle(engine, registered_on=None)
    answer = await http.post("/consulta/vehicle", data={"plate": PLATE, "renavam": RENAVAM})
    assert answer.status_code == 404
    with engine.begin() as connection:
        connection.execute(update(debts).where(debts.c.id == debt).values(registered_on=REGISTERED))
    answer = await http.post("/consulta/vehicle", data={"plate": PLATE, "renavam": RENAVAM})
    assert answer.status_code == 200


@pytest.mark.parametrize(
    ("columns", "ground", "said"),
    [
        ({"extinct_on": date(2026, 2, 3)}, None, "Nada mais é devido desde 03/02/2026"),
        ({}, "judicial_decision", "a exigibilidade está suspensa ou em conferência"),
        ({}, "agreement", "está em parcelamento"),
        ({"prescribes": date(2025, 1, 1)}, None, "a exigibilidade está suspensa ou em conferência"),
    ],
)
async def test_what_can_not_be_demanded_has_no_slip(
    engine: Engine, http: AsyncClient, columns: dict[str, object], ground: str | None, said: str
) -> None:
    debt = vehicle(engine, **columns)
    if ground:
        with engine.begin() as connection:
            connection.execute(insert(holds).values(debt=debt, ground=ground, source="extract"))
    page = opened(await http.post("/consulta/vehicle", data={"plate": PLATE, "renavam": RENAVAM}))
    assert said in page.text
    assert "Não há nada a pagar hoje" in page.text
    assert "Linha digitável" not in page.text


async def test_what_was_paid_is_shown_with_its_day(engine: Engine, http: AsyncClient) -> None:
    vehicle(engine)
    paid_at = datetime(2026, 2, 3, 15, tzinfo=UTC)
    with engine.begin() as connection:
        txid = connection.execute(debts.select()).one().pix_txid
    record_pix(engine, [PixPayment(f"E{fresh_key()[:31]}", txid, Decimal("1234.56"), paid_at)], paid_at)
    page = opened(await http.post("/consulta/vehicle", data={"plate": PLATE, "renavam": RENAVAM}))
    assert "Nada mais é devido desde 03/02/2026." in page.text
    assert "Não há nada a pagar hoje" in page.text


@pytest.mark.parametrize(("amount", "carried"), [("999999999.99", True), ("1000000000.00", False)])
async def test_a_debt_beyond_what_a_slip_can_carry_is_shown_without_its_line(
    engine: Engine, http: AsyncClient, amount: str, carried: bool
) -> None:
    vehicle(engine, amount=Decimal(amount))
    answer = await http.post("/consulta/vehicle", data={"plate": PLATE, "renavam": RENAVAM})
    assert answer.status_code == 200
    assert ("Linha digitável" in opened(answer).text) is carried


async def test_a_company_finds_all_of_its_registered_debts_by_its_cnpj(engine: Engine, http: AsyncClient) -> None:
    with engine.begin() as connection:
        company = factories.taxpayer(connection, key="11222333000181")
        for day in (1, 2):
            factories.debt(connection, company, registered_on=date(2025, 1, day), inscription=f"2025/{day}")
        factories.debt(connection, company, inscription="2025/3")
    page = opened(await http.post("/consulta/company", data={"cnpj": "11.222.333/0001-81"}))
    assert "Guia 2 de 2" in page.text
    assert "R$ 2.000,00" in page.text
    assert "2025/3" not in page.text


@pytest.mark.parametrize(
    ("typed", "said"),
    [
        ({}, "Preencha este campo."),
        ({"plate": "ABC12345", "renavam": RENAVAM}, "Uma placa é escrita"),
        ({"plate": PLATE, "renavam": "63988496-3"}, "não conferem"),
        ({"plate": "<script>", "renavam": "'; DROP TABLE debts"}, "Uma placa é escrita"),
        ({"plate": PLATE * 9, "renavam": RENAVAM}, "Tem mais de 40 caracteres."),
    ],
)
async def test_what_is_wrong_is_told_beside_its_field_and_what_was_typed_stays(
    http: AsyncClient, typed: dict[str, str], said: str
) -> None:
    answer = await http.post("/consulta/vehicle", data=typed)
    page = opened(answer)
    assert answer.status_code == 422
    assert said in page.text
    assert page.text.count("Consultar") == 1


async def test_who_tries_many_keys_has_to_wait(engine: Engine, http: AsyncClient) -> None:
    vehicle(engine)
    statuses = [
        (await http.post("/consulta/registration", data={"inscription": f"1999/{n}"})).status_code
        for n in range(MISSES + 1)
    ]
    assert statuses == [404] * MISSES + [429]
    answer = await http.post("/consulta/vehicle", data={"plate": PLATE, "renavam": RENAVAM})
    assert answer.status_code == 429, "nor does he learn that this one is there"


async def test_one_key_is_not_asked_for_without_end(engine: Engine, http: AsyncClient) -> None:
    vehicle(engine)
    asked = {"plate": PLATE, "renavam": RENAVAM}
    statuses = [(await http.post("/consulta/vehicle", data=asked)).status_code for _ in range(OF_ONE_KEY + 1)]
    assert statuses == [200] * OF_ONE_KEY + [429]


def test_the_table_is_named_or_there_is_none(tmp_path: Path) -> None:
    assert portal_from({}) is None
    with pytest.raises(Refusal, match=r"REGUA_PORTAL is a path, or one of alagoas, sao-paulo"):
        portal_from({"REGUA_PORTAL": "nowhere"})
    faulty = tmp_path / "mine.yaml"
    faulty.write_text("portal: mine\n")
    with pytest.raises(Refusal, match=r"mine\.yaml: .*title"):
        portal_from({"REGUA_PORTAL": str(faulty)})
