"""The console's pages: how each is made of its template, how it is refused, and the sheet that all share."""

from __future__ import annotations

import hashlib
import re
from collections.abc import Callable
from datetime import date, datetime
from decimal import Decimal
from pathlib import Path
from typing import Any
from urllib.parse import urlencode, urlsplit
from zoneinfo import ZoneInfo

import structlog
from babel.numbers import format_compact_currency
from fastapi import APIRouter, Request, Response
from fastapi.exceptions import RequestValidationError
from fastapi.responses import HTMLResponse, RedirectResponse
from pydantic import BaseModel
from sqlalchemy import Engine

from activities.log import kind_and_place
from channels.markup import markup
from models.formats import day, moment, money, period
from models.roles import Role
from web.console.door import Duty, Route, StaffRoute
from web.console.forms import WrongForm, form_of, form_with_file_of
from web.console.refusals import refusal_in_words
from web.webhooks.webhook import Refused

log = structlog.get_logger()

HEADERS = {
    "Content-Security-Policy": "default-src 'none'; style-src 'self'; img-src 'self'; script-src 'self';"
    " connect-src 'self'; form-action 'self'; base-uri 'none'; frame-ancestors 'none'",
    # our own pages are told by which address a form was sent from
    "Referrer-Policy": "same-origin",
}

STATIC = Path(__file__).parent.parent / "static"


def _digested(file: Path) -> str:
    """A name that changes with the file, so that browsers may keep it."""
    return f"{file.stem}-{hashlib.sha256(file.read_bytes()).hexdigest()[:12]}{file.suffix}"


SHEET, SCRIPT = STATIC / "console.css", STATIC / "live.js"
SHEET_NAME, SCRIPT_NAME = _digested(SHEET), _digested(SCRIPT)

BRASILIA = ZoneInfo("America/Sao_Paulo")

HOME = "/console"
SIGN_IN = "/console/sign-in"
OURS = re.compile(r"/console(?:/[A-Za-z0-9_-]+)*")
"""The addresses that a sign-in may lead on to."""

ROLES = {
    Role.ANALYST: "análise",
    Role.SUPERVISOR: "supervisão",
    Role.AUDITOR: "auditoria",
    Role.AGENT: "atendimento",
}

REFUSALS = {
    403: ("Seu papel não permite isto", "Peça a quem tem o papel necessário; a tentativa pode ficar registrada."),
    404: ("Nada com este endereço", "O endereço pode ter sido copiado pela metade, ou o registro não existe."),
    409: ("Não foi possível", "O registro não permite isto agora. Nada foi mudado."),
    413: ("Grande demais", "O que foi enviado passa do limite. Nada foi mudado."),
    422: ("Pedido incompleto", "O que foi enviado não é o que a página pede. Nada foi mudado."),
    500: ("Falha nossa", "O que houve está no nosso registro de falhas. Nada foi mudado; tente de novo."),
    503: ("Sem resposta agora", "O banco de dados ou o Temporal não responde. Tente de novo em instantes."),
}


def in_words(cell: object) -> str:
    """A cell of a table as people read it."""
    match cell:
        case None:
            return "—"
        case Decimal():
            return money(cell)
        case datetime():
            return moment(cell.astimezone(BRASILIA))
        case date():
            return day(cell)
        case _:
            return str(cell)


_environment = markup("pages")
_environment.filters.update(
    money=money,
    day=day,
    period=period,
    cell=in_words,
    refusal=refusal_in_words,
    amount=lambda written: money(Decimal(written)),
    compact=lambda amount: format_compact_currency(amount, "BRL", locale="pt_BR", fraction_digits=1),
    moment=lambda at: moment(at.astimezone(BRASILIA)),
    decimal=lambda n: f"{n:.1f}".replace(".", ","),
    number=lambda n: f"{n:,}".replace(",", "."),
)
_environment.tests["amount"] = lambda cell: isinstance(cell, Decimal | int)
_environment.globals.update(sheet=f"{HOME}/{SHEET_NAME}", script=f"{HOME}/{SCRIPT_NAME}", roles=ROLES)


def page(request: Request, name: str, status: int = 200, **values: Any) -> HTMLResponse:
    """The page of a template of `templates/pages/console/`, for whoever was admitted, if anybody was."""
    visitor = getattr(request.state, "visitor", None)
    html = _environment.get_template(f"console/{name}.html.j2").render(
        visitor=visitor, here=request.url.path, now=datetime.now(BRASILIA), **values
    )
    return HTMLResponse(html, status, HEADERS)


def refusal_page(request: Request, refused: Refused) -> Response:
    """The page of a refusal; for who isn't signed in, or did so too long ago, the way to the sign-in."""
    if refused.status == 401:
        return see_other(f"{SIGN_IN}?{urlencode({'next': came_from(request)})}")
    title, hint = REFUSALS[refused.status if refused.status in REFUSALS else 409]
    return page(request, "refused", refused.status, title=title, hint=hint, reason=refused.reason)


def see_other(address: str) -> RedirectResponse:
    """Lead on to another page; a reload there sends nothing again."""
    return RedirectResponse(address, 303, HEADERS)


def came_from(request: Request) -> str:
    """The console's page that somebody looks at: the one asked for, or the one whose form was sent."""
    referrer = urlsplit(request.headers.get("referer", "")).path
    return ours(request.url.path if request.method == "GET" else referrer)


def ours(address: str) -> str:
    """An address of the console's, which is its beginning where it is none."""
    return address if OURS.fullmatch(address) and address != SIGN_IN else HOME


class PageRoute(StaffRoute):
    """A route that is answered with a page, also where it is refused or fails."""

    def refused(self, request: Request, refused: Refused) -> Response:
        return refusal_page(request, refused)

    def failed(self, request: Request, error: Exception) -> Response:
        if isinstance(error, RequestValidationError):  # an address that no page of ours leads to
            return refusal_page(request, Refused(404, ""))
        if isinstance(error, WrongForm):  # sent by no page of ours: those tell it beside the field
            return refusal_page(request, Refused(422, ""))
        log.error("a page of the console can't be shown", reason=kind_and_place(error))
        return refusal_page(request, Refused(500, ""))


class Pages(APIRouter):
    """A router of pages, each of which says what it reads or does."""

    def __init__(self, engine: Engine) -> None:
        route = type("Page", (PageRoute,), {"engine": engine})
        super().__init__(prefix=HOME, route_class=route, default_response_class=HTMLResponse)

    def reads(self, reading: str, path: str) -> Callable[[Route], Route]:
        """A page that shows a part of the record."""
        return self.get(path, openapi_extra={"x-reading": reading})

    def does(self, what: Duty, path: str, form: type[BaseModel] | None = None) -> Callable[[Route], Route]:
        """An address to which a form is sent, which does what an operation does."""
        return self.post(path, openapi_extra={"x-duty": what.duty, **(form_of(form) if form else {})})

    def takes(self, what: Duty, path: str, form: type[BaseModel]) -> Callable[[Route], Route]:
        """An address to which a form with a file is sent."""
        return self.post(path, openapi_extra={"x-duty": what.duty, **form_with_file_of(form)})
