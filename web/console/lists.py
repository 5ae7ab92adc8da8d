"""Lists of what waits for somebody, each row a link to where it is dealt with; as a page, in pages, and as CSV."""

from __future__ import annotations

import csv
import io
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from datetime import UTC, date, datetime
from decimal import Decimal
from typing import Annotated, Any, Literal
from urllib.parse import urlencode

from anyio.to_thread import run_sync
from fastapi import Query, Request, Response
from sqlalchemy import Connection, Engine

from models.case.status import Status
from models.words import CHANNELS, REQUESTS, STAGES, TASKS
from operations.tasks import finish_task
from storage.case.tasks import open_tasks
from storage.paging import Page
from storage.payments.matching import unmatched
from storage.payments.quarantine import list_quarantined
from storage.read_models.waiting import list_waiting, open_requests, unclear_replies
from web.console.door import Admitted, RowId
from web.console.pages import HEADERS, Pages, page, see_other
from web.webhooks.webhook import Refused

ROWS = 50

Row = Mapping[str, Any]
Read = Callable[[Connection, Page], Iterable[Row]]
Choose = Callable[[str, str, str], Read]
"""A list's reading by the cohort and the tax that are sought, each empty for all, and the order."""
Say = Callable[[Row], object]


@dataclass(frozen=True)
class Waits:
    """A kind of what waits: what it is called, where its rows come from, and what each shows."""

    title: str
    """The name of the list, in the plural."""
    hint: str
    """The thing to do about it, for people."""
    read: Read
    columns: Mapping[str, Say]
    key: str = "case"
    """The column by whose value the next page begins."""
    choose: Choose | None = None
    """None: the list has no filters."""

    def chosen(self, cohort: str, tax: str, order: str) -> Read:
        return self.choose(cohort, tax, order) if self.choose else self.read


def of_cases(title: str, hint: str, status: Status) -> Waits:
    return Waits(
        title,
        hint,
        lambda connection, page: list_waiting(connection, status, page),
        {
            "Caso": lambda row: row["case"],
            "Contribuinte": lambda row: row["tax_id"],
            "Tributo": lambda row: row["tax"],
            "Grupo": lambda row: row["cohort"],
            "Célula": lambda row: _cell(row),
            "Devido na abertura": lambda row: row["owed"],
            "Desde": lambda row: row["since"],
            "Motivo": lambda row: row["reason"],
        },
        choose=lambda cohort, tax, order: (
            lambda connection, page: list_waiting(connection, status, page, cohort, tax, order)
        ),
    )


SORTS = {"since": "há mais tempo", "owed": "devido, do maior", "cohort": "grupo"}


def _cell(row: Row) -> str:
    stage = STAGES.get(row["stage"], row["stage"])
    return " ".join(filter(None, (row["hypothesis"] and str(row["hypothesis"]).upper(), stage)))


LISTS: Mapping[str, Waits] = {
    Status.AWAITING_APPROVAL: of_cases(
        "Suspensões a aprovar", "Confira o que mudou e decida, uma por uma.", Status.AWAITING_APPROVAL
    ),
    Status.AWAITING_PRIOR_STEPS: of_cases(
        "Aguardam providências prévias",
        "Registre no caso a providência que a lei quer antes da execução (CNJ 547/2024).",
        Status.AWAITING_PRIOR_STEPS,
    ),
    Status.TO_REGISTER: of_cases(
        "A inscrever em dívida ativa", "Inscreva os débitos; o extrato seguinte traz as inscrições.", Status.TO_REGISTER
    ),
    Status.UNREACHABLE: of_cases(
        "Sem contato", "Nenhum canal alcança: registre outro e-mail ou telefone no caso.", Status.UNREACHABLE
    ),
    Status.UNDER_DEFENCE: of_cases(
        "Defesas a decidir", "Enquanto a defesa está aberta nada avança para os créditos dela.", Status.UNDER_DEFENCE
    ),
    Status.AMOUNT_UNKNOWN: of_cases(
        "Valor devido não apurado",
        "Falta um índice ou uma regra sem a qual não se diz quanto é devido.",
        Status.AMOUNT_UNKNOWN,
    ),
    Status.OVER_BUDGET: of_cases(
        "Orçamento esgotado",
        "O orçamento do grupo acabou: aumente-o com cohort budget, ou deixe como está.",
        Status.OVER_BUDGET,
    ),
    "requests": Waits(
        "Pedidos e contestações",
        "Responda a cada um no seu caso, até o prazo.",
        open_requests,
        {
            "Caso": lambda row: row["case"],
            "Pedido": lambda row: REQUESTS.get(row["kind"], row["kind"]),
            "Feito em": lambda row: row["made_on"],
            "Responder até": lambda row: row["due"],
            "Protocolo": lambda row: row["reference"],
        },
        "id",
    ),
    "tasks": Waits(
        "Tarefas",
        "O que só pessoas podem fazer; primeiro o que está perto da prescrição.",
        lambda connection, page: open_tasks(connection, datetime.now(UTC), page=page),
        {
            "Caso": lambda row: row["case"],
            "Tarefa": lambda row: TASKS.get(row["kind"], row["kind"]),
            "O quê": lambda row: row["what"],
            "Até": lambda row: row["due"],
            "Grupo": lambda row: row["cohort"],
        },
        "id",
    ),
    "replies": Waits(
        "Respostas que ninguém entendeu",
        "Leia a resposta no caso, revelando-o, e registre o que o contribuinte quer.",
        unclear_replies,
        {
            "Caso": lambda row: row["case"],
            "Canal": lambda row: CHANNELS.get(row["channel"], row["channel"]),
            "Chegou em": lambda row: row["at"],
        },
        "id",
    ),
    "unmatched": Waits(
        "Pagamentos sem débito",
        "O código pago não é de débito conhecido: abra o pagamento e diga de qual é, ou devolva-o.",
        lambda connection, page: unmatched(connection),
        {
            "Pagamento": lambda row: row["id"],
            "txid": lambda row: row["txid"],
            "Valor": lambda row: row["amount"],
            "Pago em": lambda row: row["paid_at"],
        },
        "id",
    ),
    "quarantined": Waits(
        "Avisos de pagamento ilegíveis",
        "Ficam guardados e lacrados. Depois de uma atualização que lê mais, julgue-os de novo.",
        lambda connection, page: list_quarantined(connection),
        {
            "Aviso": lambda row: row["id"],
            "Chegou em": lambda row: row["arrived_at"],
            "Vezes": lambda row: row["times"],
            "Por quê": lambda row: row["reason"],
        },
        "id",
    ),
}


