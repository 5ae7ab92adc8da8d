"""The pages of the call centre: of the debt nothing is shown before the right person speaks; each outcome leads on."""

from __future__ import annotations

import re
from datetime import UTC, datetime, timedelta

import pytest
from sqlalchemy import Engine, text, update

from models.collections.outcome import Outcome
from models.roles import Role
from storage.case.cases import read_case
from storage.case.tasks import ask_people
from storage.schema import taxpayers
from tests.agreement_world import Contract, contract
from tests.web.console.console_world import browser, signed_in_as

CALLS = "/console/calls"
TODAY = datetime.now(UTC).date()


@pytest.fixture
def made(engine: Engine) -> Contract:
    """A case of somebody who asked for a visit to be called, on a compressed clock, so that it is never too late."""
    made = contract(engine, "400.00", "800.00")
    with engine.begin() as connection:
        connection.execute(update(taxpayers).values(phone="+5582999990000"))
        connection.execute(text("UPDATE cohorts SET clock = jsonb_set(clock, '{day_seconds}', '86399')"))
        ask_people(connection, read_case(connection, made.case), "call", "r1", "pediu para falar", TODAY)
    return made


def person(made: Contract) -> tuple[str, str]:
    [(tax_id, name)] = made.rows("SELECT tax_id, name FROM taxpayers WHERE id = :taxpayer")
    return tax_id, name


async def test_a_call_with_a_promise_from_the_queue_to_the_figures(engine: Engine, made: Contract) -> None:
    tax_id, name = person(made)
    async with browser(engine, signed_in_as(engine, "dora", Role.AGENT)) as http:
        assert "Próxima tarefa" in (await http.get(CALLS)).text
        call = (await http.post(f"{CALLS}/next")).headers["location"]
        before = (await http.get(call)).text
        assert name in before
        assert f"<strong>{tax_id[:3]}</strong>" in before
        assert "+5582999990000" in before
        told = re.sub(r"<[^>]+>", "", before)
        assert [secret for secret in ("1.200,00", "400,00", "Vencimento", tax_id[3:8]) if secret in told] == []
        early = await http.post(f"{call}/outcome", data={"outcome": "promise", "amount": "600", "on": f"{TODAY}"})
        assert (early.status_code, "pessoa certa" in early.text) == (409, True)
        assert (await http.post(f"{call}/confirm")).headers["location"] == f"{call}#dizer"
        after = (await http.get(call)).text
        assert "R$ 1.200,00" in after
        wrong = await http.post(f"{call}/outcome", data={"outcome": "promise", "amount": "seiscentos", "on": ""})
        assert (wrong.status_code, "escreva um valor, por exemplo 1.500,00" in wrong.text) == (422, True)
        said = {"outcome": "promise", "amount": "600,00", "on": f"{TODAY + timedelta(days=1)}"}
        assert (await http.post(f"{call}/outcome", data=said)).headers["location"] == CALLS
        figures = (await http.get(CALLS)).text
        assert "1 de 1 (100%)" in figures
        assert (await http.get(call)).headers["location"] == CALLS
        assert "R$ 600,00 para" in (await http.get(f"/console/cases/{made.case}")).text
    assert made.rows("SELECT state, made_by FROM promises") == [("open", "dora")]


@pytest.mark.parametrize("outcome", ["no_answer", "wrong_number", "third_person", "ceased"])
async def test_who_was_not_spoken_to_is_told_by_one_button(engine: Engine, made: Contract, outcome: str) -> None:
    async with browser(engine, signed_in_as(engine, "dora", Role.AGENT)) as http:
        call = (await http.post(f"{CALLS}/next")).headers["location"]
        assert f'value="{outcome}"' in (await http.get(call)).text
        assert (await http.post(f"{call}/outcome", data={"outcome": outcome})).status_code == 303
    assert made.rows("SELECT outcome FROM calls") == [(outcome,)]


async def test_a_call_back_is_asked_for_in_brasilia_s_hour(engine: Engine, made: Contract) -> None:
    async with browser(engine, signed_in_as(engine, "dora", Role.AGENT)) as http:
        call = (await http.post(f"{CALLS}/next")).headers["location"]
        missing = await http.post(f"{call}/outcome", data={"outcome": "call_back"})
        assert missing.status_code == 409
        said = {"outcome": "call_back", "call_back_at": "2199-03-04T14:30"}
        assert (await http.post(f"{call}/outcome", data=said)).status_code == 303
    assert made.rows("SELECT not_before FROM tasks WHERE kind = 'call_back'") == [
        (datetime(2199, 3, 4, 17, 30, tzinfo=UTC),)
    ]


