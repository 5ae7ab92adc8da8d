"""The slips behind a payment page: of its debts and instalments, and of nobody else's."""

import re
from collections.abc import AsyncIterator
from datetime import UTC, datetime
from decimal import Decimal
from io import BytesIO

import pytest
from fastapi import FastAPI
from httpx import ASGITransport, AsyncClient, Response
from pypdf import PdfReader
from sqlalchemy import Engine, text

from channels.links import Links
from models.payment.barcode import read_typed
from models.payment.slip import Beneficiary
from tests.agreement_world import SP, Contract, contract
from web.portal.pages import page_routes
from web.portal.slips import slip_routes
from web.security.guard import Guard

SITE = "http://regua"
LINKS = Links(["k" * 32], SITE)
TODAY = datetime.now(UTC).date()


@pytest.fixture
async def pages(engine: Engine) -> AsyncIterator[AsyncClient]:
    app = FastAPI()
    app.add_middleware(Guard)
    app.include_router(page_routes(engine, LINKS, lambda *_: None, slips=True))
    app.include_router(slip_routes(engine, LINKS, Beneficiary("12345678000195", None, "1234")))
    async with AsyncClient(transport=ASGITransport(app), base_url=SITE) as client:
        yield client


def slip_links(page: Response) -> list[str]:
    return re.findall(r'href="([^"]*/guia/[0-9a-f]{16})"', page.text)


def code_of(slip: Response) -> tuple[int | None, Decimal]:
    """The slip number and the value that the line of a PDF says."""
    assert slip.headers["content-type"] == "application/pdf"
    said = PdfReader(BytesIO(slip.content)).pages[0].extract_text()
    blocks = re.findall(r"[0-9]{11}-[0-9]", said)[:4]
    read = read_typed("".join(blocks))
    return read.slip_number, read.value


async def test_each_debt_has_a_slip_of_its_own(pages: AsyncClient, engine: Engine) -> None:
    made = contract(engine, "100.00", "200.00")
    links = slip_links(await pages.get(LINKS.pay(made.case)))
    numbers = dict(made.rows("SELECT slip_number, amount FROM debts"))
    assert dict([code_of(await pages.get(link)) for link in links]) == numbers


async def test_each_instalment_has_one_once_the_debts_are_agreed_upon(pages: AsyncClient, engine: Engine) -> None:
    made = contract(engine, "600.00")
    made.sign(SP, 3, TODAY)
    links = slip_links(await pages.get(LINKS.pay(made.case)))
    assert len(links) == 3
    first = made.rows("SELECT slip_number, amount FROM instalments WHERE n = 1")
    assert [code_of(await pages.get(links[0]))] == first
    made.pay(1, TODAY)
    assert len(slip_links(await pages.get(LINKS.pay(made.case)))) == 2
    assert (await pages.get(links[0])).status_code == 404


async def test_of_another_case_there_is_none(pages: AsyncClient, engine: Engine) -> None:
    made, other = contract(engine, "100.00"), contract(engine, "200.00")
    for purpose in (other.debts[0], "0" * 16, "x", "%00"):
        assert (await pages.get(f"{LINKS.pay(made.case)}/guia/{purpose}")).status_code == 404, purpose
    assert (await pages.get(f"{SITE}/p/{'A' * 40}/guia/{made.debts[0]}")).status_code == 404


async def test_what_is_held_has_none(pages: AsyncClient, engine: Engine) -> None:
    made: Contract = contract(engine, "100.00")
    with engine.begin() as connection:
        connection.execute(text("INSERT INTO holds (debt, ground, source) SELECT id, 'guarantee', 'x' FROM debts"))
    assert (await pages.get(f"{LINKS.pay(made.case)}/guia/{made.debts[0]}")).status_code == 404