Sought = Annotated[str, Query(max_length=100, pattern=r"^[^\x00]*$")]


def list_routes(engine: Engine) -> Pages:
    pages = Pages(engine)

    @pages.reads("waiting", "/waiting/{what}")
    async def show(
        request: Request,
        what: str,
        after: str | None = None,
        format: str = "",
        cohort: Sought = "",
        tax: Sought = "",
        sort: Literal["since", "owed", "cohort"] = "since",
    ) -> Response:
        waits = list_of(what, after)
        rows_of = waits.chosen(cohort.strip(), tax.strip(), sort)
        if format == "csv":
            return csv_of(waits, what, await run_sync(read, rows_of, Page()))
        rows = await run_sync(read, rows_of, Page(ROWS + 1, after))
        sought = {"cohort": cohort, "tax": tax, "sort": sort}
        chosen = {name: value for name, value in sought.items() if value not in ("", "since")}
        kept = urlencode(chosen) if waits.choose else ""
        return page(request, "list", list=waits, what=what, sought=sought, kept=kept, sorts=SORTS, **paged(waits, rows))

    @pages.does(finish_task, "/tasks/{task}/done")
    async def done(by: Admitted, task: RowId) -> Response:
        await run_sync(finish_task, engine, by.who, task)
        return see_other("/console/waiting/tasks")

    def read(rows_of: Read, asked: Page) -> list[Row]:
        with engine.connect() as connection:
            return list(rows_of(connection, asked))

    return pages


def list_of(what: str, after: str | None) -> Waits:
    """The list of that kind. Raises Refused where there is none, or where no row can be the cursor."""
    if what not in LISTS or (after and "\0" in after):
        raise Refused(404, "there is no such list, or no such place in it")
    return LISTS[what]


def paged(waits: Waits, rows: list[Row]) -> dict[str, Any]:
    """The rows of one page as cells, and the cursor of the next, where there is one."""
    shown = rows[:ROWS]
    return {
        "rows": [(row, [(name, say(row)) for name, say in waits.columns.items()]) for row in shown],
        "next_after": shown[-1][waits.key] if len(rows) > ROWS else None,
    }


def csv_of(waits: Waits, what: str, rows: list[Row]) -> Response:
    """All rows, as spreadsheets in Brazil open them: UTF-8 with its mark, semicolons, a comma before the cents."""
    file = io.StringIO("")
    lines = csv.writer(file, delimiter=";")
    lines.writerow(waits.columns)
    lines.writerows([written(say(row)) for say in waits.columns.values()] for row in rows)
    named = {**HEADERS, "Content-Disposition": f'attachment; filename="{what}.csv"'}
    return Response("\ufeff" + file.getvalue(), media_type="text/csv; charset=utf-8", headers=named)


FORMULA = ("=", "+", "-", "@", "\t", "\r")


def written(cell: object) -> str:
    """A cell as CSV has it: what a spreadsheet would take for a formula is a text."""
    match cell:
        case None:
            return ""
        case Decimal():
            return f"{cell:.2f}".replace(".", ",")
        case datetime():
            return cell.isoformat(timespec="seconds")
        case date():
            return cell.isoformat()
        case str() if cell.startswith(FORMULA):
            return f"'{cell}"
        case _:
            return str(cell)
