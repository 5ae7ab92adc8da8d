"""The record told by credit: its notice, service, term with both days, defence and act, on one line each."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date

from models.case.credit import CreditId
from models.case.facts import CaseFacts
from models.case.in_time import appeal_term, defence_term
from models.case.journal import EntryKind
from models.case.view import View
from models.formats import day, money, period
from models.law.term import Term
from models.words import CHANNELS
from reports.document import Block
from reports.record import Record, grid, joined
from storage.read_models.dossier_parts import Defence, ListedCredit

COLUMNS = ("Crédito", "Valor relacionado", "Notificação", "Ciência", "Prazo de defesa e primeiro ato", "Defesa", "Ato")

RULED = {"open": "em análise", "accepted": "aceita", "rejected": "rejeitada"}


def by_credit(record: Record) -> Iterator[Block]:
    """One line for each credit of each formal notice, so that a suspension can be checked on one page."""
    yield grid(COLUMNS, (_line(record, listed) for listed in record.dossier.listed_credits))


def _line(record: Record, listed: ListedCredit) -> tuple[str, ...]:
    served_on = listed["served_on"]
    notice = next(each for each in record.dossier.notices if each["id"] == listed["notice"])
    return (
        record.inscription(listed["debt"]) if listed["debt"] else f"declaração {period(listed['period'] or '')}",
        _amount(listed),
        joined(listed["notice"], day(listed["at"]), CHANNELS[listed["channel"]]),
        record.service_of(notice),
        _term(record, listed["credit"], served_on) if served_on else "",
        "; ".join(
            _defence(record, defence, listed["credit"])
            for defence in record.dossier.defences
            if _is_of(listed, defence["credits"])
        ),
        "; ".join(_acts(record, listed)),
    )


def _amount(listed: ListedCredit) -> str:
    if listed["amount"] is None:
        return ""
    more = "; lançamento elevado depois: exige notificação própria" if listed["outgrown"] else ""
    return f"{money(listed['amount'])}{more}"


def _is_of(listed: ListedCredit, credits: list[CreditId]) -> bool:
    return not credits or listed["credit"] in credits


def _term(record: Record, credit: CreditId, served_on: date) -> str:
    return "" if record.ruler.gate is None else _both_days(defence_term(_view(record), credit, served_on))


def _both_days(term: Term) -> str:
    return f"{term.until}; ato a partir de {day(term.act_from)}"


def _view(record: Record) -> View:
    case = record.dossier.case
    return case.view(case.state, record.dossier.facts or CaseFacts(today=record.dossier.as_of))


def _defence(record: Record, defence: Defence, credit: CreditId) -> str:
    what = "recurso" if defence["appeal"] else "defesa"
    late = ", fora do prazo" if credit in defence["late"] else ""
    filed, decided_on = f"{what} de {day(defence['filed_on'])}{late}", defence["decided_on"]
    if decided_on is None:
        return f"{filed}, em análise"
    ruled = f"{filed}, {RULED[defence['state']]} em {day(decided_on)}"
    if defence["state"] != "rejected" or defence["appeal"] or record.ruler.gate is None:
        return ruled
    return f"{ruled}, recurso {_both_days(appeal_term(_view(record), credit, decided_on))}"


def _acts(record: Record, listed: ListedCredit) -> Iterator[str]:
    for act in record.dossier.suspensions:
        if _is_of(listed, act["credits"]):
            back = f", devolvido em {day(act['reinstated_on'])}" if act["reinstated_on"] else ""
            yield f"{act['code']} suspenso em {day(act['suspended_on'])}, aprovado por {act['approved_by']}{back}"
    for decision in record.dossier.decisions:
        if decision["kind"] == EntryKind.CASE_REFERRED and listed["debt"] in decision["evidence"].get("referred", ()):
            yield f"encaminhado para protesto e execução fiscal em {day(decision['at'])}"
