"""The page of a taxpayer: all cases, debts, contacts and messages of one person, named once somebody says why."""

from __future__ import annotations

from typing import Any

from anyio.to_thread import run_sync
from fastapi import Request, Response
from sqlalchemy import Engine

from models.errors import Refusal
from models.words import AGREEMENT_STATES, CHANNELS, INTENTS, REQUESTS, STAGES, STATUSES
from operations.taxpayers import reveal_taxpayer
from reports.record import NOTICE_STATES
from storage.read_models.taxpayer_file import TaxpayerFile, taxpayer_file
from web.console.bodies import Reasoning
from web.console.door import Admitted, RowId
from web.console.forms import WrongForm, read_form
from web.console.pages import Pages, page
from web.webhooks.webhook import Refused

WORDS: dict[str, Any] = {
    "statuses": STATUSES,
    "channels": CHANNELS,
    "stages": STAGES,
    "intents": INTENTS,
    "notice_states": NOTICE_STATES,
    "agreement_states": AGREEMENT_STATES,
    "requests": REQUESTS,
    "kinds": {"email": "e-mail", "phone": "telefone", "messenger": "Messenger", "address": "endereço"},
    "pays": {"pix": "Pix", "slip": "guia", "boleto": "boleto"},
}


def taxpayer_routes(engine: Engine) -> Pages:
    pages = Pages(engine)

    def read(taxpayer: int) -> TaxpayerFile:
        try:
            with engine.connect() as connection:
                return taxpayer_file(connection, taxpayer, reveal=False)
        except Refusal as refusal:
            raise Refused(404, str(refusal)) from None

    @pages.reads("taxpayer", "/taxpayers/{taxpayer}")
    async def show(request: Request, taxpayer: RowId) -> Response:
        return page(request, "taxpayer", file=await run_sync(read, taxpayer), error="", **WORDS)

    @pages.does(reveal_taxpayer, "/taxpayers/{taxpayer}/reveal", Reasoning)
    async def reveal(request: Request, by: Admitted, taxpayer: RowId) -> Response:
        masked = await run_sync(read, taxpayer)
        try:
            said = await read_form(request, Reasoning)
        except WrongForm:
            return page(request, "taxpayer", 422, file=masked, error="diga por quê", **WORDS)
        file = await run_sync(reveal_taxpayer, engine, by.who, taxpayer, said.reason)
        return page(request, "taxpayer", file=file, error="", **WORDS)

    return pages
