"""The staff API: what people ask of a case or a cohort over HTTP, with a token, by the roles and answers of the command
line."""

from __future__ import annotations

import json
from collections.abc import Awaitable, Callable, Coroutine
from dataclasses import asdict
from datetime import UTC, date, datetime
from typing import Annotated, Any, ClassVar, Literal, TypeVar

import anyio
import structlog
from anyio.to_thread import run_sync
from fastapi import APIRouter, Request, Response, Security
from fastapi.routing import APIRoute
from fastapi.security import HTTPBearer
from pydantic import BaseModel, ConfigDict, Field, ValidationError
from sqlalchemy import Connection, Engine, select
from sqlalchemy.exc import SQLAlchemyError
from temporalio.client import Client
from temporalio.exceptions import TemporalError

from models.case.facts import Defence
from models.case.status import Status
from models.errors import Refusal
from models.json_form import plain
from models.law.grounds import read_ground
from models.roles import Actor, must_be_allowed
from storage.audit.log import Entry, carry, write
from storage.audit.tokens import bearer, roles_in_force
from storage.law.defences import file_defence, rule_on_defence
from storage.law.holds import Changed, place_hold, release_hold
from storage.read_models.case_file import case_file
from storage.read_models.cohort_file import cohort_file
from storage.schema import cases, cohorts
from web.webhooks.webhook import Refused
from workflows.effects import Command
from workflows.start import ask_case

log = structlog.get_logger()

ANSWER_SECONDS = 15.0
"""How long a case's workflow has to answer in; an approval is answered once it is carried out."""

Connect = Callable[[], Awaitable[Client]]


Said = Annotated[str, Field(min_length=1, max_length=2000, pattern=r"^[^\x00]*[^\x00\s][^\x00]*$")]
"""Not blank, and nothing that the database wouldn't take."""


class Asking(BaseModel):
    model_config = ConfigDict(extra="forbid")
    wanted: ClassVar[str] = "nothing in it"
    reason: ClassVar[str] = ""
    seen: ClassVar[str] = ""


class Judging(BaseModel):
    model_config = ConfigDict(extra="forbid")
    wanted: ClassVar[str] = '"reason" in it: a text of 1 to 2000 characters'

    reason: Said
    seen: str = ""
    """Of an approval: `to_approve.fingerprint` of the case as it was shown."""


class Releasing(BaseModel):
    model_config = ConfigDict(extra="forbid")
    wanted: ClassVar[str] = '"reason" in it, and if you like "ground" and "debts"'

    reason: Said
    ground: Said | None = None
    debts: list[Said] = []


class Holding(Releasing):
    wanted: ClassVar[str] = '"reason" and "ground" in it, and if you like "evidence", "from", "until" (dates), "debts"'

    ground: Said
    evidence: Said | None = None
    since: Annotated[date | None, Field(alias="from")] = None
    until: date | None = None


class Defending(BaseModel):
    model_config = ConfigDict(extra="forbid")
    wanted: ClassVar[str] = '"reference" in it, and if you like "on" (a date)'

    reference: Said
    on: date | None = None


class Ruling(BaseModel):
    model_config = ConfigDict(extra="forbid")
    wanted: ClassVar[str] = '"decided" (accepted, rejected) and "reason" in it, and if you like "on" (a date)'

    decided: Literal["accepted", "rejected"]
    reason: Said
    on: date | None = None


class Asked(BaseModel):
    case: str
    status: Status


class Changes(BaseModel):
    case: str
    holds: list[dict[str, Any]]
    cases: list[str]
    """The open cases that share the debts."""


class Defended(BaseModel):
    case: str
    defence: Defence


class Problem(BaseModel):
    error: str


PROBLEMS: dict[int | str, dict[str, Any]] = {
    401: {"model": Problem, "description": "No token, or none that is in force."},
    403: {"model": Problem, "description": "The token's role may not do this."},
    404: {"model": Problem, "description": "There is no such case or cohort."},
    409: {"model": Problem, "description": "The case is not in a state for it."},
    422: {"model": Problem, "description": "The body is not what it should be."},
    503: {"model": Problem, "description": "The database or Temporal does not answer."},
}


