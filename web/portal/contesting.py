"""The page on which a taxpayer contests what his link is about: why, and the protocol under which people look at it."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import get_args
from urllib.parse import parse_qs

from anyio.to_thread import run_sync
from fastapi import APIRouter, Request
from fastapi.responses import HTMLResponse
from sqlalchemy import Engine

from channels.links import Links
from models.errors import Refusal
from models.law.requests import Contest
from models.words import CONTESTS
from operations.due_process import contest_by_link
from storage.case.cases import read_case
from storage.law.requests import open_contest
from web.portal.pages import answered, page_named
from web.webhooks.openapi import CONTEST

WHYS: dict[str, Contest] = {why: why for why in get_args(Contest)}
CHOOSE = "Escolha o motivo da contestação."
CLOSED = "Este caso está encerrado: não há o que contestar."


def contesting_routes(engine: Engine, links: Links) -> APIRouter:
    router = APIRouter(default_response_class=HTMLResponse)

    @router.get("/p/{token}/contestar")
    async def ask(token: str) -> HTMLResponse:
        return await run_sync(answered, lambda: _asked(engine, links, links.read_pay(token)))

    @router.post("/p/{token}/contestar", openapi_extra=CONTEST)
    async def contest(token: str, request: Request) -> HTMLResponse:
        said = parse_qs((await request.body()).decode(errors="replace")).get("why", [""])[0]
        return await run_sync(answered, lambda: _contested(engine, links, links.read_pay(token), WHYS.get(said)))

    return router


def _asked(engine: Engine, links: Links, case: str, status: int = 200, notice: str | None = None) -> HTMLResponse:
    """The form, or the contest that is open already."""
    try:
        with engine.connect() as connection:
            ruler, contest = read_case(connection, case).ruler, open_contest(connection, case)
    except Refusal:
        return page_named("unknown", 404)
    shown = {"case": case, "ruler": ruler, "contest": contest, "whys": CONTESTS, "pay": links.pay(case)}
    return page_named("contest", status, notice=notice, **shown)


def _contested(engine: Engine, links: Links, case: str, why: Contest | None) -> HTMLResponse:
    if why is None:
        return _asked(engine, links, case, 422, CHOOSE)
    try:
        contest_by_link(engine, case, why, datetime.now(UTC))
    except Refusal:
        return _asked(engine, links, case, 409, CLOSED)
    # asked for anew, so that a reload contests nothing
    return HTMLResponse("", 303, {"Location": "?"})
