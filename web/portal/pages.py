"""The pages that links in messages lead to: what is owed and how to pay it, and an end to messages on a channel.

They hold no script and fetch nothing, so that they open on any telephone and print as they are.
"""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime
from typing import Any, TypeVar

import structlog
from anyio.to_thread import run_sync
from fastapi import APIRouter
from fastapi.responses import HTMLResponse, Response
from markupsafe import Markup
from sqlalchemy import Engine

from activities.log import kind_and_place
from channels.links import ExpiredLink, Links, WrongLink
from channels.markup import markup
from models.contact.channel import Channel
from models.errors import Unreckonable
from models.formats import day, moment, money, percent, period
from models.payment.brcode import qr_svg
from models.taxid import mask
from models.words import CERTIFICATES, CHANNELS, CREDIT_STATUSES
from storage.engine import is_away
from storage.read_models.pay_page import PayPage, read_pay_page

log = structlog.get_logger()

ResponseT = TypeVar("ResponseT", bound=Response)

OptOut = Callable[[Engine, str, Channel, str], object]
"""Puts on record that the taxpayer of a case wants no more messages on a channel; the last is by which way: `link`."""

_environment = markup("pages")
_environment.filters.update(money=money, day=day, moment=moment, percent=percent, period=period)
_environment.filters.update(certificate=CERTIFICATES.__getitem__, status=CREDIT_STATUSES.__getitem__, masked=mask)
_environment.filters["qr"] = lambda code: Markup(qr_svg(code))  # noqa: S704 - drawn by a library, no text in it


def page_routes(
    engine: Engine,
    links: Links,
    opt_out: OptOut,
    *,
    slips: bool = False,
    certificates: bool = False,
    conversations: bool = False,
    requests: bool = False,
) -> APIRouter:
    """The routes of the pages; `slips`, `certificates`, `conversations` and `requests` say whether there are such of
    what they show (`web/portal/slips.py`, `certificates.py`, `chat.py`, `requests.py`)."""
    router = APIRouter(default_response_class=HTMLResponse)

    def owed(case: str) -> HTMLResponse:
        with engine.connect() as connection:
            page = read_pay_page(connection, case, datetime.now(UTC))
        if page is None:
            return page_named("unknown", 404)
        mine = links.pay(case)
        return pay_page(
            page,
            agree=links.agree(case),
            slip=f"{mine}/guia/" if slips else None,
            contest=f"{mine}/contestar",
            statement=f"{mine}/extrato",
            certificate=f"{mine}/certidao" if certificates else None,
            talk=f"{mine}/conversa" if conversations else None,
            requests=f"{mine}/pedidos" if requests else None,
        )

    @router.get("/p/{token}")
    async def pay(token: str) -> HTMLResponse:
        return await run_sync(answered, lambda: owed(links.read_pay(token)))

    @router.get("/u/{token}")
    async def ask(token: str) -> HTMLResponse:
        return await run_sync(answered, lambda: _asked(*links.read_unsubscribe(token)))

    # without a question when a mail program does it for its reader (RFC 8058); its body says nothing that we don't know
    @router.post("/u/{token}")
    async def unsubscribe(token: str) -> HTMLResponse:
        return await run_sync(answered, lambda: _unsubscribed(engine, opt_out, *links.read_unsubscribe(token)))

    return router


def answered(make: Callable[[], ResponseT]) -> ResponseT | HTMLResponse:
    """The page that `make` makes, or one that says why there is none."""
    try:
        return make()
    except ExpiredLink:
        return page_named("gone", 410)
    except WrongLink:
        return page_named("unknown", 404)
    except Exception as error:
        ours = not (isinstance(error, Unreckonable) or is_away(error))
        log.error("a page can't be shown", reason=kind_and_place(error))
        return page_named("later", 500 if ours else 503, asked=False)


def pay_page(
    page: PayPage,
    agree: str | None = None,
    slip: str | None = None,
    contest: str | None = None,
    statement: str | None = None,
    certificate: str | None = None,
    talk: str | None = None,
    requests: str | None = None,
) -> HTMLResponse:
    """The page of what is owed. `agree` is the address at which it can be paid in instalments, should its ruler name a
    policy; `slip` what the address of a debt's or instalment's slip begins with; `contest`, `statement` and
    `certificate` those of the pages on which it is contested, told in full, and certificates are issued; `talk` and
    `requests` those where a conversation about it begins, and something is asked for."""
    rule = page.ruler.agreements
    can_agree = agree if rule and rule.policy else None
    further = {
        "agree": can_agree,
        "slip": slip,
        "contest": contest,
        "certificate": certificate,
        "talk": talk,
        "requests": requests,
    }
    return page_named("pay", 200, page=page, statement=statement, **further)


def _asked(case: str, channel: Channel) -> HTMLResponse:
    return page_named("unsubscribe", 200, channel=CHANNELS[channel], done=False)


def _unsubscribed(engine: Engine, opt_out: OptOut, case: str, channel: Channel) -> HTMLResponse:
    opt_out(engine, case, channel, "link")
    return page_named("unsubscribe", 200, channel=CHANNELS[channel], done=True)


def page_named(name: str, status: int, **values: Any) -> HTMLResponse:
    return HTMLResponse(_environment.get_template(f"{name}.html.j2").render(values), status)
