"""The pages of the call centre: one task at a time, with what to say at the top and what came of it below."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict
from datetime import UTC, date, datetime
from typing import Any

from anyio.to_thread import run_sync
from fastapi import Request, Response
from sqlalchemy import Engine, select

from models.collections.outcome import RULES, Outcome
from models.collections.queue import Queue
from models.errors import Refusal
from models.roles import DUTIES, SignInAnew
from models.taxid import formatted
from models.words import CHANNELS, OUTCOMES, QUEUES, SPARED, TASKS
from operations.calls import confirm_party, reassign_call, receive_visit, set_queues, take_next, tell_outcome
from storage.collections.calls import under_way
from storage.collections.queue import NoTask, in_hand
from storage.read_models.call_centre import call_centre
from storage.read_models.call_page import CallPage, read_call_page
from storage.schema import agent_queues
from web.console.audit import day_of
from web.console.bodies import Ending, Queueing, Reassigning, in_brasilia
from web.console.door import Admitted, RowId, Visitor
from web.console.forms import WrongForm, read_form
from web.console.pages import Pages, page, see_other

CALLS = "/console/calls"

BEFORE = [outcome for outcome, rule in RULES.items() if not rule.right_party and outcome is not Outcome.DONE]
"""The outcomes of a call in which nothing of the debt was said."""
AFTER = [outcome for outcome, rule in RULES.items() if rule.right_party]
PLAIN = [outcome for outcome in AFTER if outcome is not Outcome.PROMISE]

ALL_DAYS: Mapping[str, date | None] = {"since": None, "until": None}

WORDS = {"outcomes": OUTCOMES, "queues": QUEUES, "tasks": TASKS, "channels": CHANNELS, "limits": SPARED}


def call_routes(engine: Engine) -> Pages:
    pages = Pages(engine)

    def read(by: Visitor, call: int) -> CallPage:
        with engine.connect() as connection:
            now = datetime.now(UTC)
            return read_call_page(connection, under_way(connection, call, by.actor.name, now), now)

    def shown(request: Request, by: Visitor, call: int, status: int = 200, **more: Any) -> Response:
        told = read(by, call)
        values = {"wrong": {}, "given": {}, "refusal": "", "before": BEFORE, "after": PLAIN, **WORDS, **more}
        return page(request, "call", status, told=told, **values)

    @pages.reads("call centre", "/calls")
    async def centre(request: Request, by: Admitted, since: str = "", until: str = "") -> Response:
        asked = {"since": day_of(since), "until": day_of(until)}
        return await run_sync(lambda: centre_page(request, by, asked=asked))

    def centre_page(
        request: Request, by: Visitor, status: int = 200, asked: Mapping[str, date | None] = ALL_DAYS, **more: Any
    ) -> Response:
        now = datetime.now(UTC)
        with engine.connect() as connection:
            told = call_centre(connection, now, asked["since"], asked["until"])
            mine = in_hand(connection, by.actor.name, now)
            given = connection.execute(select(agent_queues).order_by(agent_queues.c.agent)).all()
        role = by.actor.role
        leads, calls = role in DUTIES[set_queues.duty], role in DUTIES[take_next.duty]
        values = {"refusal": "", "no_task": None, "asked": asked, **WORDS, **more}
        return page(request, "calls", status, told=told, mine=mine, given=given, leads=leads, calls=calls, **values)

    @pages.does(take_next, "/calls/next")
    async def next_one(request: Request, by: Admitted) -> Response:
        taken = await run_sync(take_next, engine, by.who, datetime.now(UTC))
        if isinstance(taken, NoTask):
            return await run_sync(lambda: centre_page(request, by, no_task=taken))
        return see_other(f"{CALLS}/{taken.call}")

    @pages.does(receive_visit, "/cases/{case}/visit")
    async def visit(by: Admitted, case: str) -> Response:
        taken = await run_sync(receive_visit, engine, by.who, case, datetime.now(UTC))
        return see_other(f"{CALLS}/{taken.call}")

    @pages.reads("calls", "/calls/{call}")
    async def show(request: Request, by: Admitted, call: RowId) -> Response:
        try:
            return await run_sync(shown, request, by, call)
        except Refusal:
            return see_other(CALLS)

    @pages.does(confirm_party, "/calls/{call}/confirm")
    async def confirm(by: Admitted, call: RowId) -> Response:
        await run_sync(confirm_party, engine, by.who, call, datetime.now(UTC))
        return see_other(f"{CALLS}/{call}#dizer")

    @pages.does(tell_outcome, "/calls/{call}/outcome", Ending)
    async def outcome(request: Request, by: Admitted, call: RowId) -> Response:
        given: dict[str, Any] = {}
        try:
            said = await read_form(request, Ending)
            given = said.model_dump(mode="json")
            more = (said.amount, said.on, in_brasilia(said.call_back_at), said.note or "", said.instalments)
            await run_sync(tell_outcome, engine, by.who, call, said.outcome, datetime.now(UTC), *more)
        except SignInAnew:
            raise
        except WrongForm as wrong:
            faulty = {"wrong": wrong.errors, "given": wrong.given}
            return await run_sync(lambda: shown(request, by, call, 422, **faulty))
        except Refusal as refusal:
            refused = {"refusal": str(refusal), "given": given}
            return await run_sync(lambda: shown(request, by, call, 409, **refused))
        return see_other(CALLS)

    @pages.does(reassign_call, "/calls/{call}/reassign", Reassigning)
    async def reassign(request: Request, by: Admitted, call: RowId) -> Response:
        try:
            said = await read_form(request, Reassigning)
            await run_sync(reassign_call, engine, by.who, call, said.to, datetime.now(UTC))
        except (WrongForm, Refusal) as refused:
            said_so = str(refused)
            return await run_sync(lambda: centre_page(request, by, 409, refusal=said_so))
        return see_other(CALLS)

    @pages.does(set_queues, "/calls/queues", Queueing)
    async def queues(request: Request, by: Admitted) -> Response:
        try:
            said = await read_form(request, Queueing)
            await run_sync(set_queues, engine, by.who, said.agent, [Queue(each) for each in said.queues])
        except (WrongForm, Refusal) as refused:
            said_so = str(refused)
            return await run_sync(lambda: centre_page(request, by, 422, refusal=said_so))
        return see_other(CALLS)

    return pages


def told_as_data(told: CallPage) -> dict[str, Any]:
    """The page of a call as the staff API tells it: of the debt nothing before the taxpayer was confirmed to speak."""
    said = {"call": asdict(told.call), "what": told.what, "name": told.name, "phone": told.phone, "today": told.today}
    if not told.call.confirmed:
        return said
    more = {"owed": told.owed, "least_promised": told.least, "last_day": told.last_day, "case": told.file}
    return said | {"tax_id": formatted(told.tax_id), **more}
