"""The staff API without Temporal: who is let in, what is refused, and what is shown."""

import json
from collections.abc import AsyncIterator
from typing import Any

import pytest
from fastapi import FastAPI
from httpx import ASGITransport, AsyncClient
from sqlalchemy import Engine, text
from temporalio.client import Client

from models.json_form import plain
from models.roles import Role
from storage.audit.tokens import issue, revoke
from storage.read_models.case_file import case_file
from tests.delivery_world import DeliveryWorld
from web.console.api import staff_routes
from web.security.guard import LONGEST, Guard
from web.security.validation import quote_nothing


async def away() -> Client:
    raise RuntimeError("Temporal isn't there")


@pytest.fixture
def world(engine: Engine) -> DeliveryWorld:
    return DeliveryWorld(engine)


@pytest.fixture
def case(world: DeliveryWorld) -> str:
    return world.case(world.taxpayer("+558230000000"))


@pytest.fixture
def tokens(engine: Engine) -> dict[Role, str]:
    with engine.begin() as connection:
        return {role: issue(connection, role.upper(), role, "root", 1) for role in Role}


@pytest.fixture
async def http(engine: Engine) -> AsyncIterator[AsyncClient]:
    app = FastAPI()
    app.add_middleware(Guard)
    quote_nothing(app)
    app.include_router(staff_routes(engine, away))
    async with AsyncClient(transport=ASGITransport(app), base_url="http://regua") as client:
        yield client


def by(token: str) -> dict[str, str]:
    return {"Authorization": f"Bearer {token}"}


@pytest.mark.parametrize("path", ["approve", "reject", "pause", "resume", ""])
async def test_nobody_gets_in_without_a_token_in_force(
    http: AsyncClient, engine: Engine, case: str, tokens: dict[Role, str], path: str
) -> None:
    with engine.begin() as connection:
        revoke(connection, "ANALYST", "root")
    for headers in ({}, by(""), by("SUPERVISOR.guessed"), by(tokens[Role.ANALYST]), {"Authorization": "Basic eA=="}):
        method = "POST" if path else "GET"
        answer = await http.request(method, f"/api/cases/{case}/{path}".rstrip("/"), headers=headers)
        assert (answer.status_code, list(answer.json())) == (401, ["error"])


async def test_not_even_while_no_token_was_ever_issued(http: AsyncClient, case: str) -> None:
    assert (await http.post(f"/api/cases/{case}/pause")).status_code == 401


@pytest.mark.parametrize(
    ("role", "what"), [(Role.ANALYST, "approve"), (Role.ANALYST, "reject"), (Role.AUDITOR, "pause")]
)
async def test_a_role_that_may_not_is_refused_and_on_record(
    http: AsyncClient, world: DeliveryWorld, case: str, tokens: dict[Role, str], role: Role, what: str
) -> None:
    answer = await http.post(f"/api/cases/{case}/{what}", headers=by(tokens[role]), json={"reason": "r"})
    assert (answer.status_code, f"{role.upper()}'s is {role}" in answer.json()["error"]) == (403, True)
    assert world.rows("SELECT actor, command, subject, outcome FROM audit_log") == [
        (role.upper(), f"case {what}", case, "refused")
    ]


WRONG = [
    ("approve", b"", "body: missing"),
    ("approve", b"{}", "body.reason: missing"),
    ("approve", b'{"reason": "  "}', "body.reason: string_pattern_mismatch"),
    ("approve", b'{"reason": "a\\u0000b"}', "body.reason: string_pattern_mismatch"),
    ("approve", b'{"reason": 11144477735}', "body.reason: string_type"),
    ("approve", b'{"reason": "r", "11144477735": "ana"}', "body: extra_forbidden"),
    ("reject", b"[]", "body: model_attributes_type"),
    ("reject", b"{", "body.1: json_invalid"),
    ("hold", b'{"reason": "r", "ground": "deposit", "debts": ["d", ""]}', "body.debts.1: string_too_short"),
    ("hold", b'{"reason": "r", "ground": "deposit", "from": "11144477735"}', "body.from: date_from_datetime_inexact"),
    ("pause", b'{"11144477735": "r"}', "body: extra_forbidden"),
]


@pytest.mark.parametrize(("what", "body", "rule"), WRONG)
async def test_a_wrong_body_is_told_where_and_by_which_rule_without_being_quoted(
    http: AsyncClient, case: str, tokens: dict[Role, str], what: str, body: bytes, rule: str
) -> None:
    answer = await http.post(f"/api/cases/{case}/{what}", headers=by(tokens[Role.SUPERVISOR]), content=body)
    assert (answer.status_code, answer.json()) == (422, {"error": f"the request is not as described: {rule}"})


@pytest.mark.parametrize("body", [b"\xff", b"[" * 100_000], ids=["no text", "too deep"])
async def test_a_body_that_no_json_can_be_is_refused_in_one_sentence(
    http: AsyncClient, case: str, tokens: dict[Role, str], body: bytes
) -> None:
    answer = await http.post(f"/api/cases/{case}/pause", headers=by(tokens[Role.SUPERVISOR]), content=body)
    assert (answer.status_code, answer.json()) == (422, {"error": "the body is no JSON in UTF-8"})


@pytest.mark.parametrize("body", [b"{", b"\xff", b'{"reason": 7}', b'{"reason": "r"}'])
async def test_who_is_not_let_in_does_not_learn_whether_the_body_is_right(
    http: AsyncClient, case: str, tokens: dict[Role, str], body: bytes
) -> None:
    for headers, status in (({}, 401), (by(tokens[Role.AUDITOR]), 403)):
        as_json = {**headers, "Content-Type": "application/json"}
        assert (await http.post(f"/api/cases/{case}/approve", headers=as_json, content=body)).status_code == status


