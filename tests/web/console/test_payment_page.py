"""A payment that nobody's code names is put where it belongs on its page, moved, taken off again, or given back."""

from __future__ import annotations

import re

from sqlalchemy import Engine

from models.roles import Role
from tests import factories
from tests.agreement_world import contract
from tests.web.console.console_world import browser, signed_in_as


def received(engine: Engine, amount: str) -> int:
    """A payment for no debt that we know of; its id."""
    with engine.begin() as connection:
        return factories.payment(connection, amount)


async def test_an_unmatched_payment_is_matched_by_inscription_and_taken_off_again(engine: Engine) -> None:
    made, payment = contract(engine, "400.00", "800.00"), received(engine, "400.00")
    [(debt, inscription)] = made.rows("SELECT id, inscription FROM debts WHERE amount = 400")
    async with browser(engine, signed_in_as(engine, "ana", Role.ANALYST)) as http:
        listed = (await http.get("/console/waiting/unmatched")).text
        assert f'href="/console/payments/{payment}"' in listed
        page = f"/console/payments/{payment}"
        assert "sem débito" in (await http.get(page)).text
        assert (await http.post(f"{page}/match", data={})).status_code == 422
        unknown = await http.post(f"{page}/match", data={"debt": "nenhum"})
        assert (unknown.status_code, "nada foi mudado" in unknown.text) == (409, True)
        assert (await http.post(f"{page}/match", data={"debt": inscription})).headers[
            "location"
        ] == f"{page}?done=match"
        assert made.rows("SELECT debt, matched_by FROM payments WHERE id = :id", id=payment) == [(debt, "ana")]
        assert made.rows("SELECT balance FROM debts WHERE id = :debt", debt=debt) == [(0,)]
        off = await http.post(f"{page}/unmatch", data={"reason": "era de outro"})
        assert off.status_code == 303
        assert made.rows("SELECT balance FROM debts WHERE id = :debt", debt=debt) == [(400,)]
    async with browser(engine, signed_in_as(engine, "dora", Role.AGENT)) as http:
        assert "não o muda" in (await http.get(page)).text
        assert (await http.post(f"{page}/refund", data={"reason": "x"})).status_code == 403


async def test_what_nobody_owes_is_given_back(engine: Engine) -> None:
    made, payment = contract(engine, "400.00"), received(engine, "90.00")
    async with browser(engine, signed_in_as(engine, "ana", Role.ANALYST)) as http:
        page = f"/console/payments/{payment}"
        form = {"amount": "90,00", "reason": "pago em dobro", "reference": "ted 7"}
        assert (await http.post(f"{page}/refund", data=form)).status_code == 303
        assert re.search(r"Fica aqui</dt><dd>R\$ 0,00", (await http.get(page)).text)
        assert (await http.get("/console/payments/99999")).status_code == 404
    assert made.rows("SELECT amount, reason FROM reversals") == [(90, "pago em dobro")]


async def test_an_item_that_isn_t_there_is_not_judged_again(engine: Engine) -> None:
    async with browser(engine, signed_in_as(engine, "ana", Role.ANALYST)) as http:
        assert (await http.post("/console/quarantine/7/retry")).status_code == 409
