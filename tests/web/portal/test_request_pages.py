"""Requests behind the link: filed once, with files by their content, followed by protocol and key, and answered."""

import re
from collections.abc import AsyncIterator
from pathlib import Path

import pytest
from fastapi import FastAPI
from httpx import ASGITransport, AsyncClient, Response
from sqlalchemy import Engine

from channels.links import Links
from models.errors import Refusal
from models.portal.attachment import LARGEST, read_attachment
from models.portal.table import PortalTable, read_portal
from models.roles import Role
from tests.agreement_world import Contract, contract
from tests.web.console.console_world import browser, signed_in_as
from tests.web.portal.test_pages import opened
from web.multipart import read_multipart
from web.portal.pages import page_routes
from web.portal.requests import follow_routes, request_routes
from web.security.guard import Guard

LINKS = Links(["k" * 32], "http://regua")
PDF, PNG, JPEG = b"%PDF-1.7 x", b"\x89PNG\r\n\x1a\nx", b"\xff\xd8\xffx"


def table() -> PortalTable:
    read = read_portal((Path(__file__).parents[3] / "portals" / "sao-paulo.yaml").read_text())
    assert read.table
    return read.table


@pytest.fixture
async def http(engine: Engine) -> AsyncIterator[AsyncClient]:
    app = FastAPI()
    app.add_middleware(Guard)
    app.include_router(page_routes(engine, LINKS, lambda *_: None, requests=True))
    app.include_router(request_routes(engine, LINKS, table()))
    app.include_router(follow_routes(engine, table()))
    async with AsyncClient(transport=ASGITransport(app), base_url="http://regua") as client:
        yield client


@pytest.fixture
def made(engine: Engine) -> Contract:
    return contract(engine, "400.00", "900.00")


async def filed(
    http: AsyncClient, made: Contract, form: str, said: str, *files: tuple[str, bytes], **more: str
) -> Response:
    sent = [("file", (name, content)) for name, content in files] or [("file", ("", b""))]
    return await http.post(f"{LINKS.pay(made.case)}/pedidos/{form}", data={"said": said, **more}, files=sent)


def page_of(made: Contract) -> str:
    return f"{LINKS.pay(made.case)}/pedidos"


async def test_a_contest_with_a_file_is_filed_followed_answered_and_told(made: Contract, http: AsyncClient) -> None:
    [leads] = [link for link in opened(await http.get(LINKS.pay(made.case))).links if link.endswith("/pedidos")]
    assert "Comprovar um pagamento" in opened(await http.get(leads)).text
    assert "Por que você não concorda?" in opened(await http.get(f"{leads}/contestacao")).text
    answer = await filed(
        http, made, "contestacao", "Já paguei <b>tudo</b>.", ("C:\\x\\recibo.exe", PDF), credit=made.debts[0]
    )
    assert answer.status_code == 303
    [[number, kind, key, credit]] = made.rows(
        "SELECT id, kind, key, credit FROM requests JOIN request_credits ON request = id"
    )
    assert (kind, credit) == ("contest", made.debts[0])
    shown = opened(await http.get(answer.headers["location"])).text
    assert (f"{made.case}-{number}" in shown, key in shown, "Recebido em" in shown) == (True, True, True)
    assert made.rows("SELECT name, media_type, content FROM request_files") == [("recibo.pdf", "application/pdf", PDF)]

    async with browser(made.engine, signed_in_as(made.engine, "bia", Role.SUPERVISOR)) as console:
        page = f"/console/requests/{number}"
        assert f'href="{page}"' in (await console.get("/console/waiting/requests")).text
        read = (await console.get(page)).text
        assert ("Já paguei &lt;b&gt;tudo" in read, "recibo.pdf" in read) == (True, True)
        [file] = re.findall(r'href="(\S+/files/\d+)"', read)
        sent = await console.get(file)
        assert (sent.content, sent.headers["content-disposition"].split(";")[0]) == (PDF, "attachment")
        assert sent.headers["x-content-type-options"] == "nosniff"
        assert (await console.post(f"{page}/take")).status_code == 303
        assert "Em análise desde" in opened(await http.get(leads)).text
        assert (await console.post(f"{page}/answer", data={"decided": "granted"})).status_code == 422
        done = {"decided": "granted", "reason": "O pagamento foi localizado."}
        assert (await console.post(f"{page}/answer", data=done)).status_code == 303
        assert (await console.post(f"{page}/take")).status_code == 409
        assert (await console.get("/console/requests/99999")).status_code == 404

    told = opened(await http.post("/pedido", data={"protocol": f"{made.case}-{number}", "key": key.upper()})).text
    assert ("deferido" in told, "O pagamento foi localizado." in told, "Já paguei" in told) == (True, True, False)


