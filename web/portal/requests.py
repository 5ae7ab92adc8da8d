"""The pages of a taxpayer's requests: their forms behind the link of his case, and one followed by protocol and key."""

from __future__ import annotations

import hmac
import re
from datetime import UTC, datetime

from anyio.to_thread import run_sync
from fastapi import APIRouter, Request
from fastapi.responses import HTMLResponse
from sqlalchemy import Engine

from channels.links import Links
from models.errors import Refusal
from models.law.requests import RequestKind
from models.portal.attachment import LARGEST, MOST, read_attachment
from models.portal.table import PortalTable, RequestForm
from models.words import REQUESTS
from operations.due_process import file_by_link
from storage.law.filed_requests import FiledRequest, filed_in, read_request
from storage.read_models.pay_page import read_pay_page
from web.form_body import fields_of
from web.multipart import Sent, read_multipart
from web.portal.pages import answered, page_named
from web.portal.tries import TOO_MANY, Tries, caller
from web.webhooks.openapi import FOLLOWED, REQUESTED

LONGEST = 4000
"""Characters of what somebody asks for."""
PROTOCOL = re.compile(r"(?:[0-9a-f]{16}-)?([0-9]{1,15})", re.ASCII)
UNSAID = "Escreva o seu pedido."
TOO_LONG = f"Escreva até {LONGEST} caracteres; o mais pode ir num arquivo."
TOO_MANY_FILES = f"Envie até {MOST} arquivos."
CLOSED = "Este pedido não pode ser feito agora: o caso está encerrado, ou nada está em aberto."
NONE_FOUND = "Não há pedido com este protocolo e esta chave. Confira-os na página em que o pedido foi registrado."


def request_routes(engine: Engine, links: Links, table: PortalTable) -> APIRouter:
    """The routes behind a link."""
    router = APIRouter(default_response_class=HTMLResponse)

    @router.get("/p/{token}/pedidos")
    async def listed(token: str) -> HTMLResponse:
        return await run_sync(answered, lambda: _listed(engine, table, links.read_pay(token), links))

    @router.get("/p/{token}/pedidos/{form}")
    async def ask(token: str, form: str) -> HTMLResponse:
        return await run_sync(answered, lambda: _asked(engine, table, links, links.read_pay(token), form))

    @router.post("/p/{token}/pedidos/{form}", openapi_extra=REQUESTED)
    async def file(token: str, form: str, request: Request) -> HTMLResponse:
        sent = read_multipart(request.headers.get("content-type", ""), await request.body())
        return await run_sync(answered, lambda: _filed(engine, table, links, links.read_pay(token), form, sent))

    return router


def follow_routes(engine: Engine, table: PortalTable) -> APIRouter:
    """The routes that are open to everybody."""
    router = APIRouter(default_response_class=HTMLResponse)
    tries = Tries()

    @router.get("/pedido")
    async def ask() -> HTMLResponse:
        return page_named("request_follow", 200, table=table, found=None, notice=None)

    @router.post("/pedido", openapi_extra=FOLLOWED)
    async def follow(request: Request) -> HTMLResponse:
        said = {name: values[0].strip() for name, values in fields_of(await request.body()).items()}
        protocol, key = said.get("protocol", ""), said.get("key", "").lower()
        return await run_sync(answered, lambda: _followed(engine, table, protocol, key, tries, caller(request)))

    return router


def _listed(engine: Engine, table: PortalTable, case: str, links: Links) -> HTMLResponse:
    with engine.connect() as connection:
        if read_pay_page(connection, case, datetime.now(UTC)) is None:
            return page_named("unknown", 404)
        filed = filed_in(connection, case)
    return page_named("requests", 200, table=table, case=case, filed=filed, kinds=REQUESTS, pay=links.pay(case))


def _asked(
    engine: Engine,
    table: PortalTable,
    links: Links,
    case: str,
    name: str,
    status: int = 200,
    said: str = "",
    notice: str | None = None,
) -> HTMLResponse:
    form = table.form(name)
    with engine.connect() as connection:
        page = read_pay_page(connection, case, datetime.now(UTC))
    if form is None or page is None:
        return page_named("unknown", 404)
    shown = {
        "form": form,
        "debts": page.debts if form.kind is RequestKind.CONTEST else [],
        "said": said,
        "notice": notice,
    }
    limits = {"longest": LONGEST, "most": MOST, "largest": LARGEST // 1024 // 1024}
    return page_named("request_form", status, table=table, pay=links.pay(case), **shown, **limits)


def _filed(engine: Engine, table: PortalTable, links: Links, case: str, name: str, sent: Sent) -> HTMLResponse:
    """File what is asked for, once; or the form again, with what is wrong above it."""
    form = table.form(name)
    if form is None:
        return page_named("unknown", 404)
    said = sent.fields.get("said", [""])[0].replace("\0", "").strip()
    try:
        wrong = _wrong(form, said, sent)
        files = [read_attachment(filename, content) for filename, content in sent.files] if form.files else []
    except Refusal as refused:
        wrong = refused.plain
    if wrong:
        return _asked(engine, table, links, case, name, 422, said[:LONGEST], wrong)
    try:
        file_by_link(engine, case, form, said, files, datetime.now(UTC), sent.fields.get("credit", []))
    except Refusal as refused:
        return _asked(engine, table, links, case, name, 409, said, refused.plain or CLOSED)
    # asked for anew, so that a reload files nothing
    return HTMLResponse("", 303, {"Location": f"{links.pay(case)}/pedidos"})


def _wrong(form: RequestForm, said: str, sent: Sent) -> str | None:
    if not said:
        return UNSAID
    if len(said) > LONGEST:
        return TOO_LONG
    return TOO_MANY_FILES if form.files and len(sent.files) > MOST else None


def _followed(engine: Engine, table: PortalTable, protocol: str, key: str, tries: Tries, host: str) -> HTMLResponse:
    """How far a request is; an unknown protocol and a wrong key are answered alike."""
    if not tries.admit(host, protocol):
        return page_named("request_follow", 429, table=table, found=None, notice=TOO_MANY)
    found = _found(engine, protocol, key)
    if found is None:
        tries.miss(host)
        return page_named("request_follow", 404, table=table, found=None, notice=NONE_FOUND)
    return page_named("request_follow", 200, table=table, found=found, kinds=REQUESTS, notice=None)


def _found(engine: Engine, protocol: str, key: str) -> FiledRequest | None:
    written = PROTOCOL.fullmatch(protocol.lower())
    if written is None:
        return None
    with engine.connect() as connection:
        request = read_request(connection, int(written[1]))
    if request is None or request["key"] is None:
        return None
    return request if hmac.compare_digest(request["key"].encode(), key.encode()) else None
