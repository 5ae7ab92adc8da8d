"""The journal of a case told decision by decision: the evidence it saw, the rule it went by, what it led to."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from decimal import Decimal
from typing import Any, TypeVar

from models.formats import day, money
from models.law.calendar import Wait
from models.law.dated import Where
from models.ruler.quotation import Quotation, quoted
from models.ruler.schema import Kind, Stage
from models.words import CHANNELS, COMMUNICATIONS, GROUNDS, KINDS, STAGES
from reports.document import Block, Entry, Verbatim
from reports.record import NOTHING, Pair, Record, called, period_of
from storage.read_models.dossier import PinnedRuler
from storage.read_models.dossier_parts import Approval, Decision, Notice

Written = TypeVar("Written", Notice, Approval)

TITLES = {
    "agreement_alert": "Aviso de parcela em atraso",
    "agreement_broken": "Parcelamento rompido",
    "agreement_completed": "Parcelamento concluído",
    "agreement_effective": "Parcelamento em vigor",
    "agreement_message_unsent": "Mensagem do parcelamento não enviada",
    "agreement_reminder": "Lembrete de parcela",
    "agreement_rescinded": "Parcelamento desfeito",
    "agreement_debit_ended": "Débito em conta encerrado",
    "agreement_offset_refused": "Compensação com precatório recusada",
    "agreement_restored": "Parcelamento restabelecido",
    "agreement_signed": "Parcelamento assinado",
    "approval_asked": "Aprovação da suspensão pedida",
    "approval_lapsed": "Aprovação caducada",
    "approved": "Suspensão aprovada",
    "begun_anew": "Nova matéria",
    "budget_changed": "Orçamento alterado",
    "cancelled": "Caso cancelado",
    "classified": "Hipótese atribuída",
    "communication": "Comunicação fora da régua",
    "communication_unsent": "Comunicação não enviada",
    "contact_given": "Contato informado",
    "debtor_removed": "Retirado do débito pelo extrato",
    "defence_accepted": "Defesa aceita",
    "defence_filed": "Defesa apresentada",
    "defence_rejected": "Defesa rejeitada",
    "ended": "Campanha encerrada",
    "entry_annulled": "Registro anulado",
    "extinction_confirmed": "Crédito extinto",
    "extinction_refuted": "Extinção não confirmada",
    "hardship": "Mudança de hipótese por dificuldade declarada",
    "hardship_declared": "Dificuldade declarada",
    "hold_placed": "Suspensão de exigibilidade registrada",
    "hold_lifted": "Suspensão de exigibilidade levantada",
    "instalments_asked": "Parcelamento pedido em resposta",
    "lost": "Degrau sem alcance, a refazer",
    "migrated": "Mudança de régua",
    "notice": "Notificação",
    "notice_lost": "Notificação não entregue",
    "notice_posted": "Carta postada",
    "notice_published": "Edital publicado",
    "notice_received": "Carta entregue sem data no recibo",
    "objection_asked": "Contestação em resposta",
    "on_hold": "Prazo suspenso: exigibilidade suspensa",
    "opted_out": "Recusa de canal pelo contribuinte",
    "paused": "Caso pausado",
    "call_made": "Atendimento por pessoa",
    "call_asked": "Contato pedido em resposta",
    "paid_late": "Pagamento fora do prazo da campanha",
    "paid_less": "Pagamento menor que a oferta",
    "payment": "Pagamento",
    "payment_claimed": "Pagamento informado pelo contribuinte",
    "payment_reversed": "Pagamento devolvido",
    "prescription_interrupted": "Prescrição interrompida",
    "prior_step_taken": "Providência anterior à execução",
    "promise_broken": "Promessa não cumprida",
    "promise_cancelled": "Promessa cancelada",
    "promise_kept": "Promessa cumprida",
    "promise_kept_in_part": "Promessa cumprida em parte",
    "promise_made": "Promessa de pagamento",
    "promise_overtaken": "Promessa sem efeito",
    "promise_reopened": "Promessa reaberta",
    "reanchored": "Prazo recomeçado por pagamento parcial",
    "reclassified": "Reclassificação",
    "referred": "Encaminhamento a protesto e execução",
    "reassessment_due": "Suspensão a reavaliar",
    "reinstated": "Benefícios devolvidos",
    "rejected": "Suspensão recusada",
    "remission_undone": "Remissão desfeita",
    "remitted": "Remissão",
    "reopened": "Caso reaberto",
    "request_answered": "Pedido respondido",
    "request_made": "Pedido do contribuinte",
    "resolved": "Caso regularizado",
    "resume_asked": "Retomada pedida",
    "resumed": "Prazo retomado",
    "resumed_after_break": "Retomada após rompimento de parcelamento",
    "served": "Ciência",
    "settled": "Débito quitado na campanha",
    "suspended": "Benefícios suspensos",
    "under_defence": "Prazo suspenso: defesa em análise",
}
"""The title of each kind of journal entry; one that is not here goes by its own word."""

GATE, ENTRY = ("condições da suspensão", ("gate",)), ("critérios de entrada", ("entry",))
PAYMENTS, OFFER = ("regras de pagamento", ("payments",)), ("oferta da campanha", ("offer",))
PROMISES = ("regras das promessas", ("promises",))

RULES: Mapping[str, tuple[str, Where]] = {
    "approval_asked": GATE,
    "approval_lapsed": GATE,
    "approved": GATE,
    "classified": ENTRY,
    "ended": OFFER,
    "hardship": ("regra da dificuldade declarada", ("hardship",)),
    "promise_broken": PROMISES,
    "promise_kept": PROMISES,
    "promise_kept_in_part": PROMISES,
    "promise_made": PROMISES,
    "reanchored": PAYMENTS,
    "reclassified": ENTRY,
    "referred": ("condições do encaminhamento", ("referral",)),
    "reinstated": GATE,
    "rejected": GATE,
    "resolved": PAYMENTS,
    "resumed_after_break": ("retomada após rompimento", ("agreements",)),
    "served": ("ciência tácita", ("jurisdiction", "deemed")),
    "settled": OFFER,
    "suspended": GATE,
    "under_defence": GATE,
}
"""The part of a ruler that a decision goes by, beside the rung it is about."""

EVIDENCE = {
    "agreement": "parcelamento",
    "amount": "valor",
    "breaks_on": "rompe-se em",
    "channel": "canal",
    "communication": "comunicação",
    "debt": "débito",
    "decided_on": "certo desde",
    "instalment": "parcela",
    "notice": "notificação",
    "payment": "pagamento",
    "price": "preço da oferta",
    "promise": "promessa",
    "provider": "provedor",
    "reference": "referência",
    "remitted": "remido",
    "reply": "resposta",
}

AMOUNTS = frozenset({"amount", "price", "remitted"})


def entries(record: Record) -> Iterator[Entry]:
    notices = {**_sent_with(record, "notice", beside=False), **_sent_with(record, "communication", beside=True)}
    approvals = _pairs(
        record, "approved", record.dossier.approvals, lambda given: (given["given_on"], given["recorded_at"])
    )
    for number, decision in enumerate(record.dossier.decisions, start=1):
        kind = decision["kind"]
        yield Entry(
            number=number,
            kind=kind,
            on=decision["at"].isoformat(),
            heading=f"{day(decision['at'])} · {called(TITLES, kind)}",
            reason=decision["reason"],
            facts=tuple(_facts_of(record, decision)),
            led_to=(
                *(_sent(record, notice) for notice in notices.get(decision["id"], ())),
                *(record.seen(approval) for approval in approvals[decision["id"]]),
                *_benefits(record, decision),
            ),
        )


def _facts_of(record: Record, decision: Decision) -> Iterator[Pair]:
    yield "Registro", record.instant(decision["recorded_at"])
    if cell := _cell(record, decision):
        yield "Célula", cell
    if decision["occurrences"]:
        yield "Ocorrências na janela", str(decision["occurrences"])
    if evidence := "; ".join(_evidence(record, decision["evidence"])):
        yield "Evidência", evidence
    for rule in _rules_of(record, decision):
        yield "Regra", rule.words
    if decision["ruler"] != record.dossier.case.frozen.digest:
        yield "Régua", f"{_pinned(record, decision).ruler.label}, {decision['ruler']}"
    if decision["hash"]:
        yield "Elo da cadeia", decision["hash"]


def _cell(record: Record, decision: Decision) -> str:
    parts = [record.row(decision["hypothesis"])] if decision["hypothesis"] else []
    if decision["stage"]:
        parts.append(STAGES[Stage(decision["stage"])])
    if decision["rigidity"]:
        parts.append(f"rigidez {decision['rigidity']}")
    return " · ".join(parts)


def _evidence(record: Record, evidence: Mapping[str, Any]) -> Iterator[str]:
    rest = dict(evidence)
    if "balance" in rest:
        yield f"exigível {money(Decimal(rest.pop('balance')))}"
    debts = rest.pop("debts", {})
    if isinstance(debts, Mapping) and debts:
        each = (f"{record.inscription(debt)} {money(Decimal(amount))}" for debt, amount in debts.items())
        yield f"débitos: {', '.join(each)}"
    if grounds := rest.pop("grounds", ()):
        yield f"exigibilidade suspensa: {', '.join(called(GROUNDS, ground) for ground in grounds)}"
    if "open" in rest:
        yield f"em aberto: {', '.join(map(_open, rest.pop('open'))) or 'nada'}"
    for key, value in rest.items():
        yield f"{called(EVIDENCE, key)}: {_told(record, key, value)}"


def _told(record: Record, key: str, value: Any) -> str:
    if key in AMOUNTS:
        return money(Decimal(value))
    return record.inscription(value) if key == "debt" else str(value)


def _pinned(record: Record, decision: Decision) -> PinnedRuler:
    return record.dossier.rulers[decision["ruler"]]


def _rules_of(record: Record, decision: Decision) -> Iterator[_Rule]:
    pinned = _pinned(record, decision)
    if rule := RULES.get(decision["kind"]):
        name, where = rule
        if found := quoted(pinned.source, where):
            yield _Rule(pinned, name, found)
    row, stage = decision["hypothesis"], decision["stage"]
    if not row or not stage or row not in pinned.ruler.rows:
        return
    for index, rung in enumerate(pinned.ruler.rows[row].rungs):
        found = quoted(pinned.source, ("rows", row, "rungs", index))
        if str(rung.stage) == stage and found:
            formal = ", formal" if rung.formal else ""
            name = f"degrau {STAGES[rung.stage]} de {row.upper()}{formal}, {_dwell(rung.dwell)}"
            yield _Rule(pinned, name, found)


def _benefits(record: Record, decision: Decision) -> Iterator[str]:
    kind, on = decision["kind"], decision["at"]
    for suspension in record.dossier.suspensions:
        benefit = f"{suspension['name']} ({suspension['code']})"
        if kind == "suspended" and suspension["suspended_on"] == on:
            yield f"Benefício suspenso: {benefit}; aprovado por {suspension['approved_by']}."
        if kind in ("reinstated", "cancelled") and suspension["reinstated_on"] == on:
            yield f"Benefício devolvido: {benefit}, suspenso desde {day(suspension['suspended_on'])}."


def _pairs(
    record: Record, kind: str, rows: Sequence[Written], when: Callable[[Written], tuple[date, datetime]]
) -> Mapping[int, list[Written]]:
    """Pairs each decision with the entries its transaction wrote beside it: both are in the same order, and carry the
    same day."""
    left, found = list(rows), defaultdict[int, list[Written]](list)
    for decision in record.dossier.decisions:
        if decision["kind"] != kind:
            continue
        for row in left:
            on, written_at = when(row)
            if on == decision["at"] and written_at <= decision["recorded_at"]:
                found[decision["id"]].append(row)
                left.remove(row)
                break
    return found


def _sent_with(record: Record, kind: str, beside: bool) -> Mapping[int, list[Notice]]:
    """The notices that were claimed with each decision of a kind: of rungs, or `beside` them."""
    notices = [notice for notice in record.dossier.notices if (notice["step"] is None) is beside]
    return _pairs(record, kind, notices, lambda notice: (notice["at"], notice["claimed_at"]))


def _sent(record: Record, notice: Notice) -> str:
    number = 1 + record.dossier.notices.index(notice)
    words = {"rung": "", "reinstatement": " (devolução de benefícios)"}
    word = words[notice["kind"]] if notice["kind"] in words else f" ({COMMUNICATIONS[notice['kind']]})"
    sent = f"enviada em {record.instant(notice['sent_at'])}" if notice["sent_at"] else "não enviada"
    said = f"Notificação {notice['id']}{word} por {CHANNELS[notice['channel']]}, {sent}"
    return f"{said}; {record.service_of(notice)}; texto no anexo I, item {number}."


def quotations(record: Record) -> Iterator[Block]:
    """The ruler's lines that the case's decisions went by, each once, in their order."""
    rules = {rule.place: rule for decision in record.dossier.decisions for rule in _rules_of(record, decision)}
    for place in sorted(rules):
        rule = rules[place]
        lines = zip(range(rule.quotation.first, rule.quotation.last + 1), rule.quotation.lines, strict=True)
        text = "\n".join(f"{number:>4}  {line}" for number, line in lines)
        yield Verbatim(f"{rule.pinned.ruler.label}, {rule.lines}", (), text)
    if not rules:
        yield NOTHING


@dataclass(frozen=True)
class _Rule:
    pinned: PinnedRuler
    name: str
    quotation: Quotation

    @property
    def place(self) -> tuple[str, str, int, int]:
        return self.pinned.ruler.label, self.pinned.digest, self.quotation.first, self.quotation.last

    @property
    def lines(self) -> str:
        first, last = self.quotation.first, self.quotation.last
        return f"linha {first}" if first == last else f"linhas {first} a {last}"

    @property
    def words(self) -> str:
        return f"{self.name}; {self.lines} da régua {self.pinned.ruler.label}"


def _dwell(dwell: Wait | None) -> str:
    return f"permanência mínima de {dwell}" if dwell else "sem permanência mínima"


def _open(written: str) -> str:
    """`non_payment 2025-10` in words."""
    kind, _, about = written.partition(" ")
    return f"{KINDS[Kind(kind)]} {period_of(about)}" if kind in list(Kind) else written
