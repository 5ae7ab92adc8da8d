"""The page of the status: whether all goes on, the same figures as `status` and the metrics, and what each asks for."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import timedelta
from typing import Any

from fastapi import Request, Response
from sqlalchemy import Engine

from models.formats import money
from reports.status import Status, amiss, read_status, told
from web.console.case import Connect
from web.console.pages import Pages, page

FIGURES: Mapping[str, tuple[str, str]] = {
    "temporal_answers": ("Temporal responde", "Sem ele nada avança; tudo fica no registro e segue quando ele volta."),
    "overdue_cases": (
        "Casos atrasados",
        "Veja um deles e o registro do worker; alguma fila está sem worker?",
    ),
    "missing_workflows": (
        "Casos e parcelamentos sem fluxo",
        "São retomados em um minuto; se ficam, case revive.",
    ),
    "failing_workflows": ("Fluxos parados", "Volte à versão anterior do sistema, ou retome-os do registro."),
    "stuck_activities": ("Atividades que falham repetidamente", "O registro do worker diz o que falha e onde."),
    "unserved_queues": ("Filas sem worker", "Inicie workers, com as chaves do provedor que a fila nomeia."),
    "idle_work": (
        "Trabalhos de fundo parados",
        "O relay entrega os avisos aos casos, o reconciler compara com o Temporal: inicie web ou background.",
    ),
    "owed_signal_seconds": ("Aviso mais antigo ainda não entregue a um caso", "O registro da web diz o que espera."),
    "notices_claimed_long": ("Mensagens reservadas há muito e não enviadas", "Outro worker as retoma, se houver um."),
    "quarantined_payments": ("Avisos de pagamento ilegíveis", "Veja a lista; corrigida a causa, payments retry."),
    "failing_imports": ("Importações que falharam", "A recusa diz por quê; o arquivo não entrou."),
    "overdue_tasks": ("Tarefas fora do prazo", "Estão na lista de tarefas."),
    "unclear_replies": ("Respostas que ninguém entendeu, em sete dias", "Estão na lista de respostas."),
    "unmatched_payments": ("Pagamentos sem débito", "Estão na lista de pagamentos."),
    "checkpoint_seconds": ("Último selo do registro, há", "É feito a cada minuto em que algo foi decidido."),
    "import_seconds": ("Última importação de contribuintes e débitos, há", "Importe o extrato do dia."),
    "cases": ("Casos abertos", ""),
    "agreements": ("Parcelamentos em vigor", ""),
    "cost_today": ("Custo das mensagens de hoje", ""),
}


@dataclass(frozen=True)
class Figure:
    title: str
    value: str
    wrong: bool
    hint: str
    """The thing to do about it, for people."""


def status_routes(engine: Engine, temporal: Connect) -> Pages:
    pages = Pages(engine)

    @pages.reads("status", "/status")
    async def show_status(request: Request) -> Response:
        status = await read_status(engine, temporal)
        return page(request, "status", figures=list(figures(status)), late=told(status)["overdue"])

    return pages


def figures(status: Status) -> Iterator[Figure]:
    """The figures in words, those that are wrong first; what nobody could be asked is left out."""
    known, wrong = told(status), amiss(status["record"], status["engine"])
    names = [name for name in FIGURES if name in known]
    for name in sorted(names, key=lambda name: name not in wrong):
        title, hint = FIGURES[name]
        yield Figure(title, in_words(name, known[name]), name in wrong, hint)


def in_words(name: str, value: Any) -> str:
    match value:
        case bool():
            return "sim" if value else "não"
        case None:
            return "nunca"
        case list():
            return ", ".join(map(str, value)) or "nenhuma"
        case _ if name.endswith("_seconds"):
            return lasting(timedelta(seconds=float(value)))
        case _ if name == "cost_today":
            return money(value)
        case _:
            return f"{value:,}".replace(",", ".")


def lasting(time: timedelta) -> str:
    """A stretch of time in its two largest units."""
    minutes, seconds = divmod(int(time.total_seconds()), 60)
    hours, minutes = divmod(minutes, 60)
    days, hours = divmod(hours, 24)
    parts = [(days, "d"), (hours, "h"), (minutes, "min"), (seconds, "s")]
    first = next((nth for nth, (amount, _) in enumerate(parts) if amount), len(parts) - 1)
    return " ".join(f"{amount} {unit}" for amount, unit in parts[first : first + 2])
