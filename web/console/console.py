"""The console: all of its pages, the sheet they share, and the answer to addresses that lead nowhere."""

from __future__ import annotations

from fastapi import APIRouter, Response
from sqlalchemy import Engine

from web.console.approvals import approval_routes
from web.console.audit import audit_routes
from web.console.calls import call_routes
from web.console.case import Connect, case_routes
from web.console.cohort import cohort_routes
from web.console.cohort_draft import draft_routes
from web.console.conversations import conversation_routes
from web.console.home import home_routes
from web.console.imports import import_routes
from web.console.lists import list_routes
from web.console.oidc import Provider
from web.console.pages import SCRIPT, SCRIPT_NAME, SHEET, SHEET_NAME, Pages
from web.console.payments import payment_routes
from web.console.requests import request_pages
from web.console.rulers import ruler_routes
from web.console.search import search_routes
from web.console.sign_in import sign_in_routes
from web.console.status import status_routes
from web.console.taxpayer import taxpayer_routes
from web.webhooks.webhook import Refused

KEPT = {"Cache-Control": "public, max-age=31536000, immutable"}


def console_routes(
    engine: Engine, temporal: Connect, ui: str | None = None, provider: Provider | None = None
) -> APIRouter:
    """The routes; `ui` is the address of Temporal's Web UI, and people sign in at `provider` too."""
    console = APIRouter()
    console.include_router(sign_in_routes(engine, provider))
    console.include_router(home_routes(engine))
    console.include_router(list_routes(engine))
    console.include_router(status_routes(engine, temporal))
    console.include_router(search_routes(engine))
    console.include_router(taxpayer_routes(engine))
    console.include_router(case_routes(engine, temporal, ui))
    console.include_router(approval_routes(engine, temporal))
    console.include_router(call_routes(engine))
    console.include_router(conversation_routes(engine))
    console.include_router(cohort_routes(engine))
    console.include_router(draft_routes(engine, temporal))
    console.include_router(import_routes(engine))
    console.include_router(ruler_routes(engine))
    console.include_router(audit_routes(engine))
    console.include_router(payment_routes(engine))
    console.include_router(request_pages(engine))
    console.include_router(_rest(engine))
    return console


def _rest(engine: Engine) -> Pages:
    pages = Pages(engine)

    @pages.get(f"/{SHEET_NAME}", response_class=Response)
    async def sheet() -> Response:
        return Response(SHEET.read_bytes(), media_type="text/css", headers=KEPT)

    @pages.get(f"/{SCRIPT_NAME}", response_class=Response)
    async def script() -> Response:
        return Response(SCRIPT.read_bytes(), media_type="text/javascript", headers=KEPT)

    @pages.api_route("/{rest:path}", methods=["GET", "POST"], include_in_schema=False)
    async def nowhere() -> Response:
        raise Refused(404, "")

    return pages
