"""Signing in at the console and out of it: by a link that works once, or by a token pasted once; one's own sessions."""

from __future__ import annotations

from typing import Annotated

import structlog
from anyio.to_thread import run_sync
from fastapi import Request, Response
from pydantic import BaseModel, ConfigDict, Field
from sqlalchemy import Engine

from models.errors import Refusal
from operations.sessions import end_own_session, sign_in_by_link, sign_in_by_token
from storage.audit.sessions import list_sessions
from web.console.door import Admitted, RowId, cookie_of, must_be_private
from web.console.forms import WrongForm, form_of, read_form
from web.console.pages import HOME, SIGN_IN, Pages, ours, page, see_other
from web.security.same_origin import must_be_same_origin

log = structlog.get_logger()

WRONG = "Não vale: é desconhecido, já foi usado ou revogado, ou passou da validade."


class SigningIn(BaseModel):
    model_config = ConfigDict(extra="ignore")

    once: Annotated[str, Field(max_length=200)] = ""
    token: Annotated[str, Field(max_length=200, pattern=r"^[^\x00]*$")] = ""
    next: Annotated[str, Field(max_length=500)] = HOME


def sign_in_routes(engine: Engine) -> Pages:
    pages = Pages(engine)

    @pages.get("/sign-in")
    async def ask(request: Request, once: str = "", next: str = HOME) -> Response:
        must_be_private(request)
        return page(request, "sign_in", once=once, next=ours(next), error=None)

    @pages.post("/sign-in", openapi_extra=form_of(SigningIn))
    async def enter(request: Request) -> Response:
        must_be_private(request)
        must_be_same_origin(request)
        try:
            said = await read_form(request, SigningIn)
            secret = await run_sync(entered, said, request.cookies.get(cookie_of(request)))
        except (WrongForm, Refusal) as error:
            log.info("a sign-in was refused", reason=str(error))
            return page(request, "sign_in", 401, once="", next=HOME, error=WRONG)
        answer = see_other(ours(said.next))
        over_https = request.url.scheme == "https"
        answer.set_cookie(cookie_of(request), secret, path="/", httponly=True, samesite="lax", secure=over_https)
        return answer

    @pages.does(end_own_session, "/sign-out")
    async def leave(request: Request, by: Admitted) -> Response:
        if by.session is not None:
            await run_sync(end_own_session, engine, by.who, by.session)
        answer = see_other(SIGN_IN)
        answer.delete_cookie(cookie_of(request))
        return answer

    @pages.reads("sessions", "/sessions")
    async def show(request: Request, by: Admitted) -> Response:
        return await run_sync(shown, request, by)

    @pages.does(end_own_session, "/sessions/{session}/end")
    async def end(by: Admitted, session: RowId) -> Response:
        await run_sync(end_own_session, engine, by.who, session)
        return see_other("/console/sessions")

    def entered(said: SigningIn, former: str | None) -> str:
        if said.once:
            return sign_in_by_link(engine, said.once, former)
        return sign_in_by_token(engine, said.token.strip(), former)

    def shown(request: Request, by: Admitted) -> Response:
        with engine.connect() as connection:
            found = list_sessions(connection, by.actor.name)
        return page(request, "sessions", sessions=found)

    return pages
