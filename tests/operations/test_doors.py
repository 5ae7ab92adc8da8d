"""Each thing that a person may do has one door: an operation with a duty, behind each command and route of its name."""

from __future__ import annotations

import dis
import importlib
import inspect
import pkgutil
from collections.abc import Callable, Iterator, Mapping
from datetime import UTC, date, datetime, timedelta
from io import BytesIO
from types import CodeType, FunctionType
from typing import Any

import pytest
from fastapi import FastAPI
from httpx import ASGITransport, AsyncClient
from sqlalchemy import Engine, insert

import operations
from channels.links import Links
from commands import COMMANDS
from commands.line import leaves, loaded
from models.intake.upload import Kind
from models.payment.slip import Beneficiary
from models.roles import DUTIES, READINGS, Actor, Role
from operations.conversation_effects import Effects
from operations.operation import OPERATIONS, Operation
from storage.audit.tokens import issue
from storage.case.cohort_drafts import make_draft
from storage.conversation.conversations import open_conversation
from storage.intake.uploads import keep_upload
from storage.schema import calls, request_files, requests, tasks
from tests import factories
from tests.agreement_world import contract
from tests.web.webhooks.test_pix_webhook import NOTHING_LISTENS, SECRET
from tests.web.webhooks.test_sendgrid_webhook import PUBLIC as PUBLIC_KEY
from web.app import create_app
from web.console.pages import SCRIPT_NAME, SHEET_NAME

for module in pkgutil.iter_modules(operations.__path__):
    importlib.import_module(f"operations.{module.name}")

SITE = "https://regua.exemplo.gov.br"

BY_NAME = {each.__name__: each for each in OPERATIONS.values()}


LEAVES = {path: command for name in COMMANDS for path, command in leaves(loaded(name), name)}


def test_each_operation_names_a_duty_and_each_duty_has_its_operation() -> None:
    assert OPERATIONS.keys() == DUTIES.keys()
    assert len(BY_NAME) == len(OPERATIONS)


READS = {
    "accrual quote",
    "agreement list",
    "agreement quote",
    "agreement show",
    "audit",
    "audit-log",
    "calendar term",
    "call centre",
    "case explain",
    "case list",
    "case show",
    "catalogue export",
    "catalogue list",
    "catalogue show",
    "cohort status",
    "debt find",
    "debt show",
    "debt write-offs",
    "demo",
    "downgrade",
    "experiment show",
    "flow check",
    "flow draw",
    "flow try",
    "gazette copy",
    "gazette list",
    "letter copy",
    "letter list",
    "migrate",
    "payments corrections",
    "payments files",
    "payments list",
    "payments quarantined",
    "payments reconcile",
    "payments unmatched",
    "person list",
    "power",
    "rates list",
    "report",
    "ruler check",
    "ruler classify",
    "ruler map",
    "ruler plan",
    "ruler preview",
    "sample",
    "schedule list",
    "slip copy",
    "slip list",
    "stack backup",
    "stack down",
    "stack restore",
    "stack rotate-key",
    "stack sign-in",
    "stack status",
    "stack up",
    "status",
    "task list",
    "token list",
    "web",
    "background",
}
"""Commands that change nothing on record of a taxpayer, but for an option of theirs that has a duty."""


AT_THE_CONSOLE = {
    "cohort draft",
    "cohort draft --drop",
    "cohort check",
    "import upload",
    "import check",
    "import start",
    "import rejects",
    "import drop",
    "ruler draft",
    "ruler draft --drop",
    "ruler edit",
    "ruler publish",
    "conversation answer",
    "conversation claim",
    "conversation end",
    "conversation return",
    "case review --taken",
    "session end",
    "taxpayer reveal",
}
"""Duties that no command has, only pages."""


def test_each_command_reads_or_has_a_duty() -> None:
    assert LEAVES.keys() == {name.partition(" --")[0] for name in {*DUTIES, *READS} - AT_THE_CONSOLE}
    assert not READS & DUTIES.keys()


def named_in(code: CodeType) -> Iterator[str]:
    """Functions that it names, imported above or within; methods are none of them."""
    for instruction in dis.get_instructions(code):
        if instruction.opname in ("LOAD_GLOBAL", "IMPORT_FROM"):
            yield instruction.argval


def called_by(run: Callable[..., Any]) -> set[str]:
    """The duties of the operations that a command names, itself or in what it calls of `commands/`."""
    seen: set[CodeType] = set()
    found: set[str] = set()

    def look(code: CodeType, globals_: Mapping[str, Any]) -> None:
        if code in seen:
            return
        seen.add(code)
        for name in named_in(code):
            value = globals_.get(name, BY_NAME.get(name))
            if isinstance(value, Operation):
                found.add(value.duty)
            elif isinstance(value, FunctionType) and value.__module__.startswith("commands."):
                look(value.__code__, value.__globals__)
        for constant in code.co_consts:
            if isinstance(constant, CodeType):
                look(constant, globals_)

    asked = inspect.unwrap(run)
    assert isinstance(asked, FunctionType)
    look(asked.__code__, asked.__globals__)
    return found


@pytest.mark.parametrize("path", LEAVES)
def test_a_command_calls_the_operation_of_its_name_and_no_other(path: str) -> None:
    """One of them for each of its options that have a duty of their own; who only reads calls none."""
    command = LEAVES[path]
    mine = {name for name in DUTIES if name == path or name.startswith(f"{path} --")}
    # the demo's city is one of its own, and its people act by these doors too
    assert called_by(command.callback) == mine or path == "demo"


