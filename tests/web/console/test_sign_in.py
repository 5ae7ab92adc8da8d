"""Signing in at the console: once by a link or by a token, for so long, on our own pages and safe lines alone."""

from __future__ import annotations

from datetime import timedelta

import pytest
from httpx import AsyncClient, Response
from sqlalchemy import Engine, text

from models.roles import Role
from operations.operation import Credentials
from operations.sessions import first_supervisor, sign_in_by_link, sign_in_by_token
from operations.tokens import revoke_token
from storage.audit.sessions import make_link
from storage.audit.untold import untold
from tests.web.console.console_world import COOKIE, SAME, browser, signed_in_as, token_of

LOOPBACK = "http://127.0.0.1:8000"


def link_of(engine: Engine) -> str:
    with engine.begin() as connection:
        return make_link(connection, "bia", Role.SUPERVISOR, "root")


def entries(engine: Engine) -> list[tuple[str, str, str]]:
    with engine.connect() as connection:
        found = connection.execute(text("SELECT actor, command, outcome FROM audit_log ORDER BY id"))
        return [(row.actor, row.command, row.outcome) for row in found]


def aged(owner: Engine, column: str, by: timedelta) -> None:
    with owner.begin() as connection:
        connection.execute(text(f"UPDATE sessions SET {column} = {column} - CAST(:by AS interval)"), {"by": by})


async def is_in(http: AsyncClient) -> bool:
    answer = await http.get("/console")
    assert answer.status_code in (200, 303)
    return answer.status_code == 200


async def test_a_link_signs_in_once_by_its_button_and_is_on_record(engine: Engine) -> None:
    once = link_of(engine)
    async with browser(engine) as http:
        asked = await http.get(f"/console/sign-in?once={once}&next=/console/sessions")
        assert not await is_in(http), "opening the link alone changes nothing"
        assert once in asked.text
        form = {"once": once, "next": "/console/sessions"}
        entered = await http.post("/console/sign-in", data=form)
        assert (entered.status_code, entered.headers["location"]) == (303, "/console/sessions")
        assert await is_in(http)
    async with browser(engine) as http:
        again = await http.post("/console/sign-in", data=form)
        assert (again.status_code, "já foi usado" in again.text) == (401, True)
        assert not await is_in(http)
    assert entries(engine) == [("bia", "sign in", "done")]


async def test_a_link_is_good_for_five_minutes(engine: Engine, owner: Engine) -> None:
    once = link_of(engine)
    with owner.begin() as connection:
        [lasts] = connection.scalars(text("SELECT expires_at - made_at FROM once_links"))
        assert timedelta(minutes=4, seconds=59) < lasts < timedelta(minutes=5, seconds=1)
        connection.execute(text("UPDATE once_links SET expires_at = now() - interval '1 second'"))
    async with browser(engine) as http:
        assert (await http.post("/console/sign-in", data={"once": once})).status_code == 401


async def test_a_token_is_pasted_once_and_kept_nowhere(engine: Engine) -> None:
    token = token_of(engine, "ana", Role.ANALYST)
    async with browser(engine) as http:
        entered = await http.post("/console/sign-in", data={"token": f"  {token} "})
        cookie = entered.headers["set-cookie"]
        assert cookie.startswith(f"{COOKIE}=")
        assert token not in cookie
        assert all(part in cookie for part in ("; HttpOnly", "; Secure", "; Path=/", "; SameSite=lax"))
        shown = await http.get("/console")
        assert "ana" in shown.text
        assert "análise" in shown.text
        assert token not in shown.text


@pytest.mark.parametrize("form", [{}, {"token": "ana.x"}, {"token": "a\0b.c"}, {"once": "x" * 500}, {"once": "x"}])
async def test_what_proves_nothing_signs_nobody_in(engine: Engine, form: dict[str, str]) -> None:
    async with browser(engine) as http:
        refused = await http.post("/console/sign-in", data=form)
        assert (refused.status_code, "set-cookie" in refused.headers) == (401, False)
        assert not await is_in(http)
    assert entries(engine) == []


@pytest.mark.parametrize("further", ["https://evil.example", "//evil.example", "/console/../u/x", "/console/sign-in"])
async def test_a_sign_in_leads_to_our_own_pages_alone(engine: Engine, further: str) -> None:
    async with browser(engine) as http:
        entered = await http.post("/console/sign-in", data={"once": link_of(engine), "next": further})
        assert entered.headers["location"] == "/console"


@pytest.mark.parametrize(
    ("column", "lasts"), [("seen_at", timedelta(minutes=30)), ("signed_in_at", timedelta(hours=8))]
)
async def test_a_session_ends_by_itself(engine: Engine, owner: Engine, column: str, lasts: timedelta) -> None:
    async with browser(engine, signed_in_as(engine, "ana", Role.ANALYST)) as http:
        aged(owner, column, lasts - timedelta(minutes=2))
        assert await is_in(http)
        aged(owner, column, lasts)
        answer = await http.get("/console/sessions")
        assert answer.headers["location"] == "/console/sign-in?next=%2Fconsole%2Fsessions"


async def test_one_s_own_sessions_are_ended_from_a_page(engine: Engine) -> None:
    token = token_of(engine, "ana", Role.ANALYST)
    here, there = sign_in_by_token(engine, token), sign_in_by_token(engine, token)
    others = signed_in_as(engine, "bia", Role.SUPERVISOR)
    with engine.connect() as connection:
        ids = list(connection.scalars(text("SELECT id FROM sessions ORDER BY id")))
    async with browser(engine, here) as http, browser(engine, there) as lost, browser(engine, others) as bia:
        assert (await http.get("/console/sessions")).text.count("/end") == 2
        assert (await http.post(f"/console/sessions/{ids[2]}/end")).status_code == 409
        assert await is_in(bia)
        assert (await http.post(f"/console/sessions/{ids[1]}/end")).status_code == 303
        assert not await is_in(lost)
        left = await http.post("/console/sign-out")
        assert left.headers["location"] == "/console/sign-in"
        assert not await is_in(http)
    assert entries(engine).count(("ana", "session end", "done")) == 2


