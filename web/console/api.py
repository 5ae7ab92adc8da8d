"""The staff API: what people ask of a case or a cohort over HTTP, with a token, by the roles and answers of the command
line."""

from __future__ import annotations

import json
from collections.abc import Awaitable, Callable, Coroutine
from dataclasses import asdict
from datetime import UTC, date, datetime
from typing import Annotated, Any

from anyio.to_thread import run_sync
from fastapi import APIRouter, Query, Request, Response, Security
from fastapi.security import HTTPBearer
from pydantic import BaseModel
from sqlalchemy import Connection, Engine
from starlette.datastructures import MutableHeaders
from temporalio.client import Client

from models.case.cohort_state import State
from models.case.facts import Defence
from models.case.status import Status
from models.json_form import plain
from operations.calls import confirm_party, reassign_call, receive_visit, set_queues, take_next, tell_outcome
from operations.cases import Acted, approve_suspension, pause_case, reject_suspension, resume_case, reveal_case
from operations.due_process import file_defence, place_hold, release_hold, rule_on_defence
from operations.taxpayers import reveal_taxpayer
from reports.document import as_data
from reports.explanation import explain
from reports.status import read_status, told
from storage.collections.calls import under_way
from storage.collections.queue import NoTask
from storage.paging import Page
from storage.read_models.approval_file import approval_file
from storage.read_models.call_centre import call_centre
from storage.read_models.call_page import read_call_page
from storage.read_models.case_file import case_file
from storage.read_models.cohort_file import cohort_file
from storage.read_models.cohort_map import cohort_now, list_cohorts
from storage.read_models.dossier import read_dossier
from storage.read_models.search import search
from storage.read_models.taxpayer_file import taxpayer_file
from storage.read_models.waiting import count_waiting
from web.console.bodies import (
    NOTHING,
    Asking,
    Defending,
    Ending,
    Holding,
    Judging,
    Queueing,
    Reasoning,
    Reassigning,
    Releasing,
    Ruling,
    in_brasilia,
)
from web.console.calls import told_as_data
from web.console.case_forms import FORMS, CaseForm
from web.console.cohort import cursor
from web.console.cohort_forms import FORMS as COHORT_FORMS
from web.console.cohort_forms import CohortForm
from web.console.door import Admitted, Duty, Route, RowId, StaffRoute
from web.console.lists import ROWS, list_of
from web.console.search import Searching
from workflows.start import status_after

Connect = Callable[[], Awaitable[Client]]


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


class ApiRoute(StaffRoute):
    """A route whose body is read as JSON whatever it is called: `curl -d` calls it a form."""

    def get_route_handler(self) -> Callable[[Request], Coroutine[Any, Any, Response]]:
        handle = super().get_route_handler()

        async def handle_json(request: Request) -> Response:
            MutableHeaders(scope=request.scope)["content-type"] = "application/json"
            return await handle(request)

        return handle_json