Body = TypeVar("Body", bound=BaseModel)


def taking(body: type[BaseModel]) -> dict[str, Any]:
    """For OpenAPI: the body is read by hand, so that a wrong one is refused in one sentence and never quoted."""
    content = {"application/json": {"schema": body.model_json_schema()}}
    return {"requestBody": {"content": content, "required": body is not Asking}}


class StaffRoute(APIRoute):
    """A route whose refusals are one sentence each."""

    def get_route_handler(self) -> Callable[[Request], Coroutine[Any, Any, Response]]:
        handle = super().get_route_handler()

        async def handle_or_refuse(request: Request) -> Response:
            try:
                return await handle(request)
            except Refused as error:
                refused = error
            except Refusal as error:
                refused = Refused(409, str(error))
            except (SQLAlchemyError, TemporalError, RuntimeError, TimeoutError) as error:
                log.error("the desk can't answer", route=self.path_format, reason=type(error).__name__)
                refused = Refused(503, "the database or Temporal does not answer; ask again")
            return refused.answer()

        return handle_or_refuse


def staff_routes(engine: Engine, temporal: Connect) -> APIRouter:
    described = [Security(HTTPBearer(scheme_name="token", auto_error=False))]
    router = APIRouter(prefix="/api", route_class=StaffRoute, responses=PROBLEMS, dependencies=described)

    async def ask(request: Request, case: str, what: str, body: type[Asking | Judging] = Asking) -> Asked:
        actor = await run_sync(_admitted, engine, request, f"case {what}", case)
        said = await _read(request, body)
        try:
            with anyio.fail_after(ANSWER_SECONDS):
                command = Command(by=actor.name, role=actor.role, reason=said.reason, seen=said.seen)
                status = await ask_case(await temporal(), case, what, command)
        except Refusal:
            await run_sync(_record_refused, engine, Entry(actor, f"case {what}", case))
            raise
        return Asked(case=case, status=Status(status))

    @router.post("/cases/{case}/approve", openapi_extra=taking(Judging))
    async def approve(case: str, request: Request) -> Asked:
        """Approve the suspension of the taxpayer's benefits."""
        return await ask(request, case, "approve", Judging)

    @router.post("/cases/{case}/reject", openapi_extra=taking(Judging))
    async def reject(case: str, request: Request) -> Asked:
        """Refuse the suspension; the ruler asks again after its wait."""
        return await ask(request, case, "reject", Judging)

    @router.post("/cases/{case}/pause", openapi_extra=taking(Asking))
    async def pause(case: str, request: Request) -> Asked:
        """Stop the clock of a case."""
        return await ask(request, case, "pause")

    @router.post("/cases/{case}/resume", openapi_extra=taking(Asking))
    async def resume(case: str, request: Request) -> Asked:
        """Let the clock of a paused case run on, with the wait that was left."""
        return await ask(request, case, "resume")

    @router.post("/cases/{case}/hold", openapi_extra=taking(Holding))
    async def hold(case: str, request: Request) -> Changes:
        """Hold debts of a case, all of them unless they are named (CTN art. 151)."""
        actor = await run_sync(_admitted, engine, request, "case hold", case)
        said = await _read(request, Holding)

        def place(recorded: Engine) -> Changed:
            why = (actor.name, said.reason, datetime.now(UTC), said.evidence, said.since, said.until)
            return place_hold(recorded, case, read_ground(said.ground), *why, of_debts=said.debts)

        changed = await run_sync(_recorded, engine, Entry(actor, "case hold", case), place)
        return Changes(case=case, holds=[asdict(each) for each in changed.holds], cases=changed.cases)

    @router.post("/cases/{case}/release", openapi_extra=taking(Releasing))
    async def release(case: str, request: Request) -> Changes:
        """Lift holds that people placed."""
        actor = await run_sync(_admitted, engine, request, "case release", case)
        said = await _read(request, Releasing)

        def lift(recorded: Engine) -> Changed:
            ground = read_ground(said.ground) if said.ground else None
            return release_hold(recorded, case, actor.name, said.reason, datetime.now(UTC), ground, said.debts)

        changed = await run_sync(_recorded, engine, Entry(actor, "case release", case), lift)
        return Changes(case=case, holds=[asdict(each) for each in changed.holds], cases=changed.cases)

    @router.post("/cases/{case}/defence", openapi_extra=taking(Defending))
    async def file_one(case: str, request: Request) -> Defended:
        """File a defence against the suspension of benefits; while it is open nothing escalates (LC 225/2026)."""
        actor = await run_sync(_admitted, engine, request, "case defence", case)
        said = await _read(request, Defending)

        def put(recorded: Engine) -> Defence:
            return file_defence(recorded, case, actor.name, said.reference, datetime.now(UTC), said.on)

        filed = await run_sync(_recorded, engine, Entry(actor, "case defence", case), put)
        return Defended(case=case, defence=filed)

    @router.post("/cases/{case}/defence/ruling", openapi_extra=taking(Ruling))
    async def rule(case: str, request: Request) -> Defended:
        """Decide the defence that is open."""
        actor = await run_sync(_admitted, engine, request, "case defence --decided", case)
        said = await _read(request, Ruling)

        def put(recorded: Engine) -> Defence:
            return rule_on_defence(recorded, case, said.decided, actor.name, said.reason, datetime.now(UTC), said.on)

        ruled = await run_sync(_recorded, engine, Entry(actor, "case defence --decided", case), put)
        return Defended(case=case, defence=ruled)

    @router.get("/cases/{case}")
    async def show_case(case: str, request: Request) -> Response:
        """All that is on record of a case, the tax id masked."""
        return await run_sync(show, request, cases.c.id, case, lambda c: case_file(c, case, reveal=False))

    @router.get("/cohorts/{name}")
    async def show_cohort(name: str, request: Request) -> Response:
        """How many of a cohort's cases are in which state and cell, and what was spent."""
        return await run_sync(show, request, cohorts.c.name, name, lambda c: cohort_file(c, name, datetime.now(UTC)))

    def show(request: Request, key: Any, name: str, file: Callable[[Connection], dict[str, Any]]) -> Response:
        with engine.connect() as connection:
            _bearer(connection, request)
            _must_exist(connection, key, name)
            shown = json.dumps(file(connection), default=plain, ensure_ascii=False)
        return Response(shown, media_type="application/json")

    return router