PUBLIC = {
    *(f"/webhooks/pix/{{given}}{ending}" for ending in ("", "/", "/pix", "/pix/", "/pix/pix", "/pix/pix/")),
    *(f"/webhooks/pix/{{given}}/{told}{ending}" for told in ("rec", "cobr") for ending in ("", "/")),
    "/webhooks/sendgrid",
    "/webhooks/twilio/status",
    "/webhooks/twilio/inbound",
    "/webhooks/twilio/voice",
    "/a/{token}",
    "/p/{token}/contestar",
    "/u/{token}",
    "/console/sign-in",
}
"""The routes that others than the authority's people post to: banks and providers, taxpayers by their links, and
whoever has yet to sign in."""


@pytest.fixture
def app_on(monkeypatch: pytest.MonkeyPatch) -> Callable[[str], FastAPI]:
    settings = {"SENDGRID_WEBHOOK_KEY": PUBLIC_KEY, "TWILIO_AUTH_TOKEN": "x", "REGUA_LINK_KEY": "k" * 32}
    for name, value in {**settings, "REGUA_PUBLIC_URL": SITE}.items():
        monkeypatch.setenv(name, value)
    return lambda database: create_app(database, NOTHING_LISTENS, SECRET)


def test_a_route_that_changes_something_has_a_duty_or_is_public(
    database: str, app_on: Callable[[str], FastAPI]
) -> None:
    paths = app_on(database).openapi()["paths"]
    assert {method for methods in paths.values() for method in methods} == {"get", "post"}
    posted = {path: methods["post"] for path, methods in paths.items() if "post" in methods}
    assert {path for path, post in posted.items() if "x-duty" not in post and "x-reading" not in post} == PUBLIC
    shown = {path: methods["get"] for path, methods in paths.items() if "get" in methods}
    ours = {path: get for path, get in shown.items() if path.startswith(("/api/", "/console"))}
    unread = {path for path, get in ours.items() if get.get("x-reading") not in READINGS}
    assert unread == {"/console/sign-in", f"/console/{SHEET_NAME}", f"/console/{SCRIPT_NAME}"}
    assert {post["x-duty"] for post in posted.values() if "x-duty" in post} <= OPERATIONS.keys()


IN_TEMPORARY_TABLES = {"/console/cohorts/{name}/report"}
"""Its figures are worked out in tables that go with their transaction; a database for reading alone has none."""


async def test_no_get_changes_anything(engine: Engine, database: str, app_on: Callable[[str], FastAPI]) -> None:
    """Each answers as well from a database that can't be written to."""
    made = contract(engine, "400.00", "800.00")
    case, taxpayer = made.case, str(made.taxpayer)
    with engine.begin() as connection:
        token = issue(connection, "caio", Role.AUDITOR, "root", None)
        payment = str(factories.payment(connection))
        asked = {"case": case, "kind": "call", "reference": "r", "what": "x", "due": date(2026, 1, 2)}
        task = connection.execute(insert(tasks).values(asked).returning(tasks.c.id)).scalar_one()
        taken = {"task": task, "agent": "caio", "queue": "requests", "channel": "phone", "at": date(2026, 1, 2)}
        later = datetime.now(UTC) + timedelta(hours=1)
        call = connection.execute(insert(calls).values(taken | {"lapses_at": later}).returning(calls.c.id)).scalar_one()
        draft = str(make_draft(connection, {"name": "iptu", "ruler": "alagoas-icms"}, "ana"))
        upload = str(keep_upload(connection, BytesIO(b"tax_id\n"), "a.csv", Kind.TAXPAYERS, Actor("ana")))
    now = datetime.now(UTC)
    talk = open_conversation(engine, "atendimento", Effects(Beneficiary(""), now), now)
    with engine.connect() as connection:
        conversation = str(connection.exec_driver_sql("SELECT id FROM conversations").scalar_one())
    with engine.begin() as connection:
        asked = {"case": case, "kind": "access", "made_on": date(2026, 1, 2), "due": date(2026, 2, 2)}
        asked |= {"reference": "x", "recorded_by": "ana"}
        number = str(connection.execute(insert(requests).values(asked).returning(requests.c.id)).scalar_one())
        sent = {"request": int(number), "name": "a.pdf", "media_type": "application/pdf", "content": b"%PDF-"}
        file = str(connection.execute(insert(request_files).values(sent).returning(request_files.c.id)).scalar_one())
    links = Links(["k" * 32], SITE)
    doors = {"/p/": links.pay(case), "/a/": links.agree(case), "/u/": links.unsubscribe(case, "email")}
    app = app_on(f"{database}?options=-c%20default_transaction_read_only%3Don")
    gets = [path for path, methods in app.openapi()["paths"].items() if "get" in methods]
    async with AsyncClient(transport=ASGITransport(app), base_url=SITE) as http:
        for path in gets:
            if path in IN_TEMPORARY_TABLES:
                continue
            whole = next((link for door, link in doors.items() if path.startswith(door)), path)
            url = (
                whole.replace("{case}", case)
                .replace("{name}", "iptu")
                .replace("{what}", "tasks")
                .replace("{draft}", draft)
                .replace("{payment}", payment)
                .replace("{upload}", upload)
                .replace("{ruler}", "alagoas-icms")
                .replace("{taxpayer}", taxpayer)
                .replace("{call}", str(call))
                .replace("{talk}", talk)
                .replace("{form}", "duvida")
                .replace("{number}", number)
                .replace("{file}", file)
                .replace("{conversation}", conversation)
            )
            answer = await http.get(url, headers={"Authorization": f"Bearer {token}"})
            # who can't write takes no payment, and says so
            assert answer.status_code == (503 if path == "/ready" else 200), (path, answer.text)
    assert len(gets) > len(doors)
