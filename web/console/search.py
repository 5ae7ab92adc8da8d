"""The search for a taxpayer or a case, by whatever number or words somebody has at hand; nothing of it is kept."""

from __future__ import annotations

from typing import Annotated

from anyio.to_thread import run_sync
from fastapi import Request, Response
from pydantic import Field
from sqlalchemy import Engine

from storage.read_models.search import MOST, Found, search
from web.console.bodies import Asking
from web.console.forms import WrongForm, form_of, read_form
from web.console.pages import Pages, page, see_other

WAYS = {
    "tax_id": "CPF ou CNPJ",
    "case": "caso",
    "debt": "débito",
    "inscription": "inscrição",
    "txid": "txid do Pix",
    "slip": "número da guia",
    "name": "nome",
    "plate": "placa",
}
"""The kinds of what is found, in words; another access key goes by its own."""


class Searching(Asking):
    q: Annotated[str, Field(min_length=1, max_length=200, pattern=r"^[^\x00]*$")]


def search_routes(engine: Engine) -> Pages:
    pages = Pages(engine)

    @pages.reads("search", "/search")
    async def ask(request: Request) -> Response:
        return page(request, "search", found=None, q="", error="", ways=WAYS, most=MOST)

    # what is searched for names people, so it is no part of an address
    @pages.post("/search", openapi_extra={"x-reading": "search", **form_of(Searching)})
    async def find(request: Request) -> Response:
        try:
            said = await read_form(request, Searching)
        except WrongForm:
            return page(request, "search", 422, found=None, q="", error="escreva o que procura", ways=WAYS, most=MOST)
        found = await run_sync(look, said.q)
        if len(found) == 1:
            [only] = found
            return see_other(
                f"/console/cases/{said.q.strip().lower()}"
                if only["by"] == "case"
                else f"/console/taxpayers/{only['taxpayer']}"
            )
        return page(request, "search", found=found, q=said.q, error="", ways=WAYS, most=MOST)

    def look(written: str) -> list[Found]:
        with engine.connect() as connection:
            return search(connection, written)

    return pages
