"""The pages of certificates: a taxpayer issues his own behind the link of his case; a code tells anybody of one."""

from __future__ import annotations

from datetime import UTC, datetime

from anyio.to_thread import run_sync
from fastapi import APIRouter, Request
from fastapi.responses import HTMLResponse, Response
from sqlalchemy import Engine

from channels.certificate_pdf import certificate_pdf
from channels.links import Links
from models.errors import Refusal
from models.law.certificate import Issued
from models.portal.table import Certificates, PortalTable
from operations.certificates import issue_by_link
from storage.case.cases import read_case
from storage.law.certificates import by_code, latest, prospect
from web.form_body import fields_of
from web.portal.pages import answered, page_named
from web.portal.tries import TOO_MANY, Tries, caller
from web.webhooks.openapi import CHECK

NONE_FOUND = "Não há certidão com este código. Confira-o no rodapé do documento."
CODE_LENGTH = 16


def certificate_routes(engine: Engine, links: Links, table: PortalTable, terms: Certificates) -> APIRouter:
    """The routes behind a link."""
    router = APIRouter(default_response_class=HTMLResponse)

    @router.get("/p/{token}/certidao")
    async def show(token: str) -> HTMLResponse:
        return await run_sync(answered, lambda: _shown(engine, table, terms, links.read_pay(token), links))

    @router.post("/p/{token}/certidao")
    async def issue(token: str) -> HTMLResponse:
        return await run_sync(answered, lambda: _issued(engine, table, terms, links.read_pay(token), links))

    @router.get("/p/{token}/certidao.pdf")
    async def document(token: str) -> Response:
        return await run_sync(answered, lambda: _document(engine, links.read_pay(token)))

    return router


def check_routes(engine: Engine, table: PortalTable) -> APIRouter:
    """The routes that are open to everybody."""
    router = APIRouter(default_response_class=HTMLResponse)
    tries = Tries()

    @router.get("/certidao")
    async def ask() -> HTMLResponse:
        return _check_page(table)

    @router.post("/certidao", openapi_extra=CHECK)
    async def check(request: Request) -> HTMLResponse:
        said = fields_of(await request.body()).get("code", [""])[0]
        code = "".join(c for c in said.lower() if c in "0123456789abcdef")
        return await run_sync(answered, lambda: _checked(engine, table, code, tries, caller(request)))

    return router


def _shown(
    engine: Engine, table: PortalTable, terms: Certificates, case: str, links: Links, status: int = 200
) -> HTMLResponse:
    """The certificate that he would get, or why he gets none, and the one that he has."""
    try:
        with engine.connect() as connection:
            record = read_case(connection, case)
            today = record.clock.day_at(datetime.now(UTC))
            found = prospect(connection, record.taxpayer, terms, today)
            issued = latest(connection, record.taxpayer, today)
    except Refusal:
        return page_named("unknown", 404)
    pay = links.pay(case)
    return page_named("certificate", status, table=table, found=found, issued=issued, today=today, pay=pay)


def _issued(engine: Engine, table: PortalTable, terms: Certificates, case: str, links: Links) -> HTMLResponse:
    try:
        issue_by_link(engine, case, table.authority, terms, datetime.now(UTC))
    except Refusal:
        return _shown(engine, table, terms, case, links, 409)
    # asked for anew, so that a reload issues nothing
    return HTMLResponse("", 303, {"Location": "?"})


def _document(engine: Engine, case: str) -> Response:
    """The PDF of the certificate that is valid today; a page that knows of none where there is none."""
    try:
        with engine.connect() as connection:
            record = read_case(connection, case)
            issued = latest(connection, record.taxpayer, record.clock.day_at(datetime.now(UTC)))
    except Refusal:
        issued = None
    if issued is None:
        return page_named("unknown", 404)
    return Response(certificate_pdf(issued), media_type="application/pdf", headers={"Content-Disposition": "inline"})


def _checked(engine: Engine, table: PortalTable, code: str, tries: Tries, host: str) -> HTMLResponse:
    if not tries.admit(host, code):
        return _check_page(table, 429, notice=TOO_MANY)
    issued = None
    if len(code) == CODE_LENGTH:
        with engine.connect() as connection:
            issued = by_code(connection, code)
    if issued is None:
        tries.miss(host)
        return _check_page(table, 404, notice=NONE_FOUND)
    return _check_page(table, issued=issued)


def _check_page(
    table: PortalTable, status: int = 200, issued: Issued | None = None, notice: str | None = None
) -> HTMLResponse:
    return page_named("certificate_check", status, table=table, issued=issued, notice=notice)