async def test_who_is_revoked_is_out_at_once_by_token_and_by_link(engine: Engine) -> None:
    by_link = sign_in_by_link(engine, link_of(engine))
    by_token = signed_in_as(engine, "bia", Role.SUPERVISOR)
    root = Credentials("caio", token_of(engine, "caio", Role.SUPERVISOR))
    async with browser(engine, by_link) as one, browser(engine, by_token) as other:
        assert await is_in(one)
        assert await is_in(other)
        revoke_token(engine, root, "bia")
        assert not await is_in(one)
        assert not await is_in(other)


FOREIGN = [
    {"Sec-Fetch-Site": "cross-site"},
    {"Sec-Fetch-Site": "same-site"},
    {"Sec-Fetch-Site": "none"},
    {"Origin": "https://evil.example"},
    {"Origin": "null"},
    {"Origin": "https://regua.exemplo.gov.br:444"},
    {"Sec-Fetch-Site": "same-origin", "Origin": "https://evil.example"},
    {},
]


@pytest.mark.parametrize("headers", FOREIGN)
async def test_another_site_s_page_changes_nothing(engine: Engine, headers: dict[str, str]) -> None:
    once = link_of(engine)
    async with browser(engine, signed_in_as(engine, "ana", Role.ANALYST)) as http:
        del http.headers["Sec-Fetch-Site"]
        for address, form in (("/console/sign-in", {"once": once}), ("/console/sign-out", {})):
            refused = await http.post(address, data=form, headers=headers)
            assert refused.status_code == 403
        assert await is_in(http)


@pytest.mark.parametrize("headers", [SAME, {"Origin": "https://regua.exemplo.gov.br"}])
async def test_our_own_pages_do(engine: Engine, headers: dict[str, str]) -> None:
    async with browser(engine, signed_in_as(engine, "ana", Role.ANALYST)) as http:
        del http.headers["Sec-Fetch-Site"]
        assert (await http.post("/console/sign-out", headers=headers)).status_code == 303


@pytest.mark.parametrize(
    ("site", "near", "served"),
    [
        (LOOPBACK, "127.0.0.1", True),
        ("http://localhost:8000", "::1", True),
        ("http://10.0.0.7:8000", "10.0.0.9", False),
        ("http://evil.example:8000", "127.0.0.1", False),
        (LOOPBACK, "10.0.0.9", False),
        ("https://regua.exemplo.gov.br", "10.0.0.9", True),
    ],
)
async def test_without_https_the_console_is_this_machine_s_alone(
    engine: Engine, site: str, near: str, served: bool
) -> None:
    once = link_of(engine)
    async with browser(engine, site=site, near=near) as http:
        asked = await http.get("/console/sign-in")
        entered = await http.post("/console/sign-in", data={"once": once})
        assert (asked.status_code, entered.status_code) == ((200, 303) if served else (403, 403))
        if served and site == LOOPBACK:
            assert entered.headers["set-cookie"].startswith("regua=")
            assert "Secure" not in entered.headers["set-cookie"]
            assert await is_in(http)


async def test_pages_let_nothing_in_from_elsewhere_and_no_script(engine: Engine) -> None:
    async with browser(engine, signed_in_as(engine, "ana", Role.ANALYST)) as http:
        answers = [await http.get(address) for address in ("/console", "/console/sessions", "/console/none")]
    for answer in answers:
        policy = answer.headers["content-security-policy"]
        assert policy.startswith("default-src 'none'; style-src 'self'")
        assert "unsafe" not in policy
        assert answer.headers["cache-control"] == "no-store"
        assert "<script" not in answer.text
        assert "style=" not in answer.text


async def test_a_wrong_address_is_told_in_portuguese(engine: Engine) -> None:
    async with browser(engine, signed_in_as(engine, "ana", Role.ANALYST)) as http:
        for lost in (await http.get("/console/nowhere"), await http.post("/console/x/y")):
            assert_page(lost, 404, "Nada com este endereço")


def assert_page(answer: Response, status: int, title: str) -> None:
    assert answer.status_code == status
    assert f"<h1>{title}</h1>" in answer.text


async def test_the_machine_s_user_signs_in_until_a_supervisor_has_had_a_token(engine: Engine, owned: str) -> None:
    once = first_supervisor(owned, "stack up")
    assert once
    async with browser(engine) as http:
        await http.post("/console/sign-in", data={"once": once})
        assert "supervisão" in (await http.get("/console")).text
    assert [(command, outcome) for _, command, outcome in entries(engine)] == [
        ("stack up", "done"),
        ("sign in", "done"),
    ]
    token_of(engine, "ana", Role.ANALYST)
    assert first_supervisor(owned, "stack sign-in")
    token_of(engine, "bia", Role.SUPERVISOR)
    assert first_supervisor(owned, "stack sign-in") is None


async def test_a_session_that_nobody_signed_in_for_is_seen_by_the_audit(engine: Engine) -> None:
    signed_in_as(engine, "ana", Role.ANALYST)
    with engine.begin() as connection:
        connection.execute(text("INSERT INTO sessions (digest, person, role) VALUES ('x', 'eva', 'supervisor')"))
        told = [sentence for sentence in untold(connection) if sentence.startswith("session")]
    assert len(told) == 1
    assert "of eva: no entry" in told[0]
