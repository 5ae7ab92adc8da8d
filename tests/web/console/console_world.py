"""The console on a real database, opened by a client that behaves as a browser does on our own pages."""

from __future__ import annotations

from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager

from fastapi import FastAPI
from httpx import ASGITransport, AsyncClient
from sqlalchemy import Engine
from temporalio.client import Client

from models.roles import Role
from operations.sessions import sign_in_by_token
from storage.audit.tokens import issue
from web.console.console import console_routes
from web.security.guard import Guard

SITE = "https://regua.exemplo.gov.br"
COOKIE = "__Host-regua"
SAME = {"Sec-Fetch-Site": "same-origin"}


async def away() -> Client:
    raise RuntimeError("Temporal isn't there")


def token_of(engine: Engine, name: str, role: Role) -> str:
    with engine.begin() as connection:
        return issue(connection, name, role, "root", None)


@asynccontextmanager
async def browser(
    engine: Engine,
    session: str | None = None,
    site: str = SITE,
    near: str = "127.0.0.1",
    temporal: Callable[[], Awaitable[Client]] = away,
) -> AsyncIterator[AsyncClient]:
    """A browser at a site, with a session's secret in its cookie; Temporal is away unless there is one."""
    app = FastAPI()
    app.add_middleware(Guard)
    app.include_router(console_routes(engine, temporal))
    transport = ASGITransport(app, client=(near, 4000))
    async with AsyncClient(transport=transport, base_url=site, headers=SAME) as http:
        if session:
            http.cookies.set(COOKIE, session)
        yield http


def signed_in_as(engine: Engine, name: str, role: Role) -> str:
    """The secret of a session of somebody of that role."""
    return sign_in_by_token(engine, token_of(engine, name, role))
