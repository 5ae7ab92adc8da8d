"""The staff API: what people ask of a case or a cohort over HTTP, with a token, by the roles and answers of the command
line."""

from __future__ import annotations

import json
from collections.abc import Awaitable, Callable, Coroutine
from dataclasses import asdict
from datetime import UTC, date, datetime
from typing import Annotated, Any, ClassVar, Literal, TypeVar

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
from models.roles import Actor
from operations.cases import Acted, approve_suspension, pause_case, reject_suspension, resume_case
from operations.due_process import file_defence, place_hold, release_hold, rule_on_defence
from operations.operation import Credentials, Operation, record_refused
from storage.audit.log import Entry
from storage.audit.tokens import bearer, name_in
from storage.read_models.case_file import case_file
from storage.read_models.case_parts import CaseFile
from storage.read_models.cohort_file import CohortFile, cohort_file
from storage.schema import cases, cohorts
from web.webhooks.webhook import Refused
from workflows.start import status_after

log = structlog.get_logger()

Connect = Callable[[], Awaitable[Client]]


Said = Annotated[str, Field(min_length=1, max_length=2000, pattern=r"^[^\x00]*[^\x00\s][^\x00]*$")]
"""Not blank, and nothing that the database wouldn't take."""


class Asking(BaseModel):
    model_config = ConfigDict(extra="forbid")
    wanted: ClassVar[str] = "nothing in it"


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

LATER: dict[int | str, dict[str, Any]] = {
    202: {"model": Asked, "description": "It is on record, and the case has yet to hear of it."}
}

Body = TypeVar("Body", bound=BaseModel)
Route = TypeVar("Route", bound=Callable[..., Any])
Duty = Operation[..., Any]


def taking(body: type[BaseModel]) -> dict[str, Any]:
    """The body of a route, for OpenAPI: it is read by hand, so that a wrong one is refused in one sentence and never
    quoted."""
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
                log.error("the staff API can't answer", route=self.path_format, reason=type(error).__name__)
                refused = Refused(503, "the database or Temporal does not answer; ask again")
            return refused.answer()

        return handle_or_refuse


