"""The pages of cohorts: the list of them; of each its map as it is now, its cases, its report and its acts."""

from __future__ import annotations

import io
import zipfile
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass
from datetime import UTC, date, datetime
from decimal import Decimal
from functools import partial
from typing import Annotated, Any
from urllib.parse import urlencode

from anyio.to_thread import run_sync
from fastapi import Query, Request, Response
from sqlalchemy import Engine

from models.case.cohort_state import State
from models.money.prices import ChannelCost
from models.words import ARMS, CHANNELS, COHORT_STATES, STAGES, STATUSES
from storage.case.cohorts import Cohort, read_cohort
from storage.contact.costs import spent_by_channel, spent_of_budget
from storage.paging import Page
from storage.read_models.cohort_map import (
    COHORT_ORDERS,
    ORDERS,
    CohortNow,
    cohort_now,
    list_cohort_cases,
    list_cohorts,
)
from web.console.act_form import NotDone, do
from web.console.cohort_forms import BY_PATH, FORMS, CohortForm
from web.console.door import Admitted, Visitor
from web.console.lists import ROWS, Row, Waits, csv_of, paged
from web.console.pages import HEADERS, Pages, page, see_other
from web.webhooks.webhook import Refused

WORDS: dict[str, Any] = {
    "statuses": STATUSES,
    "stages": STAGES,
    "channels": CHANNELS,
    "states": COHORT_STATES,
    "arms": ARMS,
}

KEYS = {
    "tax": "tributo", "min_amount": "devido a partir de R$", "max_amount": "devido até R$", "uf": "UF",
    "municipality": "município", "postcode": "CEP", "due_from": "vencido desde", "due_until": "vencido até",
    "min_age": "dias de atraso, pelo menos", "max_age": "dias de atraso, no máximo",
    "registered_from": "inscrito desde", "registered_until": "inscrito até", "litigation": "em juízo",
    "protested": "protestado", "person": "pessoa", "reach": "alcançável por", "benefits": "com benefício",
    "broken_agreements": "parcelamentos rompidos, pelo menos", "habits": "hábito", "paid_after": "pagou depois de",
    "opened": "leu por", "answered": "respondeu por", "active": "ativo de", "top_share": "maiores pagadores",
    "only": "só os da lista", "exclude": "menos os da lista",
}  # fmt: skip
"""The keys of a selection, in words."""

Word = Annotated[str, Query(max_length=100, pattern=r"^[\w. -]*$")]
"""A filter of a list; empty: none."""


@dataclass(frozen=True)
class ToldCohort:
    """A cohort as its page tells it."""

    cohort: Cohort
    now: CohortNow
    today: date
    spent: Decimal

    @property
    def open_in_words(self) -> str:
        return "1 caso aberto" if self.now["open"] == 1 else f"{self.now['open']:,} casos abertos".replace(",", ".")

    @property
    def selection(self) -> list[tuple[str, str]]:
        """Whom it takes in, naming nobody."""
        return [(KEYS[key.replace("-", "_")], value) for key, value in self.cohort.selection.told.items()]