async def test_a_body_that_grows_too_long_is_told_so(http: AsyncClient, case: str, tokens: dict[Role, str]) -> None:
    async def endless() -> AsyncIterator[bytes]:
        for _ in range(20):
            yield b" " * LONGEST

    answer = await http.post(f"/api/cases/{case}/approve", headers=by(tokens[Role.SUPERVISOR]), content=endless())
    assert answer.status_code == 413


@pytest.mark.parametrize("called", ["application/json", "application/x-www-form-urlencoded", None])
async def test_a_body_is_json_whatever_it_is_called(
    http: AsyncClient, world: DeliveryWorld, case: str, tokens: dict[Role, str], called: str | None
) -> None:
    owes(world, case)
    headers = by(tokens[Role.ANALYST]) | ({"Content-Type": called} if called else {})
    body = b'{"reason": "r", "ground": "deposit", "from": "2026-02-01"}'
    assert (await http.post(f"/api/cases/{case}/hold", headers=headers, content=body)).status_code == 200


@pytest.mark.parametrize("path", ["cases/nobodys", "cases/a%00b", "cohorts/nobodys", "cohorts/%00"])
async def test_what_is_not_there_is_not_found(http: AsyncClient, tokens: dict[Role, str], path: str) -> None:
    assert (await http.get(f"/api/{path}", headers=by(tokens[Role.AUDITOR]))).status_code == 404


async def test_an_auditor_reads_what_the_commands_show(
    http: AsyncClient, engine: Engine, case: str, tokens: dict[Role, str]
) -> None:
    shown = await http.get(f"/api/cases/{case}", headers=by(tokens[Role.AUDITOR]))
    with engine.connect() as connection:
        assert shown.json() == as_json(case_file(connection, case, reveal=False))
    cohort = await http.get("/api/cohorts/icms", headers=by(tokens[Role.AUDITOR]))
    assert (cohort.status_code, cohort.json()["cases"], cohort.json()["statuses"]) == (200, 1, {"running": 1})


async def test_without_temporal_it_is_on_record_and_the_case_hears_later(
    http: AsyncClient, world: DeliveryWorld, case: str, tokens: dict[Role, str]
) -> None:
    owes(world, case)
    answer = await http.post(f"/api/cases/{case}/pause", headers=by(tokens[Role.ANALYST]))
    assert (answer.status_code, answer.json()) == (202, {"case": case, "status": "paused"})
    assert world.rows("SELECT paused_by FROM cases") == [("ANALYST",)]
    assert world.rows("SELECT kind, who, role FROM acts") == [("pause", "ANALYST", "analyst")]
    [(owed, payload)] = world.rows("SELECT name, payload FROM outbox WHERE delivered_at IS NULL")
    assert (owed, world.rows("SELECT id FROM acts")) == ("act_recorded", [(payload["act"],)])
    again = await http.post(f"/api/cases/{case}/pause", headers=by(tokens[Role.ANALYST]))
    assert again.status_code == 409
    assert world.rows("SELECT command, outcome FROM audit_log ORDER BY id") == [
        ("case pause", "done"),
        ("case pause", "refused"),
    ]


def owes(world: DeliveryWorld, case: str) -> None:
    owed = "INSERT INTO debts (tax, inscription, due, amount) VALUES ('ICMS', 'i', '2026-01-20', 10) RETURNING id"
    with world.engine.begin() as connection:
        debt = connection.execute(text(owed)).scalar_one()
        who = "INSERT INTO debtors (debt, taxpayer) SELECT :debt, taxpayer FROM cases WHERE id = :case"
        connection.execute(text(who), {"debt": debt, "case": case})


def as_json(value: Any) -> Any:
    return json.loads(json.dumps(value, default=plain))


async def test_a_hold_is_placed_and_lifted_with_its_entry(
    http: AsyncClient, world: DeliveryWorld, case: str, tokens: dict[Role, str]
) -> None:
    owes(world, case)
    analyst = by(tokens[Role.ANALYST])
    wrong = await http.post(f"/api/cases/{case}/hold", headers=analyst, json={"reason": "r", "ground": "moon"})
    placed = await http.post(f"/api/cases/{case}/hold", headers=analyst, json={"reason": "r", "ground": "deposit"})
    lifted = await http.post(f"/api/cases/{case}/release", headers=analyst, json={"reason": "levantado"})
    assert [answer.status_code for answer in (wrong, placed, lifted)] == [409, 200, 200]
    assert [hold["ground"] for hold in placed.json()["holds"]] == ["deposit"]
    assert placed.json()["holds"][0]["debt"] == lifted.json()["holds"][0]["debt"]
    assert world.rows("SELECT command, outcome FROM audit_log ORDER BY id") == [
        ("case hold", "refused"),
        ("case hold", "done"),
        ("case release", "done"),
    ]


async def test_a_defence_needs_a_notice_and_its_decision_a_supervisor(
    http: AsyncClient, case: str, tokens: dict[Role, str]
) -> None:
    path, analyst = f"/api/cases/{case}/defence", by(tokens[Role.ANALYST])
    assert (await http.post(path, headers=analyst, json={"reference": "p 7"})).status_code == 409
    ruling = {"decided": "accepted", "reason": "parecer"}
    assert (await http.post(f"{path}/ruling", headers=analyst, json=ruling)).status_code == 403
    supervisor = by(tokens[Role.SUPERVISOR])
    assert (await http.post(f"{path}/ruling", headers=supervisor, json=ruling)).status_code == 409
    assert (await http.post(f"{path}/ruling", headers=supervisor, json={"decided": "accepted"})).status_code == 422
