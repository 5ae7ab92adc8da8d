"""The console's first page: what waits for somebody."""

from __future__ import annotations

from fastapi import Request, Response
from sqlalchemy import Engine

from web.console.pages import Pages, page


def home_routes(engine: Engine) -> Pages:
    pages = Pages(engine)

    @pages.reads("home", "")
    async def home(request: Request) -> Response:
        return page(request, "home")

    return pages
