"""The page on which a suspension is approved or rejected: exactly what is shown, then the next one."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime
from typing import Any

from anyio.to_thread import run_sync
from fastapi import Request, Response
from sqlalchemy import Connection, Engine

from models.case.status import Status
from models.errors import Refusal
from models.roles import DUTIES, SignInAnew, must_be_fresh
from models.words import CHANNELS
from operations.cases import Acted, approve_suspension, must_be_other_eyes, reject_suspension
from reports.chronology import TITLES
from reports.record import PROVIDERS
from storage.case.cases import read_case
from storage.read_models.approval_file import approval_file, next_to_approve
from web.console.bodies import Judging
from web.console.case import Connect
from web.console.door import Admitted, Visitor
from web.console.forms import WrongForm, read_form
from web.console.pages import Pages, page, see_other
from workflows.start import status_after

Judge = Callable[[Judging], Acted]

WORDS = {"titles": TITLES, "providers": PROVIDERS, "channels": CHANNELS}

QUEUE = f"/console/waiting/{Status.AWAITING_APPROVAL}"


def approval_routes(engine: Engine, temporal: Connect) -> Pages:
    pages = Pages(engine)

    def shown(request: Request, by: Visitor, case: str, status: int = 200, **more: Any) -> Response:
        with engine.connect() as connection:
            file = approval_file(connection, case, datetime.now(UTC))
            conflict = conflict_of(connection, case, by) if file else None
        values = {"error": "", "refusal": "", "reason": "", "decided": "", **WORDS, **more}
        judges = by.actor.role in DUTIES[approve_suspension.duty]
        return page(
            request, "approval", status, case=case, file=file, conflict=conflict, judges=judges, stale=is_stale(by),
            queue=QUEUE, **values,
        )  # fmt: skip

    @pages.reads("approvals", "/approvals/{case}")
    async def show(request: Request, by: Admitted, case: str, decided: str = "") -> Response:
        return await run_sync(lambda: shown(request, by, case, decided=decided))

    async def judged(request: Request, by: Visitor, case: str, word: str, judge: Judge) -> Response:
        """Judge what was shown; then the next one, or the queue where none is left."""
        reason = ""
        try:
            said = await read_form(request, Judging)
            reason = said.reason
            done = await run_sync(judge, said)
        except WrongForm:
            return await run_sync(lambda: shown(request, by, case, 422, error="diga por quê"))
        except SignInAnew:
            raise
        except Refusal as refusal:
            told = {"refusal": str(refusal), "reason": reason}
            return await run_sync(lambda: shown(request, by, case, 409, **told))
        await status_after(temporal, done.case, done.act)
        further = await run_sync(following, by, case)
        return see_other(f"/console/approvals/{further}?decided={word}" if further else QUEUE)

    @pages.does(approve_suspension, "/approvals/{case}/approve", Judging)
    async def approve(request: Request, by: Admitted, case: str) -> Response:
        def judge(said: Judging) -> Acted:
            return approve_suspension(engine, by.who, case, said.seen, said.reason, datetime.now(UTC))

        return await judged(request, by, case, "approved", judge)

    @pages.does(reject_suspension, "/approvals/{case}/reject", Judging)
    async def reject(request: Request, by: Admitted, case: str) -> Response:
        def judge(said: Judging) -> Acted:
            return reject_suspension(engine, by.who, case, said.reason, datetime.now(UTC), said.seen)

        return await judged(request, by, case, "rejected", judge)

    def following(by: Visitor, case: str) -> str | None:
        with engine.connect() as connection:
            return next_to_approve(connection, by.actor.name, case)

    return pages


def conflict_of(connection: Connection, case: str, by: Visitor) -> str | None:
    """The reason why who looks may not approve this suspension, before anything is tried; None: there is none."""
    record = read_case(connection, case)
    try:
        must_be_other_eyes(connection, record, record.state, by.actor.name)
    except Refusal as refusal:
        return str(refusal)
    return None


def is_stale(by: Visitor) -> bool:
    """Whether who looks has to sign in again to approve."""
    try:
        must_be_fresh(approve_suspension.duty, by.actor, datetime.now(UTC))
    except SignInAnew:
        return True
    return False
