"""Signing in at the console and out of it: by a link that works once, a token pasted once, or an OpenID provider; one's
own sessions."""

from __future__ import annotations

from typing import Annotated, Any

import structlog
from anyio.to_thread import run_sync
from fastapi import Request, Response
from fastapi.responses import RedirectResponse
from pydantic import BaseModel, ConfigDict, Field
from sqlalchemy import Engine

from models.errors import Refusal
from operations.sessions import end_own_session, sign_in_by_link, sign_in_by_provider, sign_in_by_token
from storage.audit.sessions import list_sessions
from web.console.door import Admitted, RowId, cookie_of, must_be_private
from web.console.forms import WrongForm, form_of, read_form
from web.console.oidc import Attempt, Provider, SignIn
from web.console.pages import HEADERS, HOME, SIGN_IN, Pages, ours, page, see_other
from web.security.same_origin import must_be_same_origin

log = structlog.get_logger()

WRONG = "Não vale: é desconhecido, já foi usado ou revogado, ou passou da validade."


class SigningIn(BaseModel):
    model_config = ConfigDict(extra="ignore")

    once: Annotated[str, Field(max_length=200)] = ""
    token: Annotated[str, Field(max_length=200, pattern=r"^[^\x00]*$")] = ""
    next: Annotated[str, Field(max_length=500)] = HOME


class ComingBack(BaseModel):
    """The provider's answer, as the page that it came to sends it on."""

    model_config = ConfigDict(extra="ignore")

    code: Annotated[str, Field(min_length=1, max_length=4096)]
    state: Annotated[str, Field(min_length=1, max_length=200)]


ATTEMPT_SECONDS = 600


def sign_in_routes(engine: Engine, provider: Provider | None = None) -> Pages:
    pages = Pages(engine)
    if provider is not None:
        _add_provider(pages, engine, provider)

    @pages.get("/sign-in")
    async def ask(request: Request, once: str = "", next: str = HOME) -> Response:
        must_be_private(request)
        return page(request, "sign_in", once=once, next=ours(next), error=None, provider=provider)

    @pages.post("/sign-in", openapi_extra=form_of(SigningIn))
    async def enter(request: Request) -> Response:
        must_be_private(request)
        must_be_same_origin(request)
        try:
            said = await read_form(request, SigningIn)
            secret = await run_sync(entered, said, request.cookies.get(cookie_of(request)))
        except (WrongForm, Refusal) as error:
            log.info("a sign-in was refused", reason=str(error))
            return page(request, "sign_in", 401, once="", next=HOME, error=WRONG, provider=provider)
        return let_in(request, secret, said.next)

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


def let_in(request: Request, secret: str, further: str) -> Response:
    """Lead on with a session's secret in the browser's cookie."""
    answer = see_other(ours(further))
    over_https = request.url.scheme == "https"
    answer.set_cookie(cookie_of(request), secret, path="/", httponly=True, samesite="lax", secure=over_https)
    return answer


def _add_provider(pages: Pages, engine: Engine, provider: Provider) -> None:
    """Add the sign-in at an OpenID provider: there, back again by a GET that changes nothing, and in by a form."""
    exchange = SignIn(provider)

    def kept_in(request: Request) -> str:
        return f"{cookie_of(request)}-oidc"

    def back(request: Request) -> str:
        return f"{request.url.scheme}://{request.url.netloc}{SIGN_IN}/oidc/back"

    @pages.get("/sign-in/oidc")
    async def leave_for(request: Request, next: str = HOME) -> Response:
        must_be_private(request)
        attempt = Attempt.begin(ours(next))
        try:
            answer: Response = RedirectResponse(await exchange.address(attempt, back(request)), 303, HEADERS)
        except Refusal as refusal:
            return wrong(request, refusal)
        kept: dict[str, Any] = {"path": "/", "httponly": True, "secure": request.url.scheme == "https"}
        answer.set_cookie(kept_in(request), attempt.written(), ATTEMPT_SECONDS, samesite="lax", **kept)
        return answer

    @pages.get("/sign-in/oidc/back")
    async def come_back(request: Request, code: str = "", state: str = "", error: str = "") -> Response:
        must_be_private(request)
        if error or not code or not state:
            return wrong(request, Refusal(f"the provider let nobody in: {error[:60] or 'no code'}"))
        return page(request, "sign_in_back", code=code, state=state, issuer=provider.issuer)

    @pages.post("/sign-in/oidc", openapi_extra=form_of(ComingBack))
    async def enter(request: Request) -> Response:
        must_be_private(request)
        must_be_same_origin(request)
        try:
            said = await read_form(request, ComingBack)
            attempt = Attempt.read(request.cookies.get(kept_in(request)))
            person = await exchange.proven(attempt, said.code, said.state, back(request))
            former = request.cookies.get(cookie_of(request))
            secret = await run_sync(sign_in_by_provider, engine, person.name, person.role, former)
        except (WrongForm, Refusal) as refusal:
            return wrong(request, refusal)
        answer = let_in(request, secret, attempt.next)
        answer.delete_cookie(kept_in(request), path="/", httponly=True, secure=request.url.scheme == "https")
        return answer

    def wrong(request: Request, refusal: Exception) -> Response:
        log.info("a sign-in at the provider was refused", reason=str(refusal))
        return page(request, "sign_in_refused", 401, reason=str(refusal))
