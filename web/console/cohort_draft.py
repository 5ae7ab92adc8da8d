"""The pages on which a cohort is prepared: a draft with live counts, the check of it, and its start."""

from __future__ import annotations

import os
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime
from decimal import Decimal
from typing import Any

import structlog
from anyio.to_thread import run_sync
from fastapi import Request, Response
from pydantic import Field
from sqlalchemy import Engine
from temporalio.exceptions import TemporalError
from temporalio.service import RPCError

from channels.providers import providers_in
from models.case.nobody import Lack, Missed, in_words
from models.errors import Refusal
from models.words import ARMS, CHANNELS, GROUNDS, STAGES
from operations.catalogue import in_force
from operations.cohort_drafts import FaultyDraft, Plan, ask_check, drop_draft, planned, save_draft
from operations.cohorts import begin_cohort, must_be_verified
from operations.rulers import glance
from storage.case.cohort_drafts import Draft, end_draft, list_drafts, read_draft
from storage.case.nobody import why_nobody
from storage.case.selection import counts_by_key, must_be_unheard
from storage.catalogue import RULERS
from storage.schema import cohorts
from web.background.draft_checks import day_seconds
from web.console.bodies import Asking
from web.console.case import Connect
from web.console.cohort import KEYS
from web.console.door import Admitted, RowId, Visitor
from web.console.forms import WrongForm, read_form
from web.console.pages import Pages, page, see_other
from web.console.refusals import refusal_in_words
from web.webhooks.webhook import Refused
from workflows.effects import STARTS_A_SECOND
from workflows.intakes import start_cohort

log = structlog.get_logger()

ASKED_ABOVE = 500
"""Cases from which on the name is typed to start."""

WORDS: dict[str, Any] = {
    "arms": ARMS,
    "stages": STAGES,
    "channels": CHANNELS,
    "grounds": GROUNDS,
    "keys": KEYS,
    "kinds": {"email": "e-mail", "phone": "telefone", "messenger": "Messenger", "address": "endereço postal"},
    "asked_above": ASKED_ABOVE,
}

NOBODY: Mapping[Lack, str] = {
    Lack.RECORD: "não há débito nem declaração no registro; importe o extrato (taxpayers import)",
    Lack.TAX: "nada no registro é de {taxes}; há {what}",
    Lack.DEBTS: "{cases} contribuintes declaram tributo sem débito no registro; importe o extrato (taxpayers import)",
    Lack.OPEN: "nada de {taxes} está em aberto; importe um extrato mais novo (taxpayers import)",
    Lack.KEY: "ninguém atende a “{what}”; sem isso seriam {cases}",
    Lack.ELSEWHERE: "{cases} já têm caso aberto no grupo {what}; espere que terminem, ou encerre esse grupo",
    Lack.DUE: "de {cases} nada está vencido ainda; inicie quando estiver",
    Lack.RETURNS: "de {cases} não há declaração dos períodos devidos, e {ruler} segue as declarações; importe-as"
    " (filings import)",
    Lack.AMOUNT: "{cases} devem menos do que {ruler} cobra, {least}",
    Lack.EVIDENCE: "{cases} não têm em aberto nada do que {ruler} cobra",
}
"""The reasons for which nobody would be taken in, and what to do."""

Written = Field(default="", max_length=2000, pattern=r"^[^\x00]*$")


class Drafting(Asking):
    """A draft as its form sends it; what isn't sent is blank."""

    name: str = Written
    ruler: str = Written
    tax: str = Written
    uf: str = Written
    municipality: str = Written
    min_amount: str = Written
    max_amount: str = Written
    min_age: str = Written
    max_age: str = Written
    due_from: str = Written
    due_until: str = Written
    person: str = Written
    reach: str = Written
    litigation: str = Written
    protested: str = Written
    benefits: str = Written
    select: str = Written
    control: str = Written
    rival: str = Written
    reads_on: str = Written
    budget: str = Written
    rehearsal: str = Written
    contacted_too: str = Written


class Starting(Asking):
    confirm: str = Written


@dataclass(frozen=True)
class Concern:
    """A thing to know before a cohort starts; what `blocks` has to be mended first."""

    words: str
    """In pt-BR; what is in English is marked so."""
    blocks: bool = False


