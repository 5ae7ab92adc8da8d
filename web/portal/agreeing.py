"""The page on which a taxpayer pays in instalments what his link is about: the plans, his choice, and the schedule."""

from __future__ import annotations

from datetime import UTC, datetime
from urllib.parse import parse_qs

from anyio.to_thread import run_sync
from fastapi import APIRouter, Request
from fastapi.responses import HTMLResponse
from sqlalchemy import Engine

from channels.links import Links
from models.errors import Refusal
from operations.agreements import sign_by_link
from storage.read_models.agree_page import AgreePage, read_agree_page
from web.portal.pages import answered, page_named
from web.webhooks.openapi import CHOICE

MOST_DIGITS = 3
CHANGED = "As condições mudaram enquanto você escolhia. Confira-as e escolha de novo."


def agreeing_routes(engine: Engine, links: Links) -> APIRouter:
    router = APIRouter(default_response_class=HTMLResponse)

    @router.get("/a/{token}")
    async def plans(token: str) -> HTMLResponse:
        return await run_sync(answered, lambda: _shown(_read(engine, links.read_agree(token))))

    @router.post("/a/{token}", openapi_extra=CHOICE)
    async def sign(token: str, request: Request) -> HTMLResponse:
        count = chosen(await request.body())
        return await run_sync(answered, lambda: _signed(engine, links.read_agree(token), count))

    return router


def chosen(form: bytes) -> int | None:
    """Read the number of instalments; None when no plan could have it."""
    said = parse_qs(form.decode(errors="replace")).get("instalments", [""])[0]
    return int(said) if said.isascii() and said.isdecimal() and len(said) <= MOST_DIGITS and int(said) else None


def _read(engine: Engine, case: str, count: int | None = None) -> AgreePage | None:
    with engine.connect() as connection:
        return read_agree_page(connection, case, datetime.now(UTC), count)


def _shown(page: AgreePage | None, status: int = 200, notice: str | None = None) -> HTMLResponse:
    return page_named("unknown", 404) if page is None else page_named("agree", status, page=page, notice=notice)


def _signed(engine: Engine, case: str, count: int | None) -> HTMLResponse:
    """Sign. It is refused before that is tried where that can be told; what is on record then counts."""
    page = _read(engine, case, count)
    if page is None or count is None or page.signed:
        return _shown(page)
    if page.refusal:
        return _shown(page, 409)
    try:
        sign_by_link(engine, case, count, datetime.now(UTC))
    except Refusal:
        return _shown(_read(engine, case), 409, CHANGED)
    # asked for anew, so that a reload signs nothing
    return HTMLResponse("", 303, {"Location": "?"})