def staff_routes(engine: Engine, temporal: Connect) -> APIRouter:
    class Door(ApiRoute):
        pass

    Door.engine = engine
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

    def reads(reading: str, path: str) -> Callable[[Route], Route]:
        """A route that shows a part of the record, and says which."""
        return router.get(path, openapi_extra={"x-reading": reading})

    @does(approve_suspension, "approve", responses=LATER)
    async def approve(case: str, by: Admitted, response: Response, said: Judging) -> Asked:
        """Approve the suspension of the taxpayer's benefits."""
        acted = await run_sync(approve_suspension, engine, by.who, case, said.seen, said.reason, _now())
        return await answer(acted, response)

    @does(reject_suspension, "reject", responses=LATER)
    async def reject(case: str, by: Admitted, response: Response, said: Judging) -> Asked:
        """Refuse the suspension; the ruler asks again after its wait."""
        acted = await run_sync(reject_suspension, engine, by.who, case, said.reason, _now(), said.seen)
        return await answer(acted, response)

    @does(pause_case, "pause", responses=LATER)
    async def pause(case: str, by: Admitted, response: Response, nothing: Asking = NOTHING) -> Asked:
        """Stop the clock of a case."""
        return await answer(await run_sync(pause_case, engine, by.who, case, _now()), response)

    @does(resume_case, "resume", responses=LATER)
    async def resume(case: str, by: Admitted, response: Response, nothing: Asking = NOTHING) -> Asked:
        """Let the clock of a paused case run on, with the wait that was left."""
        return await answer(await run_sync(resume_case, engine, by.who, case, _now()), response)

    @does(place_hold, "hold")
    async def hold(case: str, by: Admitted, said: Holding) -> Changes:
        """Hold debts of a case (CTN art. 151): all of them, or those named."""
        proof = (said.evidence, said.since, said.until)
        changed = await run_sync(place_hold, engine, by.who, case, said.ground, said.reason, _now(), *proof, said.debts)
        return Changes(case=case, holds=[asdict(each) for each in changed.holds], cases=changed.cases)

    @does(release_hold, "release")
    async def release(case: str, by: Admitted, said: Releasing) -> Changes:
        """Lift holds that people placed."""
        changed = await run_sync(release_hold, engine, by.who, case, said.reason, _now(), said.ground, said.debts)
        return Changes(case=case, holds=[asdict(each) for each in changed.holds], cases=changed.cases)

    @does(file_defence, "defence")
    async def file_one(case: str, by: Admitted, said: Defending) -> Defended:
        """File a defence against the suspension of benefits; while it is open nothing escalates (LC 225/2026)."""
        filed = await run_sync(file_defence, engine, by.who, case, said.reference, _now(), said.on, said.credits)
        return Defended(case=case, defence=filed)

    @does(rule_on_defence, "defence/ruling")
    async def rule(case: str, by: Admitted, said: Ruling) -> Defended:
        """Decide the defence that is open."""
        ruled = await run_sync(
            rule_on_defence, engine, by.who, case, said.decided, said.reason, _now(), said.on, said.credits
        )
        return Defended(case=case, defence=ruled)

    @reads("case", "/cases/{case}")
    async def show_case(case: str) -> Response:
        """All that is on record of a case, the tax id masked."""
        return await run_sync(show, lambda c: case_file(c, case, reveal=False))

    @reads("cohort", "/cohorts/{name}")
    async def show_cohort(name: str) -> Response:
        """How many of a cohort's cases are in which state and cell, and what was spent."""
        return await run_sync(show, lambda c: cohort_file(c, name, datetime.now(UTC)))

    @reads("case", "/cases/{case}/explanation")
    async def explain_case(case: str) -> Response:
        """Why the taxpayer is there, as `case explain --json` tells it, naming nobody."""
        return as_json(await run_sync(lambda: as_data(explain(read_dossier(engine, case), reveal=False))))

    @reads("approvals", "/cases/{case}/approval")
    async def show_approval(case: str) -> Response:
        """All that the approval of a suspension would rest on, by credit; null where none is awaited."""
        return await run_sync(show, lambda c: approval_file(c, case, datetime.now(UTC)))

    @reads("home", "/waiting")
    async def count() -> Response:
        """How much of each kind waits for somebody."""
        return await run_sync(show, lambda c: {"waiting": count_waiting(c, datetime.now(UTC))})

    @reads("waiting", "/waiting/{what}")
    async def list_waiting(what: str, after: str | None = None) -> Response:
        """A list of what waits, in pages: `after` is the last one of the page before."""
        waits = list_of(what, after)
        return await run_sync(show, lambda c: {"rows": list(waits.read(c, Page(ROWS, after)))})

    @reads("taxpayer", "/taxpayers/{taxpayer}")
    async def show_taxpayer(taxpayer: RowId) -> Response:
        """All that is on record of a taxpayer, the tax id masked."""
        return await run_sync(show, lambda c: taxpayer_file(c, taxpayer, reveal=False))

    @router.post("/search", openapi_extra={"x-reading": "search"})
    async def find(said: Searching) -> Response:
        """The taxpayers whom a number or words may mean, named by their initials."""
        return await run_sync(show, lambda c: {"found": search(c, said.q)})

    @router.post("/taxpayers/{taxpayer}/reveal", openapi_extra={"x-duty": reveal_taxpayer.duty})
    async def reveal_one(taxpayer: RowId, by: Admitted, said: Reasoning) -> Response:
        """All that is on record of a taxpayer, named."""
        return as_json(await run_sync(reveal_taxpayer, engine, by.who, taxpayer, said.reason))

    @does(reveal_case, "reveal")
    async def reveal(case: str, by: Admitted, said: Reasoning) -> Response:
        """All that is on record of a case, named."""
        return as_json(await run_sync(reveal_case, engine, by.who, case, said.reason))

    @reads("call centre", "/calls")
    async def show_centre(
        since: date | None = None, until: date | None = None, within: Annotated[int, Query(ge=1, le=365)] = 30
    ) -> Response:
        """The queues of the call centre, and its figures, each with what it is a share of; `within` is the days of
        `cured`."""
        return await run_sync(show, lambda c: call_centre(c, _now(), since, until, within))

    @reads("calls", "/calls/{call}")
    async def show_call(call: RowId, by: Admitted) -> Response:
        """One's own call under way: of the debt nothing before the taxpayer was confirmed to speak."""
        now = _now()
        return await run_sync(
            show, lambda c: told_as_data(read_call_page(c, under_way(c, call, by.actor.name, now), now))
        )

    @router.post("/calls/next", openapi_extra={"x-duty": take_next.duty})
    async def next_call(by: Admitted, nothing: Asking = NOTHING) -> Response:
        """Take the next task of one's queues; null where there is none, and then how many each limit stands against."""
        taken = await run_sync(take_next, engine, by.who, _now())
        if isinstance(taken, NoTask):
            return as_json({"taken": None, "spared": taken.spared})
        return as_json({"taken": asdict(taken)})

    @does(receive_visit, "visit")
    async def visit(case: str, by: Admitted, nothing: Asking = NOTHING) -> Response:
        """Take in a taxpayer who came to the counter."""
        return as_json({"taken": asdict(await run_sync(receive_visit, engine, by.who, case, _now()))})

    @router.post("/calls/{call}/confirm", openapi_extra={"x-duty": confirm_party.duty})
    async def confirm(call: RowId, by: Admitted, nothing: Asking = NOTHING) -> Response:
        """Put down that the taxpayer is the one who speaks."""
        return as_json({"call": call, "case": await run_sync(confirm_party, engine, by.who, call, _now())})

    @router.post("/calls/{call}/outcome", openapi_extra={"x-duty": tell_outcome.duty})
    async def end_one(call: RowId, by: Admitted, said: Ending) -> Response:
        """Put the outcome of a call on record, and its effect with it."""
        more = (said.amount, said.on, in_brasilia(said.call_back_at), said.note or "", said.instalments)
        ended = await run_sync(tell_outcome, engine, by.who, call, said.outcome, _now(), *more)
        return as_json({"call": call, "case": ended.case, "outcome": said.outcome})

    @router.post("/calls/{call}/reassign", openapi_extra={"x-duty": reassign_call.duty})
    async def reassign(call: RowId, by: Admitted, said: Reassigning) -> Response:
        """Put a task into another person's hands."""
        await run_sync(reassign_call, engine, by.who, call, said.to, _now())
        return as_json({"call": call, "agent": said.to})

    @router.post("/calls/queues", openapi_extra={"x-duty": set_queues.duty})
    async def arrange(by: Admitted, said: Queueing) -> Response:
        """Say on which queues somebody works."""
        await run_sync(set_queues, engine, by.who, said.agent, said.queues)
        return as_json({"agent": said.agent, "queues": said.queues})

    def asked(form: CaseForm) -> Callable[..., Awaitable[Response]]:
        async def act(case: str, by: Admitted, said: Asking) -> Response:
            await run_sync(form.do, engine, by.who, case, said, _now())
            return as_json({"case": case, "done": form.what.duty})

        act.__annotations__["said"] = form.body
        return act

    told_here = {route.path for route in router.routes if isinstance(route, ApiRoute)}
    for form in FORMS:
        if f"/api/cases/{{case}}/{form.path}" not in told_here:
            does(form.what, form.path, summary=form.what.duty)(asked(form))

    @reads("cohort", "/cohorts")
    async def show_cohorts(state: State | None = None, after: str | None = None) -> Response:
        """The cohorts, in pages: `after` is the last one of the page before."""
        asked = Page(ROWS, cursor(after or ""))
        return await run_sync(show, lambda c: {"cohorts": list(list_cohorts(c, state, asked))})

    @reads("cohort", "/cohorts/{name}/map")
    async def show_map(name: str) -> Response:
        """The cases by cell, status and arm, with their money, and those started and sent in the last minute."""
        return await run_sync(show, lambda c: cohort_now(c, name))

    def asked_of_all(form: CohortForm) -> Callable[..., Awaitable[Response]]:
        async def act(name: str, by: Admitted, said: Asking) -> Response:
            await run_sync(form.do, engine, by.who, name, said, _now())
            return as_json({"cohort": name, "done": form.what.duty})

        act.__annotations__["said"] = form.body
        return act

    for each in COHORT_FORMS:
        duty = each.what.duty
        router.post(f"/cohorts/{{name}}/{each.path}", openapi_extra={"x-duty": duty}, summary=duty)(asked_of_all(each))

    @reads("home", "/openapi.json")
    async def describe(request: Request) -> Response:
        """The description of this API, for who writes a program against it."""
        described = request.app.openapi()
        ours = {path: methods for path, methods in described["paths"].items() if path.startswith("/api/")}
        return as_json({**described, "paths": ours})

    @reads("status", "/status")
    async def show_status() -> Response:
        """Everything that is overdue, missing, stuck, owed, kept aside or failing."""
        return as_json(told(await read_status(engine, temporal)))

    def show(file: Callable[[Connection], object]) -> Response:
        with engine.connect() as connection:
            return as_json(file(connection))

    return router


def as_json(said: object) -> Response:
    return Response(json.dumps(said, default=plain, ensure_ascii=False), media_type="application/json")


def _now() -> datetime:
    return datetime.now(UTC)
