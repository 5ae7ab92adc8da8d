"""The page of a case: what it tells, whom it names, and what its forms do, each by its operation and on record."""

from __future__ import annotations

import re
from datetime import UTC, datetime, timedelta

import pytest
from sqlalchemy import Engine, text

from models.roles import DUTIES, Role
from tests.agreement_world import Contract, contract
from tests.web.console.console_world import browser, signed_in_as
from web.console.case_forms import FORMS


@pytest.fixture
def made(engine: Engine) -> Contract:
    return contract(engine, "400.00", "800.00")


def address(made: Contract, path: str = "") -> str:
    return f"/console/cases/{made.case}/{path}".rstrip("/")


def person(made: Contract) -> tuple[str, str]:
    [(tax_id, name)] = made.rows("SELECT tax_id, name FROM taxpayers WHERE id = :taxpayer")
    return tax_id, name


async def test_a_case_is_told_without_its_taxpayer(engine: Engine, made: Contract) -> None:
    tax_id, name = person(made)
    async with browser(engine, signed_in_as(engine, "dora", Role.AGENT)) as http:
        shown = (await http.get(address(made))).text
    assert "R$ 1.200,00" in shown
    for (inscription,) in made.rows("SELECT inscription FROM debts"):
        assert inscription in shown
    assert name not in shown
    assert tax_id not in re.sub(r"\D", "", shown)


async def test_who_reveals_it_says_why_and_is_on_record(engine: Engine, made: Contract) -> None:
    _, name = person(made)
    async with browser(engine, signed_in_as(engine, "dora", Role.AGENT)) as http:
        blank = await http.post(address(made, "reveal"), data={"reason": "  "})
        assert (blank.status_code, name in blank.text) == (422, False)
        shown = await http.post(address(made, "reveal"), data={"reason": f"ligação de {name}, protocolo 7"})
        assert (shown.status_code, name in shown.text) == (200, True)
        assert name not in (await http.get(address(made))).text
    [(actor, subject, detail)] = made.rows(
        "SELECT actor, subject, detail FROM audit_log WHERE command = 'case show --reveal'"
    )
    assert (actor, subject) == ("dora", made.case)
    assert "protocolo 7" in detail["reason"]
    assert name not in detail["reason"]


TODAY = datetime.now(UTC).date()

FILLED = {
    "contact": {"email": "novo@exemplo.com.br"},
    "promise": {"amount": "600,00", "on": f"{TODAY + timedelta(days=2)}", "channel": "counter"},
    "promise/another": {"amount": "R$ 1.000,00", "on": f"{TODAY + timedelta(days=3)}", "channel": "phone"},
    "request": {"kind": "contest", "reference": "p 1"},
    "request/answer": {"kind": "contest", "decided": "granted", "reason": "pago em outro lugar"},
    "hardship": {},
    "hold": {"ground": "deposit", "reason": "guia 7"},
    "release": {"reason": "levantado"},
    "step": {"kind": "protest", "on": "2026-01-02", "reference": "cartório 1"},
    "interruption": {"cause": "acknowledgement", "on": "2026-01-02", "reference": "termo 1"},
    "pause": {},
    "resume": {},
    "annul": {"kind": "hardship", "reason": "engano"},
}
"""The fields that each form is sent with."""


async def test_each_form_does_its_operation_as_who_is_signed_in(engine: Engine, made: Contract) -> None:
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
    async with browser(engine, signed_in_as(engine, "bia", Role.SUPERVISOR)) as http:
        for path in [*order, "pause", "resume"]:
            sent = await http.post(address(made, path), data=FILLED[path])
            assert (sent.status_code, sent.headers["location"]) == (303, f"{address(made)}?done={path}"), path
            assert "feito, e está no registro" in (await http.get(sent.headers["location"])).text
    done = made.rows("SELECT command FROM audit_log WHERE subject = :case AND outcome = 'done' AND actor = 'bia'")
    assert {command for (command,) in done} == {form.what.duty for form in FORMS if form.path in FILLED}


