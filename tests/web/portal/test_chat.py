"""A conversation on the portal: a plain form, one answer at a time, handed over to a person and back."""

import re
from collections.abc import AsyncIterator
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, date, datetime
from decimal import Decimal
from typing import get_type_hints

import pytest
from fastapi import FastAPI
from httpx import ASGITransport, AsyncClient, Response
from sqlalchemy import Engine, insert

from channels.links import Links
from models.errors import Refusal
from models.formats import money
from models.payment.slip import Beneficiary
from operations.conversation_effects import Effects
from storage.conversation import conversations as talks
from storage.conversation.conversations import (
    LINES,
    UNCLEAR,
    WAITING,
    Line,
    NotUnderstood,
    Waiting,
    claim,
    give_back,
    hear,
    not_understood,
    open_conversation,
)
from storage.schema import access_keys, charges
from tests.agreement_world import Contract, contract
from tests.shapes import misfits
from tests.web.portal.test_lookup import TABLE
from tests.web.portal.test_pages import BRCODE, opened
from web.portal.chat import chat_routes
from web.portal.pages import page_routes
from web.security.guard import Guard

LINKS = Links(["k" * 32], "http://regua")
NOW = datetime.now(UTC)
NOBODY = Beneficiary("")
PLATE, RENAVAM = "ABC1D23", "00639884962"
EFFECTS = Effects(NOBODY, NOW)


@pytest.fixture
async def http(engine: Engine) -> AsyncIterator[AsyncClient]:
    app = FastAPI()
    app.add_middleware(Guard)
    assert TABLE
    app.include_router(chat_routes(engine, LINKS, TABLE, NOBODY))
    app.include_router(page_routes(engine, LINKS, lambda *_: None, conversations=True))
    async with AsyncClient(transport=ASGITransport(app), base_url="http://regua") as client:
        yield client


async def begun(http: AsyncClient, address: str = "/conversa", flow: str = "jaque-ipva") -> str:
    answer = await http.post(address, data={"flow": flow})
    assert answer.status_code == 303
    return answer.headers["location"]


async def say(http: AsyncClient, at: str, written: str) -> str:
    """Say something as the page's form does; what the page shows then."""
    form = opened_html(await http.get(at))
    event = re.search(r'name="event" value="(\w+)"', form)
    assert event
    answer = await http.post(at, data={"text": written, "event": event[1]})
    assert answer.status_code == 303, answer.text
    return opened(await http.get(at)).text


def opened_html(answer: Response) -> str:
    opened(answer)
    return answer.text


@pytest.fixture
def vehicle(engine: Engine) -> Contract:
    """A registered debt of IPVA, known by plate and RENAVAM, with its code to pay by; and one that isn't registered."""
    made = contract(engine, "350.00", "999.00", tax="IPVA", registered_on=date(2025, 6, 1))
    with engine.begin() as connection:
        connection.exec_driver_sql("UPDATE debts SET registered_on = NULL WHERE amount = 999")
        for debt in made.debts:
            for kind, value in (("plate", PLATE), ("renavam", RENAVAM)):
                row = {"debt": debt, "kind": kind, "value": value}
                connection.execute(insert(access_keys).values(row))
        charge = {"debt": made.debts[0], "txid": "t1", "amount": Decimal(350), "due": date(2026, 12, 31)}
        connection.execute(insert(charges).values(**charge, state="open", brcode=BRCODE))
    return made


async def test_jaque_tells_the_registered_ipva_and_gives_the_pix(vehicle: Contract, http: AsyncClient) -> None:
    at = await begun(http)
    assert "Qual é a placa" in opened(await http.get(at)).text
    assert "Não entendi a placa" in await say(http, at, "minha moto")
    assert "E o RENAVAM?" in await say(http, at, "abc-1d23")
    told = await say(http, at, "639884962")
    assert f": {money(Decimal(350))}" in told
    assert ("999" in told, "Padaria" in told) == (False, False), "unregistered, and whose it is, is told to nobody"
    assert "Guia 1 de 1: IPVA, inscrição" in (paying := await say(http, at, "pix"))
    assert BRCODE in paying


async def test_a_wrong_pair_is_told_nothing_and_who_tries_many_is_slowed(vehicle: Contract, http: AsyncClient) -> None:
    at = await begun(http)
    await say(http, at, "XYZ1A23")
    assert "Não encontrei IPVA" in await say(http, at, "639884962")
    [(known,)] = vehicle.rows("SELECT place ->> 'identified' FROM conversations")
    assert known == "false"
    refused = Effects(NOBODY, NOW, admit=lambda _: False)
    token = open_conversation(vehicle.engine, "jaque-ipva", refused, NOW)
    for event, written in enumerate((PLATE, RENAVAM)):
        hear(vehicle.engine, token, str(event), written, refused, NOW)
    assert vehicle.rows("SELECT count(*) FROM conversation_lines WHERE text LIKE '%350%'") == [(0,)]


async def test_who_comes_by_his_link_is_told_and_contests(vehicle: Contract, http: AsyncClient) -> None:
    leads = re.search(r'action="(\S+/conversa)"', (await http.get(LINKS.pay(vehicle.case))).text)
    assert leads
    at = await begun(http, leads[1])
    assert money(Decimal(1349)) in await say(http, at, "pagar"), "unregistered too: it is his"
    await say(http, at, "menu")
    assert "Sua contestação foi registrada" in await say(http, at, "não reconheço")
    assert vehicle.rows("SELECT kind, recorded_by FROM requests") == [
        ("contest", "contribuinte, pelo endereço da mensagem")
    ]
    assert vehicle.rows("SELECT detail ->> 'via' FROM audit_log WHERE command = 'case review'") == [("conversation",)]


