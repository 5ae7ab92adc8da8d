"""The page on which a taxpayer pays in instalments what his link is about: the plans, his choice, and the schedule."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import get_args

from anyio.to_thread import run_sync
from fastapi import APIRouter, Request
from fastapi.responses import HTMLResponse
from sqlalchemy import Engine

from channels.links import Links
from models.agreement.identity import Identification
from models.agreement.policy import Portion
from models.errors import Refusal
from operations.agreements import sign_by_link
from storage.agreement.asked import SigningRequest
from storage.read_models.agree_page import AgreePage, read_agree_page
from web.form_body import fields_of
from web.portal.pages import answered, page_named
from web.webhooks.openapi import CHOICE

MOST_DIGITS = 3
PORTIONS: dict[str, Portion] = {portion: portion for portion in get_args(Portion)}
CHANGED = "As condições mudaram enquanto você escolhia. Confira-as e escolha de novo."


def agreeing_routes(engine: Engine, links: Links) -> APIRouter:
    router = APIRouter(default_response_class=HTMLResponse)

    @router.get("/a/{token}")
    async def plans(token: str) -> HTMLResponse:
        return await run_sync(answered, lambda: _shown(_read(engine, links.read_agree(token))))

    @router.post("/a/{token}", openapi_extra=CHOICE)
    async def sign(token: str, request: Request) -> HTMLResponse:
        wanted = chosen(await request.body())
        return await run_sync(answered, lambda: _signed(engine, links.read_agree(token), wanted))

    return router


def chosen(form: bytes) -> SigningRequest | None:
    """Read what is asked for: in how many instalments, of which debts, in the campaign or not; None when there is no
    such plan."""
    said = {name: values[0] for name, values in fields_of(form).items()}
    count, portion = said.get("instalments", ""), PORTIONS.get(said.get("debts", "all"))
    if portion is None or not (count.isascii() and count.isdecimal() and len(count) <= MOST_DIGITS and int(count)):
        return None
    return SigningRequest(int(count), debts=portion, campaign="campaign" in said, identified=Identification.LINK)


def _read(engine: Engine, case: str, wanted: SigningRequest | None = None) -> AgreePage | None:
    with engine.connect() as connection:
        return read_agree_page(connection, case, datetime.now(UTC), wanted)


def _shown(page: AgreePage | None, status: int = 200, notice: str | None = None) -> HTMLResponse:
    return page_named("unknown", 404) if page is None else page_named("agree", status, page=page, notice=notice)


def _signed(engine: Engine, case: str, wanted: SigningRequest | None) -> HTMLResponse:
    """Sign. It is refused before that is tried where that can be told; what is on record then counts."""
    page = _read(engine, case, wanted)
    if page is None or wanted is None:
        return _shown(page)
    if page.refusal and page.signed:
        return _shown(_read(engine, case))
    if page.refusal:
        return _shown(page, 409)
    try:
        sign_by_link(engine, case, wanted, datetime.now(UTC))
    except Refusal:
        return _shown(_read(engine, case), 409, CHANGED)
    # asked for anew, so that a reload signs nothing
    return HTMLResponse("", 303, {"Location": "?"})
