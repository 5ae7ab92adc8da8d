"""People sign in at an OpenID provider on this machine: by its proof alone, and only with a role that it gives them."""

from __future__ import annotations

import re
from collections.abc import Iterator
from urllib.parse import parse_qs, urlsplit

import httpx
import pytest
from fastapi import FastAPI
from httpx import ASGITransport, AsyncClient
from oidc_provider_mock import User, run_server_in_thread
from sqlalchemy import Engine, text

from models.errors import Refusal
from models.roles import Role
from tests.web.console.console_world import COOKIE, SAME, SITE, away, token_of
from web.console.console import console_routes
from web.console.oidc import Provider, provider_from, read_roles
from web.security.guard import Guard

PEOPLE = {
    "ana": {"email": "ana@exemplo.gov.br", "email_verified": True, "roles": ["cobranca"]},
    "bia": {"email": "bia@exemplo.gov.br", "email_verified": True, "roles": ["outra", "chefia", "cobranca"]},
    "caio": {"email": "caio@exemplo.gov.br", "email_verified": True, "roles": "controle"},
    "davi": {"email": "davi@exemplo.gov.br", "email_verified": True, "roles": ["outra"]},
    "enzo": {"email": "enzo@exemplo.gov.br", "email_verified": True},
    "fabio": {"email": "fabio@exemplo.gov.br", "email_verified": False, "roles": ["cobranca"]},
    "gil": {"email": "gil@exemplo.gov.br", "email_verified": True, "roles": ["controle", "cobranca"]},
    "hugo": {"roles": ["cobranca"]},
}
ROLES = {"cobranca": Role.ANALYST, "chefia": Role.SUPERVISOR, "controle": Role.AUDITOR}


@pytest.fixture(scope="module")
def issuer() -> Iterator[str]:
    with run_server_in_thread(user_claims=[User(sub=sub, claims=claims) for sub, claims in PEOPLE.items()]) as server:
        yield f"http://localhost:{server.server_port}"


def site_of(engine: Engine, provider: Provider) -> AsyncClient:
    app = FastAPI()
    app.add_middleware(Guard)
    app.include_router(console_routes(engine, away, provider=provider))
    return AsyncClient(transport=ASGITransport(app, client=("127.0.0.1", 4000)), base_url=SITE, headers=SAME)


@pytest.fixture
def provider(issuer: str) -> Provider:
    return Provider(issuer, "console", "secret", ROLES)


async def at_the_provider(http: AsyncClient, who: str, further: str = "") -> str:
    """Leave for the provider, sign in there, and give the address that it leads back to."""
    left = await http.get(f"/console/sign-in/oidc{further}")
    assert left.status_code == 303
    async with AsyncClient() as browser:
        answered = await browser.post(left.headers["location"], data={"sub": who})
    return answered.headers["location"]


async def come_back(http: AsyncClient, address: str) -> httpx.Response:
    """The page that comes back, whose button is pressed."""
    parts = urlsplit(address)
    page = await http.get(f"{parts.path}?{parts.query}")
    fields = dict(re.findall(r'name="(code|state)" value="([^"]*)"', page.text))
    return await http.post("/console/sign-in/oidc", data=fields) if fields else page


def sessions(engine: Engine) -> list[tuple[str, str]]:
    with engine.connect() as connection:
        return [tuple(row) for row in connection.execute(text("SELECT person, role FROM sessions ORDER BY id"))]


@pytest.mark.parametrize(("who", "role"), [("ana", "analyst"), ("bia", "supervisor"), ("caio", "auditor")])
async def test_a_person_signs_in_with_the_role_that_the_claim_gives(
    engine: Engine, provider: Provider, who: str, role: str
) -> None:
    async with site_of(engine, provider) as http:
        assert "Entrar com a conta da instituição" in (await http.get("/console/sign-in")).text
        entered = await come_back(http, await at_the_provider(http, who, "?next=/console/cohorts"))
        assert (entered.status_code, entered.headers["location"]) == (303, "/console/cohorts")
        assert COOKIE in http.cookies
        assert f"{who}@exemplo.gov.br" in (await http.get("/console")).text
    assert sessions(engine) == [(f"{who}@exemplo.gov.br", role)]
    with engine.connect() as connection:
        [entry] = connection.execute(text("SELECT actor, role, command, detail FROM audit_log"))
    assert tuple(entry) == (f"{who}@exemplo.gov.br", role, "sign in", {"via": "oidc"})


