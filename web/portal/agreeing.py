"""The pages on which a taxpayer pays in instalments what his link is about: in how many, the check of the plan with the
deed that he accepts, and the agreement as signed."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime
from typing import get_args

from anyio.to_thread import run_sync
from fastapi import APIRouter, Request
from fastapi.responses import HTMLResponse
from sqlalchemy import Engine

from channels.links import Links
from models.agreement.identity import Identification
from models.agreement.policy import Portion
from models.errors import Refusal
from operations.agreements import sign_by_link
from storage.agreement.asked import Acceptance, SigningRequest
from storage.read_models.agree_page import AgreePage, read_agree_page
from web.form_body import fields_of
from web.portal.pages import answered, page_named
from web.portal.tries import caller
from web.webhooks.openapi import CHOICE

MOST_DIGITS = 3
PORTIONS: dict[str, Portion] = {portion: portion for portion in get_args(Portion)}
CHANGED = "As condições mudaram enquanto você escolhia. Confira-as e escolha de novo."
UNACCEPTED = "Para assinar, leia o termo e marque que o aceita."


def agreeing_routes(engine: Engine, links: Links, *, slips: bool = False) -> APIRouter:
    """The routes; `slips` says whether there are such of what they show (`web/portal/slips.py`)."""
    router = APIRouter(default_response_class=HTMLResponse)

    @router.get("/a/{token}")
    async def plans(token: str) -> HTMLResponse:
        return await run_sync(answered, lambda: Agreeing(engine, links, token, slips).shown())

    @router.get("/a/{token}/conferir")
    async def check(token: str, request: Request) -> HTMLResponse:
        wanted = chosen(str(request.query_params).encode())
        return await run_sync(answered, lambda: Agreeing(engine, links, token, slips).checked(wanted))

    @router.post("/a/{token}", openapi_extra=CHOICE)
    async def sign(token: str, request: Request) -> HTMLResponse:
        body = await request.body()
        wanted, accepted = chosen(body), accepted_in(body, caller(request))
        return await run_sync(answered, lambda: Agreeing(engine, links, token, slips).signed(wanted, accepted))

    return router


def chosen(form: bytes) -> SigningRequest | None:
    """Read what is asked for: in how many instalments, of which debts, in the campaign or not; None when there is no
    such plan."""
    said = {name: values[0] for name, values in fields_of(form).items()}
    count, portion = said.get("instalments", ""), PORTIONS.get(said.get("debts", "all"))
    if portion is None or not (count.isascii() and count.isdecimal() and len(count) <= MOST_DIGITS and int(count)):
        return None
    return SigningRequest(int(count), debts=portion, campaign="campaign" in said, identified=Identification.LINK)


def accepted_in(form: bytes, address: str) -> Acceptance | None:
    """The deed that is accepted; None while its box isn't ticked."""
    said = fields_of(form)
    return Acceptance(said["deed"][0], address) if "accepted" in said and "deed" in said else None


class Agreeing:
    """The pages of the case that a link is for. Raises WrongLink or ExpiredLink."""

    def __init__(self, engine: Engine, links: Links, token: str, slips: bool) -> None:
        self._engine, self._token = engine, token
        self._case = links.read_agree(token)
        self._slip = f"{links.pay(self._case)}/guia/" if slips else None

    def shown(self) -> HTMLResponse:
        """The plans to choose from, and what is signed."""
        return self._plans(self._read())

    def checked(self, wanted: SigningRequest | None, status: int = 200, notice: str | None = None) -> HTMLResponse:
        """The plan that is wanted and its deed, to be accepted; the plans to choose from where none is, and why it is
        refused where it is."""
        page = self._read(wanted)
        if page is None or wanted is None:
            return self._plans(page)
        if page.refusal:
            return self.shown() if page.signed else self._plans(page, 409)
        shown = {"page": page, "token": self._token, "offer": page.offers[0], "notice": notice}
        return page_named("agree_check", status, **shown)

    def signed(self, wanted: SigningRequest | None, accepted: Acceptance | None) -> HTMLResponse:
        """Sign the deed that is accepted. It is refused before that is tried where that can be told; what is on record
        then counts."""
        if wanted is None or accepted is None:
            return self.checked(wanted, 422, UNACCEPTED)
        page = self._read(wanted)
        if page is None or page.refusal:
            return self.checked(wanted)
        try:
            sign_by_link(self._engine, self._case, replace(wanted, accepted=accepted), datetime.now(UTC))
        except Refusal:
            return self.checked(wanted, 409, CHANGED)
        # asked for anew, so that a reload signs nothing
        return HTMLResponse("", 303, {"Location": "?"})

    def _read(self, wanted: SigningRequest | None = None) -> AgreePage | None:
        with self._engine.connect() as connection:
            return read_agree_page(connection, self._case, datetime.now(UTC), wanted)

    def _plans(self, page: AgreePage | None, status: int = 200) -> HTMLResponse:
        if page is None:
            return page_named("unknown", 404)
        return page_named("agree", status, page=page, token=self._token, slip=self._slip)
