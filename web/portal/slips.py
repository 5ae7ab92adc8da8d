"""The slip of what a payment page shows: a PDF to print and pay at a bank, made anew each time it is asked for."""

from __future__ import annotations

import re
from datetime import UTC, datetime

from anyio.to_thread import run_sync
from fastapi import APIRouter
from fastapi.responses import HTMLResponse, Response
from sqlalchemy import Engine

from banks.slip_pdf import slip_pdf
from channels.links import Links
from models.errors import Refusal
from models.payment.slip import Beneficiary
from storage.payments.slips import draw
from web.portal.pages import answered, page_named

ID = re.compile("[0-9a-f]{16}")
"""The id of a debt or an instalment."""


def slip_routes(engine: Engine, links: Links, beneficiary: Beneficiary) -> APIRouter:
    router = APIRouter(default_response_class=HTMLResponse)

    @router.get("/p/{token}/guia/{purpose}")
    async def slip(token: str, purpose: str) -> Response:
        return await run_sync(answered, lambda: _drawn(engine, beneficiary, links.read_pay(token), purpose))

    return router


def _drawn(engine: Engine, beneficiary: Beneficiary, case: str, purpose: str) -> Response:
    """The slip of a debt or an instalment of the case; a page that knows of none where there is nothing to pay."""
    if not ID.fullmatch(purpose):
        return page_named("unknown", 404)
    try:
        with engine.connect() as connection:
            slip = draw(connection, case, purpose, beneficiary, datetime.now(UTC))
    except Refusal:
        return page_named("unknown", 404)
    return Response(slip_pdf(slip), media_type="application/pdf", headers={"Content-Disposition": "inline"})
