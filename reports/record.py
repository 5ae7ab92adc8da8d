"""A dossier with the words that every part of its explanation needs: instants, debts, rows, proofs of service."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import date, datetime
from decimal import Decimal
from functools import cached_property
from typing import Any
from zoneinfo import ZoneInfo

from models.contact.delivery import Progress
from models.formats import day, money, period
from models.ruler.schema import Ruler
from models.words import CHANNELS
from reports.document import Block, Grid, Paragraph
from storage.read_models.dossier import Dossier
from storage.read_models.dossier_parts import Approval, Notice

Pair = tuple[str, str]

NOTHING = Paragraph("Nada consta.")

NOTICE_STATES: Mapping[str, str] = {
    Progress.CLAIMED: "a enviar",
    Progress.QUEUED: "na fila",
    Progress.SENT: "enviada",
    Progress.DELIVERED: "entregue",
    Progress.READ: "lida",
    Progress.ANSWERED: "respondida",
    Progress.FAILED: "não enviada",
    Progress.BOUNCED: "devolvida",
    Progress.BLOCKED: "bloqueada",
}

PROVIDERS = {
    "file": "caixa de saída (ensaio)",
    "sendgrid": "SendGrid",
    "twilio": "Twilio",
    "domicile": "domicílio",
    "postal": "serviço postal",
    "gazette": "diário oficial",
}


@dataclass(frozen=True)
class Record:
    dossier: Dossier
    reveal: bool
    """Whether the taxpayer may be named."""

    @property
    def ruler(self) -> Ruler:
        return self.dossier.case.ruler

    def instant(self, at: datetime | None) -> str:
        local = at.astimezone(ZoneInfo(self.ruler.jurisdiction.timezone)) if at else None
        return f"{local:%d/%m/%Y %H:%M:%S}" if local else ""

    def row(self, row: Any) -> str:
        known = self.ruler.rows.get(row)
        return f"{row.upper()} ({known.name})" if known else row.upper()

    def inscription(self, debt: str) -> str:
        return self._inscriptions.get(debt, debt)

    @cached_property
    def _inscriptions(self) -> Mapping[str, str]:
        return {debt["id"]: debt["inscription"] for debt in self.dossier.debts}

    @cached_property
    def owed(self) -> Mapping[str, Decimal]:
        """The demandable part of each debt on the day of the last decision, with accruals; of none, where the facts are
        not known."""
        facts = self.dossier.facts
        return {debt.id: debt.balance for debt in facts.debts} if facts else {}

    def service_of(self, notice: Notice) -> str:
        """Proof of service (ciência), or why there is none."""
        if notice["served_on"]:
            if notice["served_by"] == "deemed":
                return f"ciência tácita em {day(notice['served_on'])} ({notice['served_reference']})"
            how = f"por {called(PROVIDERS, notice['served_by'])}" if notice["served_by"] else ""
            return joined(f"ciência em {day(notice['served_on'])} {how}".strip(), notice["served_reference"])
        if not notice["formal"]:
            return "não é formal: o prazo não depende de ciência"
        if notice["deemed_on"]:
            return f"sem ciência; tácita em {day(notice['deemed_on'])} ({notice['deemed_by']})"
        return "sem prova de ciência"

    def seen(self, approval: Approval) -> str:
        seen = approval["seen"]
        benefits = "; ".join(f"{each['name']} ({each['code']})" for each in seen["benefits"]) or "nenhum"
        served = "; ".join(
            f"{each['id']} por {CHANNELS[each['channel']]}, ciência em {day(date.fromisoformat(each['served_on']))}"
            for each in seen["notices"]
        )
        return (
            f"Aprovação de {approval['given_by']} em {day(approval['given_on'])}: {ended(approval['reason'])} "
            f"O que foi visto: saldo de {money(Decimal(seen['balance']))} em {day(date.fromisoformat(seen['on']))}; "
            f"fundamento: {ended(seen['because'])} Benefícios a suspender: {benefits}. "
            f"Notificações com ciência: {served or 'nenhuma'}. Resumo do que foi visto: {seen['fingerprint']}."
        )


def grid(columns: tuple[str, ...], rows: Iterable[tuple[str, ...]]) -> Block:
    listed = tuple(rows)
    return Grid(columns, listed) if listed else NOTHING


def called(words: Mapping[Any, str], name: str) -> str:
    """A term in pt-BR; one without a word there goes by its own."""
    return words.get(name, name)


def period_of(written: str | None) -> str:
    return period(written) if written else ""


def money_of(amount: Decimal | None) -> str:
    return "" if amount is None else money(amount)


def day_of(on: date | None) -> str:
    return day(on) if on else ""


def joined(*parts: str | None) -> str:
    return ", ".join(part for part in parts if part)


def ended(sentence: str) -> str:
    return sentence if sentence.endswith((".", "!", "?", "…")) else f"{sentence}."