async def test_a_line_sent_twice_is_heard_once(engine: Engine, http: AsyncClient) -> None:
    at = await begun(http)
    for _ in range(2):
        assert (await http.post(at, data={"text": "ABC1D23", "event": "one"})).status_code == 303
    assert opened(await http.get(at)).text.count("E o RENAVAM?") == 1


def test_of_two_messages_at_once_one_is_answered_after_the_other(engine: Engine) -> None:
    token = open_conversation(engine, "jaque-ipva", EFFECTS, NOW)
    with ThreadPoolExecutor(2) as both:
        list(both.map(lambda each: hear(engine, token, each, each, EFFECTS, NOW), ("ABC1D23", "XYZ1A23")))
    with engine.connect() as connection:
        [(plate, misses)] = connection.exec_driver_sql(
            "SELECT place -> 'answers' ->> 'plate', place ->> 'misses' FROM conversations"
        ).all()
    assert plate in ("ABC1D23", "XYZ1A23")
    assert misses == "1", "the second one answered the next question"


async def test_a_person_takes_over_answers_and_gives_back(engine: Engine, http: AsyncClient) -> None:
    at = await begun(http)
    queued = await say(http, at, "atendente")
    assert "de segunda a sexta, das 08:00 às 18:00. Você é o próximo." in queued
    other = await begun(http)
    assert "Há uma conversa antes da sua." in await say(http, other, "pessoa")
    assert (await say(http, at, "alguém aí?")).count("Uma pessoa vai responder aqui") == 1, "told once"
    token = at.rpartition("/")[2]
    with engine.connect() as connection:
        talk = talks.read_conversation(connection, token=token)
    assert talk
    claim(engine, talk.id, "dora")
    with pytest.raises(Refusal, match="is held by dora"):
        claim(engine, talk.id, "eva")
    with pytest.raises(Refusal, match="not in your hands"):
        talks.answer(engine, talk.id, "eva", "oi")
    before = opened(await http.get(at)).text.count("Assistente")
    assert (await say(http, at, "ABC1D23")).count("Assistente") == before, "nothing is said on top of a person"
    talks.answer(engine, talk.id, "dora", "Bom dia, já vejo.")
    page = opened(await http.get(at)).text
    assert ("Bom dia, já vejo." in page, "dora" in page) == (True, False)
    give_back(engine, talk.id, "dora", EFFECTS, NOW)
    assert "E o RENAVAM?" in await say(http, at, "ABC1D23"), "the question stands again"


async def test_what_ended_hears_nothing(engine: Engine, http: AsyncClient) -> None:
    at = await begun(http, flow="atendimento")
    assert "Esta conversa terminou" in await say(http, at, "sair")
    answer = await http.post(at, data={"text": "oi", "event": "late"})
    assert (answer.status_code, "Comece outra" in opened(answer).text) == (409, True)


@pytest.mark.parametrize(
    "written", ["😀" * 4096, "<script>alert(1)</script>", "\0", "‮" * 10, "{total} {debts}", "%s" * 99]
)
async def test_whatever_is_written_is_text(engine: Engine, http: AsyncClient, written: str) -> None:
    at = await begun(http)
    answer = await http.post(at, data={"text": written, "event": "x"})
    assert answer.status_code in (303, 422)
    page = opened(await http.get(at))
    assert "script" not in page.tags


async def test_too_long_a_line_is_told_so(engine: Engine, http: AsyncClient) -> None:
    at = await begun(http)
    answer = await http.post(at, data={"text": "x" * 4097, "event": "x"})
    assert (answer.status_code, "Escreva até 4096 caracteres" in opened(answer).text) == (422, True)


@pytest.mark.parametrize(
    ("method", "address"),
    [("GET", "/conversa/nothing"), ("POST", "/conversa/nothing"), ("GET", "/conversa/%00"), ("POST", "/p/x/conversa")],
)
async def test_a_wrong_address_is_a_friendly_page(http: AsyncClient, method: str, address: str) -> None:
    answer = await http.request(method, address, data={"text": "oi"} if method == "POST" else None)
    assert answer.status_code == 404
    assert "Endereço não encontrado" in opened(answer).text


async def test_a_flow_that_is_not_there_begins_nothing(engine: Engine, http: AsyncClient) -> None:
    assert (await http.post("/conversa", data={"flow": "../x"})).status_code == 404


def test_what_is_not_understood_is_listed_and_rows_are_as_their_types_say(engine: Engine) -> None:
    token = open_conversation(engine, "jaque-ipva", EFFECTS, NOW)
    for event, written in enumerate(("banana", "uva", "pera")):
        hear(engine, token, str(event), written, EFFECTS, NOW)
    with engine.connect() as connection:
        assert [each["text"] for each in not_understood(connection)] == ["pera", "uva", "banana"]
        [(number,)] = connection.exec_driver_sql("SELECT id FROM conversations").all()
        found = {
            Line: connection.execute(LINES, {"conversation": number}).mappings().all(),
            Waiting: connection.execute(WAITING).mappings().all(),
            NotUnderstood: connection.execute(UNCLEAR).mappings().all(),
        }
    for shape, rows in found.items():
        assert rows
        assert set(rows[0]) == set(get_type_hints(shape))
        assert [fault for row in rows for fault in misfits(dict(row), shape)] == []
