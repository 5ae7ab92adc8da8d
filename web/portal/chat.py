"""The pages of a conversation: begun by everybody, or behind the link of a case; a plain form, and what was said."""

from __future__ import annotations

import secrets
from collections.abc import Callable
from datetime import UTC, datetime
from functools import partial

from anyio.to_thread import run_sync
from fastapi import APIRouter, Request
from fastapi.responses import HTMLResponse
from sqlalchemy import Engine

from channels.links import Links
from models.errors import Refusal
from models.payment.slip import Beneficiary
from models.portal.table import PortalTable
from operations.conversation_effects import Effects
from storage.conversation.conversations import (
    LONGEST,
    Over,
    TooLong,
    hear,
    lines_of,
    open_conversation,
    read_conversation,
)
from storage.conversation.flow_files import read_flows, shipped_texts
from storage.read_models.pay_page import read_pay_page
from web.form_body import fields_of
from web.portal.pages import answered, page_named
from web.portal.tries import Tries, caller
from web.webhooks.openapi import BEGINNING, LINE

FIRST = "atendimento"
"""The flow of who came by the link of his case."""

EffectsOf = Callable[[Request], Effects]


def chat_routes(engine: Engine, links: Links | None, table: PortalTable, beneficiary: Beneficiary) -> APIRouter:
    """The routes; those behind a link where there are links."""
    router = APIRouter(default_response_class=HTMLResponse)
    tries = Tries()

    def effects(request: Request) -> Effects:
        host = caller(request)
        return Effects(beneficiary, datetime.now(UTC), partial(tries.admit, host), partial(tries.miss, host))

    @router.get("/conversa")
    async def choose() -> HTMLResponse:
        flows = [flow for flow in read_flows(shipped_texts()).values() if "web" in flow.media]
        return page_named("chat_flows", 200, table=table, flows=flows)

    @router.post("/conversa", openapi_extra=BEGINNING)
    async def begin(request: Request) -> HTMLResponse:
        flow = fields_of(await request.body()).get("flow", [FIRST])[0]
        return await run_sync(answered, lambda: _begun(engine, flow, effects(request)))

    @router.get("/conversa/{talk}")
    async def show(talk: str) -> HTMLResponse:
        return await run_sync(answered, lambda: _shown(engine, table, talk))

    @router.post("/conversa/{talk}", openapi_extra=LINE)
    async def say(talk: str, request: Request) -> HTMLResponse:
        said = fields_of(await request.body())
        written, event = said.get("text", [""])[0], said.get("event", [secrets.token_hex(8)])[0]
        return await run_sync(answered, lambda: _said(engine, table, talk, event, written, effects(request)))

    if links:

        @router.post("/p/{token}/conversa")
        async def begin_by_link(token: str, request: Request) -> HTMLResponse:
            return await run_sync(
                answered, lambda: _begun(engine, FIRST, effects(request), _known(engine, links.read_pay(token)))
            )

    return router


def _known(engine: Engine, case: str) -> str:
    with engine.connect() as connection:
        if read_pay_page(connection, case, datetime.now(UTC)) is None:
            raise Refusal("there is no such case")
    return case


def _begun(engine: Engine, flow: str, effects: Effects, case: str | None = None) -> HTMLResponse:
    try:
        token = open_conversation(engine, flow, effects, effects.now, case)
    except Refusal:
        return page_named("unknown", 404)
    return HTMLResponse("", 303, {"Location": f"/conversa/{token}"})


def _shown(
    engine: Engine, table: PortalTable, token: str, status: int = 200, notice: str | None = None
) -> HTMLResponse:
    with engine.connect() as connection:
        talk = None if "\0" in token else read_conversation(connection, token=token)
        if talk is None:
            return page_named("unknown", 404)
        lines = lines_of(connection, talk.id)
    shown = {"table": table, "talk": talk, "lines": lines, "notice": notice, "longest": LONGEST}
    return page_named("chat", status, event=secrets.token_hex(8), **shown)


def _said(engine: Engine, table: PortalTable, token: str, event: str, written: str, effects: Effects) -> HTMLResponse:
    try:
        hear(engine, token, event[:64].replace("\0", ""), written, effects, effects.now)
    except (Over, TooLong) as refused:
        return _shown(engine, table, token, 409 if isinstance(refused, Over) else 422, refused.plain)
    except Refusal:
        return page_named("unknown", 404)
    # asked for anew, so that a reload says nothing twice
    return HTMLResponse("", 303, {"Location": f"/conversa/{token}#fim"})
