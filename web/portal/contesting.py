"""The page on which a taxpayer contests what his link is about: why, and the protocol under which people look at it."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import UTC, datetime
from typing import get_args

from anyio.to_thread import run_sync
from fastapi import APIRouter, Request
from fastapi.responses import HTMLResponse
from sqlalchemy import Engine

from channels.links import Links
from models.case.credit import CreditId, return_of
from models.errors import Refusal
from models.law.requests import Contest, RequestKind
from models.words import CONTESTS
from operations.due_process import contest_by_link
from storage.law.requests import open_requests, uncontested
from storage.read_models.pay_page import read_pay_page
from web.form_body import fields_of
from web.portal.pages import answered, page_named
from web.webhooks.openapi import CONTEST

WHYS: dict[str, Contest] = {why: why for why in get_args(Contest)}
CHOOSE = "Escolha o motivo da contestação."
NOTHING_THERE = "Nada disso está em aberto, ou este caso está encerrado: não há o que contestar."


def contesting_routes(engine: Engine, links: Links) -> APIRouter:
    router = APIRouter(default_response_class=HTMLResponse)

    @router.get("/p/{token}/contestar")
    async def ask(token: str) -> HTMLResponse:
        return await run_sync(answered, lambda: _asked(engine, links, links.read_pay(token)))

    @router.post("/p/{token}/contestar", openapi_extra=CONTEST)
    async def contest(token: str, request: Request) -> HTMLResponse:
        said = fields_of(await request.body())
        why, credits = WHYS.get(said.get("why", [""])[0]), said.get("credit", [])
        return await run_sync(answered, lambda: _contested(engine, links, links.read_pay(token), why, credits))

    return router


def _asked(engine: Engine, links: Links, case: str, status: int = 200, notice: str | None = None) -> HTMLResponse:
    """The contests that are open already, and the form where something is left to contest."""
    with engine.connect() as connection:
        page = read_pay_page(connection, case, datetime.now(UTC))
        if page is None:
            return page_named("unknown", 404)
        contests = open_requests(connection, case, RequestKind.CONTEST)
        shown = [*(debt.id for debt in page.debts), *(return_of(each.period) for each in page.returns)]
        left = uncontested(connection, case, shown)
    values = {
        "case": case,
        "ruler": page.ruler,
        "contests": contests,
        "debts": [debt for debt in page.debts if debt.id in left],
        "returns": [each for each in page.returns if return_of(each.period) in left],
        "left": bool(left) or not contests,
        "whys": CONTESTS,
        "pay": links.pay(case),
    }
    return page_named("contest", status, notice=notice, **values)


def _contested(
    engine: Engine, links: Links, case: str, why: Contest | None, credits: Sequence[CreditId]
) -> HTMLResponse:
    if why is None:
        return _asked(engine, links, case, 422, CHOOSE)
    try:
        contest_by_link(engine, case, why, datetime.now(UTC), credits)
    except Refusal:
        return _asked(engine, links, case, 409, NOTHING_THERE)
    # asked for anew, so that a reload contests nothing
    return HTMLResponse("", 303, {"Location": "?"})
