"""A cohort is prepared at the console: a draft that counts, its check, and the start of exactly what was checked."""

from __future__ import annotations

import re

import pytest
from sqlalchemy import Engine, text

from models.roles import Role
from tests import factories
from tests.web.console.console_world import browser, signed_in_as
from web.background.draft_checks import check_next

DRAFT = {"name": "iptu-2026", "ruler": "divida-ativa", "tax": "IPTU"}


def owing(engine: Engine, many: int, amount: int, email: bool = True) -> None:
    """So many people who each owe that of registered IPTU."""
    with engine.begin() as connection:
        for n in range(many):
            person = factories.taxpayer(connection, email=f"p{amount}.{n}@exemplo.br" if email else None)
            factories.debt(connection, person, amount=amount)


def audit_log(engine: Engine) -> list[tuple[str, str]]:
    with engine.connect() as connection:
        asked = "SELECT command, outcome FROM audit_log WHERE command <> 'sign in' ORDER BY id"
        return [(row.command, row.outcome) for row in connection.execute(text(asked))]


async def test_a_draft_counts_at_each_key_and_is_checked_and_started(engine: Engine) -> None:
    owing(engine, 3, 5000)
    owing(engine, 2, 100)
    owing(engine, 1, 7000, email=False)
    async with browser(engine, signed_in_as(engine, "ana", Role.ANALYST)) as http:
        made = (await http.post("/console/drafts")).headers["location"]
        await http.post(made, data={**DRAFT, "min_amount": "1.000,00"})
        shown = (await http.get(made)).text
        assert re.findall(r'<td class="n">(\d+)</td>', shown) == ["6", "6", "4"]
        assert 'value="1.000,00"' in shown
        sent = await http.post(f"{made}/check", data={**DRAFT, "min_amount": "1.000,00", "budget": "500"})
        assert sent.headers["location"] == f"{made}/check"
        assert "Conferindo" in (await http.get(f"{made}/check")).text
        assert check_next(engine)
        assert not check_next(engine)
        check = (await http.get(f"{made}/check")).text
        big = re.findall(r'<p class="big">([^<]*)</p>', check)
        assert big[:2] == ["4", "R$ 22.000,00"]
        assert "1 casos (25 %) não têm nenhum endereço" in check
        assert "Padaria Exemplo" not in check
        assert "11222333000181" not in re.sub(r"\D", "", check)
        assert check.count('<div class="letter">') == 4
        started = await http.post(f"{made}/start", data={})
        assert started.headers["location"] == "/console/cohorts/iptu-2026"
        assert (await http.get(made)).status_code == 404
    with engine.connect() as connection:
        [row] = connection.execute(text("SELECT name, started_by, budget, selection FROM cohorts"))
        assert (row.name, row.started_by, row.budget, row.selection["min_amount"]) == (
            "iptu-2026",
            "ana",
            500,
            "1000.00",
        )
        assert connection.execute(text("SELECT count(*) FROM intakes WHERE ended_at IS NULL")).scalar_one() == 1
    did = [command for command, outcome in audit_log(engine) if outcome == "done"]
    assert did == ["cohort draft", "cohort draft", "cohort draft", "cohort check", "cohort start"]


async def test_what_a_draft_says_wrong_is_told_at_its_field(engine: Engine) -> None:
    owing(engine, 1, 5000)
    async with browser(engine, signed_in_as(engine, "ana", Role.ANALYST)) as http:
        made = (await http.post("/console/drafts")).headers["location"]
        wrong = {
            "ruler": "../../etc/passwd", "name": "não serve", "min_amount": "muito", "control": "10",
            "reads_on": "31/02/2026", "select": "only=/etc/passwd",
        }  # fmt: skip
        sent = await http.post(f"{made}/check", data=wrong)
        assert sent.headers["location"] == made
        shown = (await http.get(made)).text
        assert set(re.findall(r'id="(\w+)-error"', shown)) == {"ruler", "name", "control", "reads_on"}
        await http.post(made, data={**DRAFT, "select": "only=/etc/passwd"})
        assert "files of the command line" in (await http.get(made)).text
        await http.post(made, data={**DRAFT, "min_amount": "9", "max_amount": "8"})
        assert "lies above" in (await http.get(made)).text
        assert not check_next(engine)


async def test_a_draft_that_reaches_nobody_or_was_changed_is_not_started(engine: Engine) -> None:
    owing(engine, 1, 5000)
    async with browser(engine, signed_in_as(engine, "ana", Role.ANALYST)) as http:
        made = (await http.post("/console/drafts")).headers["location"]
        await http.post(f"{made}/check", data={**DRAFT, "tax": "IPVA"})
        assert check_next(engine)
        check = (await http.get(f"{made}/check")).text
        assert "Ninguém seria alcançado: nada no registro é de IPVA; há IPTU." in check
        assert (await http.post(f"{made}/start", data={})).status_code == 409
        await http.post(f"{made}/check", data=DRAFT)
        assert check_next(engine)
        await http.post(made, data={**DRAFT, "min_amount": "1"})
        refused = await http.post(f"{made}/start", data={})
        assert (refused.status_code, "confira-o primeiro" in refused.text) == (409, True)
        assert (await http.post(f"{made}/drop")).headers["location"] == "/console/drafts"
        assert "Nenhum rascunho" in (await http.get("/console/drafts")).text
    with engine.connect() as connection:
        assert connection.execute(text("SELECT count(*) FROM cohorts")).scalar_one() == 0


async def test_one_before_its_returns_are_imported_says_what_to_import(engine: Engine) -> None:
    with engine.begin() as connection:
        factories.debt(connection, factories.taxpayer(connection), tax="ICMS", period="2026-09")
    async with browser(engine, signed_in_as(engine, "ana", Role.ANALYST)) as http:
        made = (await http.post("/console/drafts")).headers["location"]
        await http.post(f"{made}/check", data={"name": "icms", "ruler": "alagoas-icms"})
        assert check_next(engine)
        check = (await http.get(f"{made}/check")).text
        assert "Impede:</strong> Ninguém seria alcançado: de 1 não há declaração dos períodos devidos" in check
        assert "alagoas-icms v1 segue as declarações; importe-as (filings import)." in check
        await http.post(f"{made}/check", data={**DRAFT, "tax": "", "min_amount": "5000"})
        assert check_next(engine)
        assert (
            "ninguém atende a “devido a partir de R$: 5000.00”; sem isso seriam 1"
            in (await http.get(f"{made}/check")).text
        )


async def test_a_large_one_is_started_by_its_name_alone(engine: Engine, monkeypatch: pytest.MonkeyPatch) -> None:
    owing(engine, 2, 5000)
    monkeypatch.setattr("web.console.cohort_draft.ASKED_ABOVE", 1)
    async with browser(engine, signed_in_as(engine, "ana", Role.ANALYST)) as http:
        made = (await http.post("/console/drafts")).headers["location"]
        await http.post(f"{made}/check", data=DRAFT)
        assert check_next(engine)
        for confirm, status in (("", 422), ("iptu", 422), ("iptu-2026", 303)):
            assert (await http.post(f"{made}/start", data={"confirm": confirm})).status_code == status


async def test_who_only_reads_or_talks_prepares_nothing(engine: Engine) -> None:
    for role, reads in ((Role.AUDITOR, 200), (Role.AGENT, 403)):
        async with browser(engine, signed_in_as(engine, f"x-{role}", role)) as http:
            assert (await http.get("/console/drafts")).status_code == reads
            assert (await http.post("/console/drafts")).status_code == 403