@pytest.mark.parametrize(("key", "protocol"), [("0000000000", None), ("", None), (None, "1"), (None, "x"), (None, "é")])
async def test_a_wrong_key_and_an_unknown_protocol_are_answered_alike(
    made: Contract, http: AsyncClient, key: str | None, protocol: str | None
) -> None:
    await filed(http, made, "duvida", "Quanto devo?")
    [[number, right]] = made.rows("SELECT id, key FROM requests")
    asked = {
        "protocol": str(number + 1) if protocol == "1" else protocol or str(number),
        "key": right if key is None else key,
    }
    answer = await http.post("/pedido", data=asked)
    assert answer.status_code == 404
    assert "Não há pedido com este protocolo e esta chave" in opened(answer).text


async def test_one_sent_twice_is_one_and_a_contest_holds_what_it_names(made: Contract, http: AsyncClient) -> None:
    assert [(await filed(http, made, "encargos", "Perdi o emprego.")).status_code for _ in range(2)] == [303, 409]
    assert [(await filed(http, made, "contestacao", "Não devo.")).status_code for _ in range(2)] == [303, 409]
    assert made.rows("SELECT kind, count(*) FROM requests GROUP BY kind ORDER BY kind") == [
        ("charge_remission", 1),
        ("contest", 1),
    ]
    assert made.rows("SELECT count(*) FROM request_credits") == [(2,)]
    again = opened(await filed(http, made, "encargos", "De novo.")).text
    assert "Um pedido como este já está em análise." in again


@pytest.mark.parametrize(
    ("said", "files", "notice"),
    [
        ("", [], "Escreva o seu pedido."),
        ("x" * 4001, [], "Escreva até 4000 caracteres"),
        ("x", [("virus.pdf", b"MZ\x90")], "um deles é de outro tipo"),
        ("x", [("page.png", b"<html>")], "um deles é de outro tipo"),
        ("x", [("a.pdf", PDF)] * 4, "Envie até 3 arquivos."),
        ("x", [("a.pdf", PDF + b"x" * LARGEST)], "até 2 MB"),
    ],
)
async def test_what_can_not_be_taken_is_told_above_the_form(
    made: Contract, http: AsyncClient, said: str, files: list[tuple[str, bytes]], notice: str
) -> None:
    answer = await filed(http, made, "comprovante", said, *files)
    assert answer.status_code == 422
    assert notice in opened(answer).text
    assert made.rows("SELECT 1 FROM requests") == []


async def test_a_body_of_20_megabytes_is_refused_unread(made: Contract, http: AsyncClient) -> None:
    answer = await filed(http, made, "comprovante", "x", ("a.pdf", PDF + b"x" * 20_000_000))
    assert answer.status_code == 413
    small = await http.post("/pedido", content=b"x" * 1_100_000)
    assert small.status_code == 413, "other pages take no more than before"


async def test_a_closed_case_and_wrong_addresses(made: Contract, http: AsyncClient) -> None:
    assert (await http.get(f"{page_of(made)}/nada")).status_code == 404
    assert (await http.get("/p/nonsense/pedidos")).status_code == 404
    with made.engine.begin() as connection:
        connection.exec_driver_sql("UPDATE cases SET closed_at = now(), status = 'resolved'")
    answer = await filed(http, made, "duvida", "E agora?")
    assert (answer.status_code, "o caso está encerrado" in opened(answer).text) == (409, True)


@pytest.mark.parametrize(
    ("content", "name"),
    [(PDF, "nota.pdf"), (PNG, "nota.png"), (JPEG, "nota.jpg")],
)
def test_a_file_is_named_by_what_it_is(content: bytes, name: str) -> None:
    assert read_attachment("../../etc/nota.tar", content).name == name
    assert read_attachment("", content).name == name.replace("nota", "arquivo")
    with pytest.raises(Refusal):
        read_attachment("x.pdf", b"x" + content)


@pytest.mark.parametrize(
    ("kind", "body"),
    [
        ("", b"x"),
        ("multipart/form-data", b"x"),
        ("multipart/form-data; boundary=b", b"--b\r\n\r\nx"),
        ("multipart/form-data; boundary=b\r\nX: y", b"--b--"),
        ("multipart/form-data; boundary=b", b"--b\r\nContent-Disposition: form-data\r\n\r\nx\r\n--b--"),
        ("multipart/form-data; boundary=é", b"\xff" * 100),
        ("text/plain", b"said=x"),
    ],
)
def test_what_is_no_form_with_files_has_neither(kind: str, body: bytes) -> None:
    sent = read_multipart(kind, body)
    assert (sent.fields, sent.files) == ({}, [])
