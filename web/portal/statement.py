"""The page of a taxpayer's statement on a day, behind the link of his case; it prints as it is."""

from __future__ import annotations

from datetime import UTC, date, datetime

from anyio.to_thread import run_sync
from fastapi import APIRouter
from fastapi.responses import HTMLResponse
from sqlalchemy import Engine

from channels.links import Links
from models.errors import Refusal
from models.money.accrual import COMPONENTS, NAMES
from models.words import AGREEMENT_STATES, CHANNELS, GROUNDS, PROMISE_STATES, REQUESTS
from storage.read_models.taxpayer_statement import read_statement
from web.portal.pages import answered, page_named

NOT_A_DAY = "Este dia não existe. Escolha-o como dia, mês e ano."
PROGRESS = {
    "claimed": "a enviar",
    "queued": "a enviar",
    "sent": "enviada",
    "delivered": "entregue",
    "read": "lida",
    "answered": "respondida",
    "failed": "não entregue",
    "bounced": "não entregue",
    "blocked": "não entregue",
}
WORDS = {
    "components": {component: NAMES[component] for component in COMPONENTS},
    "grounds": GROUNDS,
    "agreement_states": AGREEMENT_STATES,
    "promise_states": PROMISE_STATES,
    "kinds": REQUESTS,
    "channels": CHANNELS,
    "progress": PROGRESS,
}


def statement_routes(engine: Engine, links: Links) -> APIRouter:
    router = APIRouter(default_response_class=HTMLResponse)

    @router.get("/p/{token}/extrato")
    async def show(token: str, dia: str = "") -> HTMLResponse:
        return await run_sync(answered, lambda: _shown(engine, links, links.read_pay(token), dia))

    return router


def _shown(engine: Engine, links: Links, case: str, asked: str) -> HTMLResponse:
    """The statement of the day that is asked for, else that of today under a sentence that says why."""
    on, notice = None, None
    try:
        on = date.fromisoformat(asked) if asked else None
    except ValueError:
        notice = NOT_A_DAY
    with engine.connect() as connection:
        try:
            statement = read_statement(connection, case, datetime.now(UTC), on)
        except Refusal as refused:
            notice = refused.plain
            statement = read_statement(connection, case, datetime.now(UTC))
    if statement is None:
        return page_named("unknown", 404)
    shown = {"page": statement, "notice": notice, "pay": links.pay(case), **WORDS}
    return page_named("statement", 422 if notice else 200, **shown)