def cohort_routes(engine: Engine) -> Pages:
    pages = Pages(engine)

    def read(name: str) -> ToldCohort:
        with engine.connect() as connection:
            known = read_cohort(connection, name)
            today, spent = known.clock.day_at(datetime.now(UTC)), spent_of_budget(connection, name)
            return ToldCohort(known, cohort_now(connection, name), today, spent)

    def shown(request: Request, by: Visitor, name: str, status: int = 200, **more: Any) -> Response:
        told = read(name)
        offered = [form for form in FORMS if form.is_open_to(by) and form.fits(told.cohort, told.now)]
        values = {"told": told, "forms": offered, "done": None, "wrong": None, **more}
        return page(request, "cohort", status, **WORDS, **values)

    @pages.reads("cohort", "/cohorts")
    async def index(request: Request, state: Word = "", sort: Word = "", after: str = "", format: str = "") -> Response:
        must_be_known(state, (*State, ""))
        must_be_known(sort, (*COHORT_ORDERS, ""))
        rows = partial(listed, state or None, sort or "started")
        if format == "csv":
            return csv_of(COHORTS, "grupos", await run_sync(rows, Page()))
        found = paged(COHORTS, await run_sync(rows, Page(ROWS + 1, cursor(after))))
        return page(request, "cohorts", state=state, sort=sort, **WORDS, **found)

    def listed(state: str | None, order: str, asked: Page) -> list[Row]:
        with engine.connect() as connection:
            return list(list_cohorts(connection, state, asked, order))

    @pages.reads("cohort", "/cohorts/{name}")
    async def show(request: Request, by: Admitted, name: str, done: str = "") -> Response:
        return await run_sync(lambda: shown(request, by, name, done=BY_PATH.get(done)))

    @pages.reads("cohort", "/cohorts/{name}/now")
    async def now(request: Request, name: str) -> Response:
        return page(request, "cohort_now", told=await run_sync(read, name), **WORDS)

    @pages.reads("cohort", "/cohorts/{name}/costs")
    async def costs(request: Request, name: str) -> Response:
        return page(request, "cohort_costs", cohort=name, costs=await run_sync(costs_of, name), **WORDS)

    def costs_of(name: str) -> list[ChannelCost]:
        with engine.connect() as connection:
            return spent_by_channel(connection, name)

    @pages.reads("cohort", "/cohorts/{name}/cases")
    async def cases(
        request: Request,
        name: str,
        status: Word = "",
        arm: Word = "",
        ruler: Word = "",
        row: Word = "",
        rung: Annotated[int | None, Query(ge=-1, le=100)] = None,
        sort: Word = "",
        after: str = "",
        format: str = "",
    ) -> Response:
        must_be_known(sort, (*ORDERS, ""))
        given = {"status": status, "arm": arm, "ruler": ruler, "row": row, "rung": rung}
        asked = {key: value for key, value in given.items() if value not in ("", None)}
        rows = partial(cases_of, name, asked, sort or "opened")
        if format == "csv":
            return csv_of(CASES, f"{name}-casos", await run_sync(rows, Page()))
        found = paged(CASES, await run_sync(rows, Page(ROWS + 1, cursor(after))))
        kept = urlencode({**asked, **({"sort": sort} if sort else {})})
        values = {"cohort": name, "asked": given, "sort": sort, "kept": kept, **found}
        return page(request, "cohort_cases", **WORDS, **values)

    def cases_of(name: str, asked: Mapping[str, object], order: str, wanted: Page) -> list[Row]:
        with engine.connect() as connection:
            return list(list_cohort_cases(connection, name, asked, wanted, order))

    @pages.reads("cohort", "/cohorts/{name}/report")
    async def report(name: str, format: str = "") -> Response:
        if format == "csv":
            named = {**HEADERS, "Content-Disposition": f'attachment; filename="report-{name}.zip"'}
            return Response(await run_sync(sheets_of, engine, name), media_type="application/zip", headers=named)
        return Response(await run_sync(report_of, engine, name), media_type="text/html")

    def sent(form: CohortForm) -> Callable[..., Awaitable[Response]]:
        async def act(request: Request, by: Admitted, name: str) -> Response:
            try:
                await do(engine, form, request, by, name)
            except NotDone as refused:
                wrong = refused.wrong
                return await run_sync(lambda: shown(request, by, name, wrong.status, wrong=wrong))
            return see_other(f"/console/cohorts/{name}?done={form.path}")

        return act

    for form in FORMS:
        pages.does(form.what, f"/cohorts/{{name}}/{form.path}", form.body)(sent(form))
    return pages


COHORTS = Waits(
    "Grupos",
    "",
    lambda connection, page: [],
    {
        "Grupo": lambda row: row["cohort"],
        "Régua": lambda row: row["ruler"],
        "Situação": lambda row: COHORT_STATES[row["state"]] + (", ensaio" if row["rehearsal"] else ""),
        "Casos abertos": lambda row: row["open"],
        "de": lambda row: row["cases"],
        "Devido na abertura": lambda row: row["owed"],
        "Iniciado por": lambda row: row["started_by"],
        "Em": lambda row: row["started_at"],
    },
    "cohort",
)

CASES = Waits(
    "Casos",
    "",
    lambda connection, page: [],
    {
        "Caso": lambda row: row["case"],
        "Contribuinte": lambda row: row["tax_id"],
        "Tributo": lambda row: row["tax"],
        "Situação": lambda row: STATUSES[row["status"]],
        "Hipótese": lambda row: row["hypothesis"] and row["hypothesis"].upper(),
        "Devido na abertura": lambda row: row["owed"],
        "Aberto em": lambda row: row["opened_on"],
        "Próximo passo em": lambda row: row["next_on"],
    },
)


def must_be_known(word: str, known: tuple[str, ...]) -> None:
    if word not in known:
        raise Refused(404, "there is no such list")


def cursor(after: str) -> str | None:
    if "\0" in after:
        raise Refused(404, "there is no such place in the list")
    return after or None


def report_of(engine: Engine, name: str) -> str:
    # statistics take seconds to load
    from reports.cohort import page as drawn
    from storage.proof.results import read_results

    return drawn(read_results(engine, name))


def sheets_of(engine: Engine, name: str) -> bytes:
    """The report's tables, each a CSV file, in one ZIP."""
    from reports.cohort import as_csv, tables
    from storage.proof.results import read_results

    packed = io.BytesIO()
    with zipfile.ZipFile(packed, "w", zipfile.ZIP_DEFLATED) as archive:
        for table, rows in tables(read_results(engine, name)).items():
            archive.writestr(f"{table}.csv", as_csv(rows))
    return packed.getvalue()