@pytest.mark.parametrize("who", ["davi", "enzo", "fabio", "gil", "hugo"])
async def test_nobody_is_let_in_without_a_role_or_a_name(engine: Engine, provider: Provider, who: str) -> None:
    async with site_of(engine, provider) as http:
        refused = await come_back(http, await at_the_provider(http, who))
        assert (refused.status_code, "Entrada recusada" in refused.text) == (401, True)
        assert COOKIE not in http.cookies
    assert sessions(engine) == []


async def test_an_answer_to_another_attempt_is_refused(engine: Engine, provider: Provider) -> None:
    """State binds the answer to the browser, nonce the token to the attempt, and each code is used once."""
    async with site_of(engine, provider) as ana, site_of(engine, provider) as mallory:
        address = await at_the_provider(mallory, "bia")
        assert (await come_back(ana, address)).status_code == 401  # began nothing
        await at_the_provider(ana, "ana")
        assert (await come_back(ana, address)).status_code == 401  # another's state
        mine = parse_qs(urlsplit(await at_the_provider(ana, "ana")).query)["state"][0]
        theirs = parse_qs(urlsplit(address).query)["code"][0]
        swapped = await ana.post("/console/sign-in/oidc", data={"code": theirs, "state": mine})
        assert swapped.status_code == 401  # another's code, whose nonce is another's
    assert sessions(engine) == []


async def test_a_code_counts_once(engine: Engine, provider: Provider) -> None:
    async with site_of(engine, provider) as http:
        address = await at_the_provider(http, "ana")
        kept = dict(http.cookies)
        assert (await come_back(http, address)).status_code == 303
        for name, value in kept.items():
            http.cookies.set(name, value)
        assert (await come_back(http, address)).status_code == 401
    assert len(sessions(engine)) == 1


async def test_the_provider_says_no_or_nothing(engine: Engine, provider: Provider) -> None:
    async with site_of(engine, provider) as http:
        denied = await http.get("/console/sign-in/oidc/back?error=access_denied")
        assert (denied.status_code, "access_denied" in denied.text) == (401, True)
        assert (await http.get("/console/sign-in/oidc/back")).status_code == 401
        assert (await http.post("/console/sign-in/oidc", data={})).status_code == 401
        elsewhere = await http.post("/console/sign-in/oidc", data={}, headers={"Sec-Fetch-Site": "cross-site"})
        assert elsewhere.status_code == 403
    async with site_of(engine, Provider("http://localhost:9", "console", "secret", ROLES)) as http:
        silent = await http.get("/console/sign-in/oidc")
        assert (silent.status_code, "não responde" in silent.text) == (401, True)


async def test_an_auditor_by_token_is_no_analyst_by_the_provider(engine: Engine, provider: Provider) -> None:
    token_of(engine, "ana@exemplo.gov.br", Role.AUDITOR)
    async with site_of(engine, provider) as http:
        assert (await come_back(http, await at_the_provider(http, "ana"))).status_code == 401
    assert sessions(engine) == []


async def test_the_challenge_goes_along_and_the_secrets_do_not(engine: Engine, provider: Provider) -> None:
    async with site_of(engine, provider) as http:
        left = await http.get("/console/sign-in/oidc?next=https://alhures.example")
        asked = parse_qs(urlsplit(left.headers["location"]).query)
        assert asked["code_challenge_method"] == ["S256"]
        assert asked["redirect_uri"] == [f"{SITE}/console/sign-in/oidc/back"]
        [cookie] = left.headers.get_list("set-cookie")
        assert all(mark in cookie for mark in ("__Host-regua-oidc=", "HttpOnly", "Secure", "SameSite=lax", "Path=/"))
        _, nonce, verifier, further = cookie.partition("=")[2].partition(";")[0].strip('"').split(".")
        assert asked["nonce"] == [nonce]
        assert verifier not in left.headers["location"]
        assert further == "/console"


WHOLE = {
    "REGUA_OIDC_ISSUER": "https://id.exemplo.gov.br/",
    "REGUA_OIDC_CLIENT": "regua",
    "REGUA_OIDC_SECRET": "s",
    "REGUA_OIDC_ROLES": "gid-a=analyst, gid-b = supervisor",
}


def test_the_settings_are_whole_or_refused() -> None:
    assert provider_from({}) is None
    found = provider_from(WHOLE)
    assert found
    assert found.issuer == "https://id.exemplo.gov.br"
    assert found.roles == {"gid-a": Role.ANALYST, "gid-b": Role.SUPERVISOR}
    for wrong in ({"REGUA_OIDC_ISSUER": "http://id.exemplo.gov.br"}, {"REGUA_OIDC_SECRET": ""}):
        with pytest.raises(Refusal):
            provider_from(WHOLE | wrong)
    for written in ("gid-a", "=analyst", "gid-a=root"):
        with pytest.raises(Refusal):
            read_roles(written)