def staff_routes(engine: Engine, temporal: Connect) -> APIRouter:
    secured = [Security(HTTPBearer(scheme_name="token", auto_error=False))]
    router = APIRouter(prefix="/api", route_class=StaffRoute, responses=PROBLEMS, dependencies=secured)

    async def asked(
        request: Request, case: str, what: Operation[..., Any], body: type[Body]
    ) -> tuple[Credentials, Body]:
        who = await run_sync(_admitted, engine, request, what, case)
        return who, await _read(request, body)

    async def answer(acted: Acted, response: Response) -> Asked:
        status = await status_after(temporal, acted.case, acted.act)
        if status is None:
            response.status_code = 202
        return Asked(case=acted.case, status=status or acted.status)

    def does(what: Duty, path: str, body: type[BaseModel], **more: Any) -> Callable[[Route], Route]:
        """A route that does what an operation does, and says which duty that is."""
        described = {**taking(body), "x-duty": what.duty}
        return router.post(f"/cases/{{case}}/{path}", openapi_extra=described, **more)

    @does(approve_suspension, "approve", Judging, responses=LATER)
    async def approve(case: str, request: Request, response: Response) -> Asked:
        """Approve the suspension of the taxpayer's benefits."""
        who, said = await asked(request, case, approve_suspension, Judging)
        acted = await run_sync(approve_suspension, engine, who, case, said.seen, said.reason, _now())
        return await answer(acted, response)

    @does(reject_suspension, "reject", Judging, responses=LATER)
    async def reject(case: str, request: Request, response: Response) -> Asked:
        """Refuse the suspension; the ruler asks again after its wait."""
        who, said = await asked(request, case, reject_suspension, Judging)
        return await answer(await run_sync(reject_suspension, engine, who, case, said.reason, _now()), response)

    @does(pause_case, "pause", Asking, responses=LATER)
    async def pause(case: str, request: Request, response: Response) -> Asked:
        """Stop the clock of a case."""
        who, _ = await asked(request, case, pause_case, Asking)
        return await answer(await run_sync(pause_case, engine, who, case, _now()), response)

    @does(resume_case, "resume", Asking, responses=LATER)
    async def resume(case: str, request: Request, response: Response) -> Asked:
        """Let the clock of a paused case run on, with the wait that was left."""
        who, _ = await asked(request, case, resume_case, Asking)
        return await answer(await run_sync(resume_case, engine, who, case, _now()), response)

    @does(place_hold, "hold", Holding)
    async def hold(case: str, request: Request) -> Changes:
        """Hold debts of a case (CTN art. 151): all of them, or those named."""
        who, said = await asked(request, case, place_hold, Holding)
        proof = (said.evidence, said.since, said.until)
        changed = await run_sync(place_hold, engine, who, case, said.ground, said.reason, _now(), *proof, said.debts)
        return Changes(case=case, holds=[asdict(each) for each in changed.holds], cases=changed.cases)

    @does(release_hold, "release", Releasing)
    async def release(case: str, request: Request) -> Changes:
        """Lift holds that people placed."""
        who, said = await asked(request, case, release_hold, Releasing)
        changed = await run_sync(release_hold, engine, who, case, said.reason, _now(), said.ground, said.debts)
        return Changes(case=case, holds=[asdict(each) for each in changed.holds], cases=changed.cases)

    @does(file_defence, "defence", Defending)
    async def file_one(case: str, request: Request) -> Defended:
        """File a defence against the suspension of benefits; while it is open nothing escalates (LC 225/2026)."""
        who, said = await asked(request, case, file_defence, Defending)
        filed = await run_sync(file_defence, engine, who, case, said.reference, _now(), said.on)
        return Defended(case=case, defence=filed)

    @does(rule_on_defence, "defence/ruling", Ruling)
    async def rule(case: str, request: Request) -> Defended:
        """Decide the defence that is open."""
        who, said = await asked(request, case, rule_on_defence, Ruling)
        ruled = await run_sync(rule_on_defence, engine, who, case, said.decided, said.reason, _now(), said.on)
        return Defended(case=case, defence=ruled)

    @router.get("/cases/{case}")
    async def show_case(case: str, request: Request) -> Response:
        """All that is on record of a case, the tax id masked."""
        return await run_sync(show, request, cases.c.id, case, lambda c: case_file(c, case, reveal=False))

    @router.get("/cohorts/{name}")
    async def show_cohort(name: str, request: Request) -> Response:
        """How many of a cohort's cases are in which state and cell, and what was spent."""
        return await run_sync(show, request, cohorts.c.name, name, lambda c: cohort_file(c, name, datetime.now(UTC)))

    def show(request: Request, key: Any, name: str, file: Callable[[Connection], CaseFile | CohortFile]) -> Response:
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


def _admitted(engine: Engine, request: Request, what: Duty, case: str) -> Credentials:
    """Admit who asks, before the body is read. Who lacks the role is on record too: somebody tried."""
    with engine.connect() as connection:
        who, actor = _bearer(connection, request)
        _must_exist(connection, cases.c.id, case)
        try:
            what.admit(connection, actor)
            return who
        except Refusal as refusal:
            forbidden = Refused(403, str(refusal))
    record_refused(engine, Entry(actor, what.duty, case))
    raise forbidden


def _bearer(connection: Connection, request: Request) -> tuple[Credentials, Actor]:
    scheme, _, written = request.headers.get("authorization", "").partition(" ")
    who = Credentials(name_in(written.strip()), written.strip())
    try:
        if scheme.lower() != "bearer":
            raise Refusal("say who asks, by a header: Authorization: Bearer TOKEN")
        return who, bearer(connection, who.token or "")
    except Refusal as refusal:
        raise Refused(401, str(refusal)) from None


def _must_exist(connection: Connection, key: Any, name: str) -> None:
    if "\0" in name or connection.execute(select(key).where(key == name)).first() is None:
        raise Refused(404, f"there is no {'case' if key is cases.c.id else 'cohort'} of that name")


def _now() -> datetime:
    return datetime.now(UTC)
