"""Somebody is found by whatever number or words are at hand, and named only to who says why."""

from __future__ import annotations

import re

import pytest
from sqlalchemy import Engine, text

from models.roles import Role
from tests import factories
from tests.delivery_world import DeliveryWorld
from tests.web.console.console_world import browser, signed_in_as

NAME, CNPJ = "Conceição Araújo Panificação Ltda", "11444777000161"


@pytest.fixture
def world(engine: Engine) -> DeliveryWorld:
    return DeliveryWorld(engine)


@pytest.fixture
def known(world: DeliveryWorld) -> dict[str, str]:
    """One company with a case and a debt, and another of a name that begins alike; by each way the first is known."""
    with world.engine.begin() as connection:
        one = factories.taxpayer(connection, key=CNPJ, tax_id=CNPJ, name=NAME, email="c@exemplo.com.br")
        factories.taxpayer(connection, name="Conceição Outra")
        debt = factories.debt(connection, one, inscription="12.034/2026-X")
        row = {"debt": debt.id}
        connection.execute(text("INSERT INTO access_keys (debt, kind, value) VALUES (:debt, 'plate', 'ABC-1D23')"), row)
        slip = connection.execute(text("SELECT slip_number FROM debts WHERE id = :debt"), row).scalar_one()
    case = world.case(one)
    return {
        "taxpayer": str(one),
        "tax id": "11.444.777/0001-61",
        "bare tax id": f" {CNPJ} ",
        "words": "araujo concei",
        "inscription": "12034 2026x",
        "plate": "abc1d23",
        "debt": debt.id,
        "txid": debt.pix_txid,
        "slip": str(slip),
        "case": case,
    }


WAYS = ["tax id", "bare tax id", "words", "inscription", "plate", "debt", "txid", "slip", "case"]


@pytest.mark.parametrize("way", WAYS)
async def test_one_who_is_meant_is_led_to(engine: Engine, known: dict[str, str], way: str) -> None:
    async with browser(engine, signed_in_as(engine, "dora", Role.AGENT)) as http:
        found = await http.post("/console/search", data={"q": known[way]})
        where = f"/console/cases/{known['case']}" if way == "case" else f"/console/taxpayers/{known['taxpayer']}"
        assert (found.status_code, found.headers.get("location")) == (303, where)
        if way != "case":  # this world's ruler isn't frozen with its calendar: test_case_page.py opens one that is
            assert (await http.get(where)).status_code == 200


async def test_several_are_listed_and_none_is_named(engine: Engine, known: dict[str, str]) -> None:
    async with browser(engine, signed_in_as(engine, "dora", Role.AGENT)) as http:
        found = (await http.post("/console/search", data={"q": "CONCEICAO"})).text
        assert "2 contribuintes" in found
        assert "C. A. P. L." in found
        assert "Araújo" not in found
        taxpayer = (await http.get(f"/console/taxpayers/{known['taxpayer']}")).text
    for shown in (found, taxpayer):
        assert "**.***.777/0001-**" in shown
        assert CNPJ not in re.sub(r"\D", "", shown)
    assert NAME not in taxpayer
    assert "c@exemplo" not in taxpayer


@pytest.mark.parametrize("q", ["", " ", "\0", "%", "'; --", "11444777000162", "x" * 201, "🦆", "(" * 50, "&|!:*"])
async def test_what_means_nobody_finds_nobody(engine: Engine, known: dict[str, str], q: str) -> None:
    async with browser(engine, signed_in_as(engine, "dora", Role.AGENT)) as http:
        found = await http.post("/console/search", data={"q": q})
        assert found.status_code in (200, 422)
        assert "/console/taxpayers/" not in found.text


async def test_a_search_from_another_site_s_page_is_refused(engine: Engine, known: dict[str, str]) -> None:
    async with browser(engine, signed_in_as(engine, "dora", Role.AGENT)) as http:
        sent = await http.post("/console/search", data={"q": NAME}, headers={"Sec-Fetch-Site": "cross-site"})
    assert sent.status_code == 403


async def test_who_reveals_a_taxpayer_says_why_and_is_on_record(
    engine: Engine, world: DeliveryWorld, known: dict[str, str]
) -> None:
    where = f"/console/taxpayers/{known['taxpayer']}/reveal"
    async with browser(engine, signed_in_as(engine, "dora", Role.AGENT)) as http:
        assert (await http.post(where, data={"reason": ""})).status_code == 422
        shown = (await http.post(where, data={"reason": f"ligou {NAME}, CNPJ {CNPJ}"})).text
        assert (await http.post("/console/taxpayers/999999/reveal", data={"reason": "x"})).status_code == 404
    assert all(told in shown for told in (NAME, "11.444.777/0001-61", "c@exemplo.com.br"))
    [(actor, subject, detail)] = world.rows(
        "SELECT actor, subject, detail FROM audit_log WHERE command = 'taxpayer reveal'"
    )
    assert (actor, subject) == ("dora", known["taxpayer"])
    assert "ligou" in detail["reason"]
    assert NAME not in detail["reason"]
    assert CNPJ not in detail["reason"]


async def test_a_taxpayer_who_is_not_there_is_not_found(engine: Engine) -> None:
    async with browser(engine, signed_in_as(engine, "dora", Role.AGENT)) as http:
        assert (await http.get("/console/taxpayers/999999")).status_code == 404