@pytest.mark.parametrize("path", ["pause", "hold", "step", "annul"])
async def test_a_form_is_neither_offered_nor_taken_where_the_role_may_not(
    engine: Engine, made: Contract, path: str
) -> None:
    async with browser(engine, signed_in_as(engine, "dora", Role.AGENT)) as http:
        assert f'action="{address(made, path)}"' not in (await http.get(address(made))).text
        assert (await http.post(address(made, path), data=FILLED[path])).status_code == 403
    duty = next(form.what.duty for form in FORMS if form.path == path)
    assert Role.AGENT not in DUTIES[duty]
    assert made.rows("SELECT actor, command, outcome FROM audit_log WHERE subject = :case") == [
        ("dora", duty, "refused")
    ]


async def test_what_is_wrong_stands_beside_its_field_and_what_was_written_stays(engine: Engine, made: Contract) -> None:
    form = {"ground": "", "reason": "guia 7", "until": "amanhã", "debts": made.debts[:1]}
    async with browser(engine, signed_in_as(engine, "ana", Role.ANALYST)) as http:
        refused = await http.post(address(made, "hold"), data=form)
    assert refused.status_code == 422
    assert 'id="hold-ground-error">preencha este campo' in refused.text
    assert 'id="hold-until-error">escreva um dia que exista' in refused.text
    assert ">guia 7</textarea>" in refused.text
    assert refused.text.count("checked") == 1
    assert made.rows("SELECT count(*) FROM holds") == [(0,)]


async def test_what_the_record_refuses_changes_nothing_and_is_told(engine: Engine, made: Contract) -> None:
    async with browser(engine, signed_in_as(engine, "ana", Role.ANALYST)) as http:
        refused = await http.post(address(made, "resume"))
        late = await http.post(address(made, "interruption"), data={**FILLED["interruption"], "on": "2199-01-01"})
    assert (refused.status_code, "O registro não permite" in refused.text) == (409, True)
    assert late.status_code == 409


async def test_another_site_s_page_changes_nothing_here(engine: Engine, made: Contract) -> None:
    async with browser(engine, signed_in_as(engine, "bia", Role.SUPERVISOR)) as http:
        for form in FORMS:
            for headers in ({"Sec-Fetch-Site": "cross-site"}, {"Origin": "https://evil.example"}):
                sent = await http.post(address(made, form.path), data=FILLED.get(form.path), headers=headers)
                assert sent.status_code == 403
    assert made.rows("SELECT command FROM audit_log WHERE subject = :case") == []


async def test_what_leads_to_court_wants_a_fresh_sign_in(engine: Engine, owner: Engine, made: Contract) -> None:
    async with browser(engine, signed_in_as(engine, "ana", Role.ANALYST)) as http:
        with owner.begin() as connection:
            connection.execute(text("UPDATE sessions SET signed_in_at = signed_in_at - interval '16 minutes'"))
        sent = await http.post(
            address(made, "step"),
            data=FILLED["step"],
            headers={"Referer": f"https://regua.exemplo.gov.br{address(made)}"},
        )
        assert sent.headers["location"] == f"/console/sign-in?next=%2Fconsole%2Fcases%2F{made.case}"
        assert (await http.post(address(made, "pause"))).status_code == 303
    assert made.rows("SELECT count(*) FROM prior_steps") == [(0,)]


async def test_the_explanation_is_a_page_and_a_pdf(engine: Engine, made: Contract) -> None:
    async with browser(engine, signed_in_as(engine, "caio", Role.AUDITOR)) as http:
        told = await http.get(address(made, "explanation"))
        paper = await http.get(address(made, "explanation") + "?format=pdf")
    assert "Cronologia das decisões" in told.text
    assert paper.content.startswith(b"%PDF-")


async def test_a_case_that_is_not_there_is_not_found(engine: Engine) -> None:
    async with browser(engine, signed_in_as(engine, "ana", Role.ANALYST)) as http:
        for lost in ("nobodys", "a%00b"):
            assert (await http.get(f"/console/cases/{lost}")).status_code == 404
