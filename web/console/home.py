"""The console's first page, what waits for somebody, each a number and the way to its list; and the manual."""

from __future__ import annotations

from datetime import UTC, datetime

from anyio.to_thread import run_sync
from fastapi import Request, Response
from sqlalchemy import Engine

from storage.read_models.waiting import Waiting, count_waiting
from web.console.lists import LISTS
from web.console.pages import Pages, page

CARDS = {what: (waits.title, f"/console/waiting/{what}") for what, waits in LISTS.items()} | {
    "broken_promises": ("Promessas não cumpridas", "/console/calls"),
    "call_backs": ("Retornos combinados", "/console/calls"),
    "rejects": ("Importações que deixaram linhas de fora", "/console/imports?rejected=true"),
    "imports": ("Grupos cujo início falha", "/console/status"),
}
"""The name of each kind, and where it is dealt with."""


def home_routes(engine: Engine) -> Pages:
    pages = Pages(engine)

    @pages.reads("home", "")
    async def home(request: Request) -> Response:
        waiting = await run_sync(count)
        most = sorted(waiting, key=lambda each: each["number"] == 0)
        return page(request, "home", waiting=most, cards=CARDS)

    @pages.reads("home", "/ajuda")
    async def manual(request: Request) -> Response:
        return page(request, "help")

    def count() -> list[Waiting]:
        with engine.connect() as connection:
            return count_waiting(connection, datetime.now(UTC))

    return pages