async def test_two_agents_never_get_one_task_and_see_no_other_s_call(engine: Engine, made: Contract) -> None:
    async with browser(engine, signed_in_as(engine, "dora", Role.AGENT)) as dora:
        call = (await dora.post(f"{CALLS}/next")).headers["location"]
        async with browser(engine, signed_in_as(engine, "davi", Role.AGENT)) as davi:
            none = (await davi.post(f"{CALLS}/next")).text
            assert "Nada a fazer agora nas suas filas:" in none
            assert "<li>1 em mãos de outra pessoa</li>" in none
            assert (await davi.get(call)).headers["location"] == CALLS
            assert (await davi.post(f"{call}/outcome", data={"outcome": "busy"})).status_code in (303, 409)
        assert made.rows("SELECT outcome FROM calls") == [(None,)]


async def test_supervisors_arrange_queues_and_agents_don_t(engine: Engine, made: Contract) -> None:
    async with browser(engine, signed_in_as(engine, "dora", Role.AGENT)) as http:
        refused = await http.post(f"{CALLS}/queues", data={"agent": "dora", "queues": ["office"]})
        assert refused.status_code == 403
        call = (await http.post(f"{CALLS}/next")).headers["location"]
    async with browser(engine, signed_in_as(engine, "bia", Role.SUPERVISOR)) as http:
        sent = await http.post(f"{CALLS}/queues", data={"agent": "davi", "queues": ["requests", "office"]})
        assert sent.status_code == 303
        assert "davi: pedidos, expediente interno" in (await http.get(CALLS)).text
        assert (await http.post(f"{call}/reassign", data={"to": "davi"})).status_code == 303
    assert made.rows("SELECT agent FROM calls") == [("davi",)]


async def test_a_visit_begins_at_the_case_s_page(engine: Engine, made: Contract) -> None:
    async with browser(engine, signed_in_as(engine, "dora", Role.AGENT)) as http:
        assert "Atender no balcão" in (await http.get(f"/console/cases/{made.case}")).text
        call = (await http.post(f"/console/cases/{made.case}/visit")).headers["location"]
        assert "No balcão" in (await http.get(call)).text
        await http.post(f"{call}/confirm")
        assert (await http.post(f"{call}/outcome", data={"outcome": "paid"})).status_code == 303
    assert made.rows("SELECT channel, outcome FROM calls") == [("counter", Outcome.PAID.value)]


async def test_where_all_is_rehearsed_each_page_says_that_it_is_training(engine: Engine, made: Contract) -> None:
    async with browser(engine, signed_in_as(engine, "dora", Role.AGENT)) as http:
        pages = [
            "/console",
            CALLS,
            f"/console/cases/{made.case}",
            (await http.post(f"{CALLS}/next")).headers["location"],
        ]
        assert not [page for page in pages if "Treino." in (await http.get(page)).text]
        with engine.begin() as connection:
            connection.execute(text("UPDATE cohorts SET rehearsal = true"))
        assert not [page for page in pages if "Treino." not in (await http.get(page)).text]


async def test_a_supervisor_passes_a_task_on_from_the_page(engine: Engine, made: Contract) -> None:
    async with browser(engine, signed_in_as(engine, "dora", Role.AGENT)) as http:
        call = (await http.post(f"{CALLS}/next")).headers["location"]
        assert "Passar a" not in (await http.get(CALLS)).text
    async with browser(engine, signed_in_as(engine, "bia", Role.SUPERVISOR)) as http:
        page = (await http.get(CALLS)).text
        assert f'action="{call}/reassign"' in page
        assert "dora: ligar para o contribuinte" in page
        await http.post(f"{call}/reassign", data={"to": "davi"})
        assert "davi: ligar para o contribuinte" in (await http.get(CALLS)).text


async def test_the_figures_are_those_of_the_days_asked_for(engine: Engine, made: Contract) -> None:
    async with browser(engine, signed_in_as(engine, "dora", Role.AGENT)) as http:
        call = (await http.post(f"{CALLS}/next")).headers["location"]
        await http.post(f"{call}/outcome", data={"outcome": "third_person"})
        assert "1 de 1 (100%)" in (await http.get(CALLS, params={"since": "2020-01-01", "until": ""})).text
        assert "Nenhum atendimento ainda." in (await http.get(CALLS, params={"since": "", "until": "2020-01-01"})).text
        assert (await http.get(CALLS, params={"since": "ontem"})).status_code == 404