def draft_routes(engine: Engine, temporal: Connect) -> Pages:
    pages = Pages(engine)

    def read(draft: int) -> Draft:
        try:
            with engine.connect() as connection:
                return read_draft(connection, draft)
        except Refusal as refusal:
            raise Refused(404, str(refusal)) from None

    def plan_of(draft: Draft) -> tuple[Plan | None, Mapping[str, str]]:
        """The plan, or what is wrong at each field."""
        try:
            return planned(draft["fields"], in_force(engine), day_seconds(), datetime.now(UTC), glance), {}
        except FaultyDraft as faulty:
            return None, faulty.errors

    def counted(plan: Plan | None) -> dict[str, int]:
        if plan is None:
            return {}
        with engine.connect() as connection:
            return counts_by_key(connection, plan.bundle.ruler, plan.selection, plan.clock.origin_day)

    def shown(request: Request, draft: int) -> Response:
        found = read(draft)
        plan, errors = plan_of(found)
        told = {key: words for key, words in errors.items() if found["fields"].get(key) or key == "select"}
        values: dict[str, Any] = {"draft": found, "plan": plan, "errors": told, "counts": counted(plan)}
        options = [(name, name) for name in RULERS.names(in_force(engine))]
        return page(request, "draft", ruler_options=options, **values, **WORDS)

    @pages.reads("drafts", "/drafts")
    async def index(request: Request) -> Response:
        return page(request, "drafts", drafts=await run_sync(all_drafts))

    def all_drafts() -> list[Draft]:
        with engine.connect() as connection:
            return list_drafts(connection)

    @pages.does(save_draft, "/drafts", Drafting)
    async def make(request: Request, by: Admitted) -> Response:
        said = await written(request)
        return see_other(f"/console/drafts/{await run_sync(save_draft, engine, by.who, None, said)}")

    @pages.reads("drafts", "/drafts/{draft}")
    async def show(request: Request, draft: RowId) -> Response:
        return await run_sync(shown, request, draft)

    @pages.does(save_draft, "/drafts/{draft}", Drafting)
    async def save(request: Request, by: Admitted, draft: RowId) -> Response:
        await run_sync(save_draft, engine, by.who, draft, await written(request))
        return see_other(f"/console/drafts/{draft}")

    @pages.does(ask_check, "/drafts/{draft}/check", Drafting)
    async def check(request: Request, by: Admitted, draft: RowId) -> Response:
        """Keep what the form says, and have it checked where it describes a cohort."""
        if said := await written(request):
            await run_sync(save_draft, engine, by.who, draft, said)
        plan, _ = await run_sync(lambda: plan_of(read(draft)))
        if plan is None:
            return see_other(f"/console/drafts/{draft}")
        await run_sync(ask_check, engine, by.who, draft)
        return see_other(f"/console/drafts/{draft}/check")

    def checked(request: Request, template: str, draft: int, status: int = 200, **more: Any) -> Response:
        found = read(draft)
        plan, _ = plan_of(found)
        told = concerns(plan, found["found"]) if plan and found["found"] else []
        values = {"draft": found, "plan": plan, "concerns": told, "error": "", "refusal": "", **more}
        return page(request, template, status, **values, **WORDS)

    @pages.reads("drafts", "/drafts/{draft}/check")
    async def show_check(request: Request, draft: RowId) -> Response:
        return await run_sync(lambda: checked(request, "check", draft))

    @pages.reads("drafts", "/drafts/{draft}/check/now")
    async def show_progress(request: Request, draft: RowId) -> Response:
        return await run_sync(lambda: checked(request, "check_now", draft))

    def missed(plan: Plan) -> tuple[Missed, ...]:
        return why_nobody(engine, plan.bundle.ruler, plan.selection, plan.clock.origin_day, plan.name)

    def concerns(plan: Plan, found: Mapping[str, Any]) -> list[Concern]:
        taken_in = found["would_start"] + found["would_be_on_hold"]
        told: list[Concern] = []
        with engine.connect() as connection:
            if not taken_in:
                told.append(Concern(f"Ninguém seria alcançado: {nobody_in_words(plan, missed(plan))}.", blocks=True))
            if connection.execute(cohorts.select().where(cohorts.c.name == plan.name)).first():
                told.append(Concern("Já há um grupo com este nome: escolha outro.", blocks=True))
            if plan.control and not plan.contacted_too:
                try:
                    asked = (plan.bundle.ruler, plan.selection, plan.name, plan.clock.origin_day)
                    must_be_unheard(connection, *asked)
                except Refusal as refusal:
                    told.append(Concern(refusal_in_words(str(refusal)), blocks=True))
        for bundle in (plan.bundle, *(rival.bundle for rival in plan.rivals)):
            try:
                must_be_verified(bundle, plan.clock, plan.rehearsal, providers_in(os.environ))
            except Refusal as refusal:
                told.append(Concern(refusal_in_words(str(refusal)), blocks=True))
        return [*told, *warnings(plan, found)]

    @pages.does(begin_cohort, "/drafts/{draft}/start", Starting)
    async def start(request: Request, by: Admitted, draft: RowId) -> Response:
        try:
            said = await read_form(request, Starting)
            name = await run_sync(started, by, draft, said.confirm.strip())
        except WrongForm as error:
            words = error.errors.get("confirm", "")
            return await run_sync(lambda: checked(request, "check", draft, 422, error=words))
        except Refusal as refusal:
            words = str(refusal)
            return await run_sync(lambda: checked(request, "check", draft, 409, refusal=words))
        plan_label = name[1]
        try:
            await start_cohort(await temporal(), name[0], plan_label)
        except (TemporalError, RPCError, RuntimeError, Refusal) as error:
            log.warning("the intake on record is started later", reason=type(error).__name__)
        return see_other(f"/console/cohorts/{name[0]}")

    def started(by: Visitor, draft: int, confirm: str) -> tuple[str, str]:
        """Put the cohort of a draft on record; its name and its ruler's label."""
        found = read(draft)
        plan = planned(found["fields"], in_force(engine), day_seconds(), datetime.now(UTC))
        if found["found"] is None:
            raise Refusal("the draft has changed since it was checked, or never was; check it first")
        if any(concern.blocks for concern in concerns(plan, found["found"])):
            raise Refusal("something stands against starting it; see above")
        if found["found"]["would_start"] + found["found"]["would_be_on_hold"] > ASKED_ABOVE and confirm != plan.name:
            raise WrongForm({"confirm": f"escreva {plan.name}"}, {})
        begin_cohort(
            engine, by.who, plan.name, plan.bundle, plan.selection, plan.clock, plan.budget, plan.rehearsal,
            plan.control, plan.rivals, STARTS_A_SECOND, plan.reads_on, plan.contacted_too, providers_in(os.environ),
        )  # fmt: skip
        with engine.begin() as connection:
            end_draft(connection, draft, plan.name)
        return plan.name, plan.bundle.ruler.label

    @pages.does(drop_draft, "/drafts/{draft}/drop")
    async def drop(by: Admitted, draft: RowId) -> Response:
        await run_sync(drop_draft, engine, by.who, draft)
        return see_other("/console/drafts")

    return pages


