"""The staff API: what people ask of a case or a cohort over HTTP, with a token, by the roles and answers of the command
line."""

from __future__ import annotations

import json
from collections.abc import Awaitable, Callable, Coroutine
from dataclasses import asdict
from datetime import UTC, date, datetime
from functools import partial
from typing import Annotated, Any, ClassVar, Literal, TypeVar

import structlog
from anyio.to_thread import run_sync
from fastapi import APIRouter, Depends, Request, Response, Security
from fastapi.routing import APIRoute
from fastapi.security import HTTPBearer
from pydantic import BaseModel, ConfigDict, Field
from sqlalchemy import Connection, Engine, select
from starlette.datastructures import MutableHeaders
from starlette.exceptions import HTTPException
from temporalio.client import Client
from temporalio.exceptions import TemporalError

from models.case.facts import Defence
from models.case.status import Status
from models.errors import Refusal
from models.json_form import plain
from models.roles import Actor
from operations.cases import Acted, approve_suspension, pause_case, reject_suspension, resume_case
from operations.due_process import file_defence, place_hold, release_hold, rule_on_defence
from operations.operation import OPERATIONS, Credentials, Operation, record_refused
from reports.status import read_status, told
from storage.audit.log import Entry
from storage.audit.tokens import bearer, name_in
from storage.engine import is_away
from storage.read_models.case_file import case_file
from storage.read_models.case_parts import CaseFile
from storage.read_models.cohort_file import CohortFile, cohort_file
from storage.schema import cases, cohorts
from web.webhooks.webhook import Refused
from workflows.client import is_unreachable
from workflows.start import status_after

log = structlog.get_logger()

Connect = Callable[[], Awaitable[Client]]


Said = Annotated[str, Field(min_length=1, max_length=2000, pattern=r"^[^\x00]*[^\x00\s][^\x00]*$")]
"""Not blank, and nothing that the database wouldn't take."""


class Asking(BaseModel):
    """Nothing more than the request itself; the ground of the bodies that say more."""

    model_config = ConfigDict(extra="forbid")


NOTHING = Asking()


class Judging(Asking):
    reason: Said
    seen: str = ""
    """For an approval, `to_approve.fingerprint` of the case as it was shown."""


class Releasing(Asking):
    reason: Said
    ground: Said | None = None
    debts: list[Said] = []


class Holding(Releasing):
    ground: Said
    evidence: Said | None = None
    since: Annotated[date | None, Field(alias="from")] = None
    until: date | None = None


class Defending(Asking):
    reference: Said
    on: date | None = None
    credits: tuple[str, ...] = ()
    """The debts, and `return:` with their periods; none: all that a formal notice lists."""


class Ruling(Asking):
    decided: Literal["accepted", "rejected"]
    reason: Said
    on: date | None = None
    credits: tuple[str, ...] = ()
    """Where several defences are open, a credit of the one that is meant."""


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

Route = TypeVar("Route", bound=Callable[..., Any])
Duty = Operation[..., Any]


async def _who(request: Request) -> Credentials:
    admitted: Credentials = request.state.who
    return admitted


Who = Annotated[Credentials, Depends(_who)]
"""Who was admitted by the route."""


class StaffRoute(APIRoute):
    """A route that admits who asks before it looks at the body, and whose refusals are one sentence each."""

    admit: ClassVar[Callable[[Request, Duty], Credentials]]

    def get_route_handler(self) -> Callable[[Request], Coroutine[Any, Any, Response]]:
        handle = super().get_route_handler()
        duty = (self.openapi_extra or {}).get("x-duty")

        async def handle_or_refuse(request: Request) -> Response:
            try:
                if duty:
                    # the body is read as JSON whatever it is called: `curl -d` calls it a form
                    MutableHeaders(scope=request.scope)["content-type"] = "application/json"
                    request.state.who = await run_sync(type(self).admit, request, OPERATIONS[duty])
                    await request.body()  # here, so that one too long isn't taken for a wrong one
                return await handle(request)
            except Refused as error:
                refused = error
            except Refusal as error:
                refused = Refused(409, str(error))
            except HTTPException:
                refused = Refused(422, "the body is no JSON in UTF-8")
            except Exception as error:
                if not (silent := _silent(error)):
                    raise  # a fault of ours: the guard logs it and says so
                log.error("the staff API can't answer", route=self.path_format, reason=type(error).__name__)
                refused = Refused(503, f"{silent} does not answer; ask again")
            return refused.answer()

        return handle_or_refuse


def _silent(error: Exception) -> str | None:
    """Who didn't answer, where an error means that."""
    if is_away(error):
        return "the database"
    return "Temporal" if isinstance(error, TemporalError) or is_unreachable(error) else None


