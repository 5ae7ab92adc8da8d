"""The page of a case: what comes next and why, what stops it, what is owed, and all that may be done to it."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from decimal import Decimal
from typing import Any

from anyio.to_thread import run_sync
from fastapi import Request, Response
from sqlalchemy import Engine
from temporalio.client import Client

from models.case.blocks import Situation
from models.roles import DUTIES
from models.words import (
    AGREEMENT_STATES,
    CHANNELS,
    GROUNDS,
    INTENTS,
    PRIOR_STEPS,
    PROMISE_STATES,
    REQUESTS,
    STAGES,
    STATUSES,
)
from operations.calls import receive_visit
from operations.cases import Acted, reveal_case
from reports.document import Document, Entry, Section
from reports.document_html import html
from reports.document_pdf import pdf
from reports.explanation import explain
from reports.record import NOTICE_STATES
from storage.case.cases import read_case
from storage.read_models.case_file import case_file
from storage.read_models.case_parts import CaseFile
from storage.read_models.dossier import read_dossier
from web.console.act_form import NotDone, Wrong, do
from web.console.bodies import Reasoning
from web.console.case_forms import BY_PATH, FORMS, CaseForm
from web.console.door import Admitted, Visitor
from web.console.forms import WrongForm, read_form
from web.console.pages import Pages, page, see_other
from workflows.start import status_after

Connect = Callable[[], Awaitable[Client]]

ACTIONS = {
    "notify": "enviar a próxima mensagem",
    "ask_approval": "pedir aprovação da suspensão",
    "suspend": "suspender os benefícios",
    "reinstate": "devolver os benefícios",
    "inform": "avisar que os benefícios foram devolvidos",
    "deem_served": "dar por feita a ciência tácita",
    "refer": "encaminhar a protesto e execução",
    "resolve": "encerrar o caso, regularizado",
    "end": "encerrar com a campanha",
    "cancel": "encerrar com o grupo",
    "wait": "olhar de novo",
}

WORDS = {
    "statuses": STATUSES,
    "stages": STAGES,
    "channels": CHANNELS,
    "grounds": GROUNDS,
    "intents": INTENTS,
    "notice_states": NOTICE_STATES,
    "prior_steps": PRIOR_STEPS,
    "requests": REQUESTS,
    "agreement_states": AGREEMENT_STATES,
    "promise_states": PROMISE_STATES,
    "actions": ACTIONS,
}


@dataclass(frozen=True)
class ToldCase:
    """A case as its page tells it."""

    file: CaseFile
    taxpayer: int
    situation: Situation
    document: Document

    @property
    def entries(self) -> list[Entry]:
        """The journal, the newest first."""
        return [block for block in reversed(self.section("chronology").blocks) if isinstance(block, Entry)]

    def section(self, key: str) -> Section:
        return next(section for section in self.document.sections if section.key == key)

    @property
    def owed(self) -> Decimal | None:
        """All that is owed today; none where that can't be told."""
        amounts = [debt["amount"] for debt in self.file["debts"]]
        return None if None in amounts else sum((amount for amount in amounts if amount), Decimal(0))


def case_routes(engine: Engine, temporal: Connect, ui: str | None) -> Pages:
    """The routes; `ui` is the address of the namespace's workflows in Temporal's Web UI."""
    pages = Pages(engine)

    def read(case: str, revealed: CaseFile | None = None) -> ToldCase:
        with engine.connect() as connection:
            record = read_case(connection, case)
            file = revealed or case_file(connection, case, reveal=False)
        document = explain(read_dossier(engine, case), reveal=revealed is not None)
        return ToldCase(file, record.taxpayer, record.situation, document)

    def shown(request: Request, by: Visitor, told: ToldCase, status: int = 200, **more: Any) -> Response:
        offered = [form for form in FORMS if form.is_open_to(by) and form.fits(told.situation, told.file)]
        visits = by.actor.role in DUTIES[receive_visit.duty] and not told.situation.state.closed
        values = {
            "visits": visits,
            "told": told,
            "case": told.file,
            "forms": offered,
            "ui": ui,
            "done": None,
            "wrong": None,
            **more,
        }
        return page(request, "case", status, **WORDS, **values)

    def refused(request: Request, by: Visitor, case: str, wrong: Wrong) -> Response:
        return shown(request, by, read(case), wrong.status, wrong=wrong)

    @pages.reads("case", "/cases/{case}")
    async def show(request: Request, by: Admitted, case: str, done: str = "") -> Response:
        told = await run_sync(read, case)
        return shown(request, by, told, done=BY_PATH.get(done))

    @pages.does(reveal_case, "/cases/{case}/reveal", Reasoning)
    async def reveal(request: Request, by: Admitted, case: str) -> Response:
        try:
            said = await read_form(request, Reasoning)
        except WrongForm as error:
            return await run_sync(refused, request, by, case, Wrong("reveal", error.errors, error.given))
        file = await run_sync(reveal_case, engine, by.who, case, said.reason)
        return shown(request, by, await run_sync(read, case, file))

    @pages.reads("case", "/cases/{case}/explanation")
    async def explained(case: str, format: str = "") -> Response:
        document = await run_sync(lambda: explain(read_dossier(engine, case), reveal=False))
        if format == "pdf":
            named = {"Content-Disposition": f'inline; filename="caso-{case}.pdf"'}
            return Response(await run_sync(pdf, document), media_type="application/pdf", headers=named)
        return Response(html(document), media_type="text/html")

    def sent(form: CaseForm) -> Callable[..., Awaitable[Response]]:
        async def act(request: Request, by: Admitted, case: str) -> Response:
            try:
                done = await do(engine, form, request, by, case)
            except NotDone as not_done:
                return await run_sync(refused, request, by, case, not_done.wrong)
            if isinstance(done, Acted):
                await status_after(temporal, done.case, done.act)
            return see_other(f"/console/cases/{case}?done={form.path}")

        return act

    for form in FORMS:
        pages.does(form.what, f"/cases/{{case}}/{form.path}", form.body)(sent(form))
    return pages