async def _read(request: Request, body: type[Body]) -> Body:
    try:
        return body.model_validate_json(await request.body() or b"{}")
    except ValidationError:
        wanted: str = getattr(body, "wanted")  # noqa: B009 - each of ours says it
        raise Refused(422, f"the body is a JSON object with {wanted}") from None


T = TypeVar("T")


def _recorded(engine: Engine, entry: Entry, act: Callable[[Engine], T]) -> T:
    """The act's own transaction carries the entry; what is refused is on record by itself."""
    recorded = engine.execution_options()
    carry(recorded, entry)
    try:
        return act(recorded)
    except Refusal:
        _record_refused(engine, entry)
        raise


def _admitted(engine: Engine, request: Request, command: str, case: str) -> Actor:
    """Who lacks the role is on record too: somebody tried."""
    with engine.begin() as connection:
        actor = _bearer(connection, request)
        _must_exist(connection, cases.c.id, case)
        try:
            must_be_allowed(command, actor, roles_in_force(connection))
        except Refusal as refusal:
            forbidden = Refused(403, str(refusal))
        else:
            return actor
        write(connection, Entry(actor, command, case), "refused")
    raise forbidden


def _bearer(connection: Connection, request: Request) -> Actor:
    scheme, _, token = request.headers.get("authorization", "").partition(" ")
    try:
        if scheme.lower() != "bearer":
            raise Refusal("say who asks, by a header: Authorization: Bearer TOKEN")
        return bearer(connection, token.strip())
    except Refusal as refusal:
        raise Refused(401, str(refusal)) from None


def _must_exist(connection: Connection, key: Any, name: str) -> None:
    if "\0" in name or connection.execute(select(key).where(key == name)).first() is None:
        raise Refused(404, f"there is no {'case' if key is cases.c.id else 'cohort'} of that name")


def _record_refused(engine: Engine, entry: Entry) -> None:
    with engine.begin() as connection:
        write(connection, entry, "refused")