def staff_routes(engine: Engine, temporal: Connect) -> APIRouter:
    class Door(StaffRoute):
        admit = staticmethod(partial(_admitted, engine))

    secured = [Security(HTTPBearer(scheme_name="token", auto_error=False))]
    router = APIRouter(prefix="/api", route_class=Door, responses=PROBLEMS, dependencies=secured)

    async def answer(acted: Acted, response: Response) -> Asked:
        status = await status_after(temporal, acted.case, acted.act)
        if status is None:
            response.status_code = 202
        return Asked(case=acted.case, status=status or acted.status)

    def does(what: Duty, path: str, **more: Any) -> Callable[[Route], Route]:
        """A route that does what an operation does, and says which duty that is."""
        return router.post(f"/cases/{{case}}/{path}", openapi_extra={"x-duty": what.duty}, **more)

    @does(approve_suspension, "approve", responses=LATER)
    async def approve(case: str, who: Who, response: Response, said: Judging) -> Asked:
        """Approve the suspension of the taxpayer's benefits."""
        acted = await run_sync(approve_suspension, engine, who, case, said.seen, said.reason, _now())
        return await answer(acted, response)

    @does(reject_suspension, "reject", responses=LATER)
    async def reject(case: str, who: Who, response: Response, said: Judging) -> Asked:
        """Refuse the suspension; the ruler asks again after its wait."""
        return await answer(await run_sync(reject_suspension, engine, who, case, said.reason, _now()), response)

    @does(pause_case, "pause", responses=LATER)
    async def pause(case: str, who: Who, response: Response, nothing: Asking = NOTHING) -> Asked:
        """Stop the clock of a case."""
        return await answer(await run_sync(pause_case, engine, who, case, _now()), response)

    @does(resume_case, "resume", responses=LATER)
    async def resume(case: str, who: Who, response: Response, nothing: Asking = NOTHING) -> Asked:
        """Let the clock of a paused case run on, with the wait that was left."""
        return await answer(await run_sync(resume_case, engine, who, case, _now()), response)

    @does(place_hold, "hold")
    async def hold(case: str, who: Who, said: Holding) -> Changes:
        """Hold debts of a case (CTN art. 151): all of them, or those named."""
        proof = (said.evidence, said.since, said.until)
        changed = await run_sync(place_hold, engine, who, case, said.ground, said.reason, _now(), *proof, said.debts)
        return Changes(case=case, holds=[asdict(each) for each in changed.holds], cases=changed.cases)

    @does(release_hold, "release")
    async def release(case: str, who: Who, said: Releasing) -> Changes:
        """Lift holds that people placed."""
        changed = await run_sync(release_hold, engine, who, case, said.reason, _now(), said.ground, said.debts)
        return Changes(case=case, holds=[asdict(each) for each in changed.holds], cases=changed.cases)

    @does(file_defence, "defence")
    async def file_one(case: str, who: Who, said: Defending) -> Defended:
        """File a defence against the suspension of benefits; while it is open nothing escalates (LC 225/2026)."""
        filed = await run_sync(file_defence, engine, who, case, said.reference, _now(), said.on, said.credits)
        return Defended(case=case, defence=filed)

    @does(rule_on_defence, "defence/ruling")
    async def rule(case: str, who: Who, said: Ruling) -> Defended:
        """Decide the defence that is open."""
        ruled = await run_sync(
            rule_on_defence, engine, who, case, said.decided, said.reason, _now(), said.on, said.credits
        )
        return Defended(case=case, defence=ruled)

    @router.get("/cases/{case}")
    async def show_case(case: str, request: Request) -> Response:
        """All that is on record of a case, the tax id masked."""
        return await run_sync(show, request, cases.c.id, case, lambda c: case_file(c, case, reveal=False))

    @router.get("/cohorts/{name}")
    async def show_cohort(name: str, request: Request) -> Response:
        """How many of a cohort's cases are in which state and cell, and what was spent."""
        return await run_sync(show, request, cohorts.c.name, name, lambda c: cohort_file(c, name, datetime.now(UTC)))

    @router.get("/status")
    async def show_status(request: Request) -> Response:
        """Everything that is overdue, missing, stuck, owed, kept aside or failing."""

        def admit() -> None:
            with engine.connect() as connection:
                _bearer(connection, request)

        await run_sync(admit)
        said = told(await read_status(engine, temporal))
        return Response(json.dumps(said, default=plain, ensure_ascii=False), media_type="application/json")

    def show(request: Request, key: Any, name: str, file: Callable[[Connection], CaseFile | CohortFile]) -> Response:
        with engine.connect() as connection:
            _bearer(connection, request)
            _must_exist(connection, key, name)
            shown = json.dumps(file(connection), default=plain, ensure_ascii=False)
        return Response(shown, media_type="application/json")

    return router


def _admitted(engine: Engine, request: Request, what: Duty) -> Credentials:
    """Admit who asks, before the body is read. Who lacks the role is on record too: somebody tried."""
    case = request.path_params["case"]
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