async def written(request: Request) -> dict[str, str]:
    """The fields that are not blank."""
    try:
        said = await read_form(request, Drafting)
    except WrongForm as error:
        raise Refused(422, ", ".join(error.errors)) from None
    return {name: value for name, value in said.model_dump().items() if value}


def nobody_in_words(plan: Plan, missed: Sequence[Missed]) -> str:
    ruler = plan.bundle.ruler
    taxes = plan.selection.tax or " ou ".join(ruler.taxes) or "nenhum tributo"
    keys = {key: f"{KEYS[key.replace('-', '_')]}: {value}" for key, value in plan.selection.told.items()}
    return in_words(missed, NOBODY, ruler, taxes, keys)


def warnings(plan: Plan, found: Mapping[str, Any]) -> list[Concern]:
    """The things to know that the dry run found."""
    told = []
    taken_in = found["would_start"] + found["would_be_on_hold"]
    if found["unreachable"]:
        share = round(100 * found["unreachable"] / taken_in)
        told.append(Concern(f"{found['unreachable']} casos ({share} %) não têm nenhum endereço no registro."))
    if not found["costs"]["within_budget"]:
        told.append(Concern("O orçamento não paga a régua inteira: o grupo pararia antes do fim."))
    if plan.budget is None and Decimal(found["costs"]["whole_ladder"]):
        told.append(Concern("Sem orçamento: nada limita o que as mensagens podem custar."))
    if alone := found["declared_without_debt"]:
        told.append(Concern(f"{alone} contribuintes têm declarações de antes do vencimento: importe-as de novo."))
    if left := sum(found["left_to_people"].values()):
        told.append(Concern(f"{left} períodos ficam fora dos limites de devedor contumaz, a julgar por pessoas."))
    if not plan.rehearsal and not providers_in(os.environ):
        told.append(Concern("Nenhum provedor configurado: as mensagens viram arquivos."))
    if date.fromisoformat(found["today"]) != plan.clock.origin_day:
        told.append(Concern("A conferência é de outro dia: confira de novo para ver como está agora."))
    told.append(Concern("Quem inicia o grupo não aprova suspensões dele (quatro olhos)."))
    return told
