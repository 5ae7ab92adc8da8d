"""Why is this taxpayer here? A dossier told in pt-BR, from the first decision to the last, as it may be filed in court.

Pure: the same record is told in the same words, whoever asks and whenever.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from decimal import Decimal
from functools import cached_property
from typing import Any
from zoneinfo import ZoneInfo

from models.calendar import Wait
from models.dated import Where
from models.delivery import Progress
from models.gate import basis_of
from models.quotation import Quotation, quoted
from models.ruler import Kind, Ruler, Stage
from models.taxid import formatted, mask
from models.words import (
    AGREEMENT_STATES,
    CHANNELS,
    GROUNDS,
    INTENTS,
    KINDS,
    PRIOR_STEPS,
    STAGES,
    STATUSES,
    day,
    money,
    percent,
    period,
)
from reports.document import Block, Document, Entry, Facts, Grid, Paragraph, Picture, Section, Verbatim, rewritten
from reports.drawing import Stop, path
from storage.dossier import Dossier, PinnedRuler

Row = Mapping[str, Any]
Pair = tuple[str, str]

SECRET = "Documento com informação protegida por sigilo fiscal (CTN art. 198)."
MASKED = f"{SECRET} Nome, inscrição completa e endereços do contribuinte foram omitidos (Lei 13.709/2018)."

TITLES = {
    "agreement_alert": "Aviso de parcela em atraso",
    "agreement_broken": "Parcelamento rompido",
    "agreement_completed": "Parcelamento concluído",
    "agreement_effective": "Parcelamento em vigor",
    "agreement_reminder": "Lembrete de parcela",
    "agreement_rescinded": "Parcelamento desfeito",
    "agreement_restored": "Parcelamento restabelecido",
    "agreement_signed": "Parcelamento assinado",
    "approval_asked": "Aprovação da suspensão pedida",
    "approval_lapsed": "Aprovação caducada",
    "approved": "Suspensão aprovada",
    "budget_changed": "Orçamento alterado",
    "cancelled": "Caso cancelado",
    "classified": "Hipótese atribuída",
    "contact_given": "Contato informado",
    "defence_accepted": "Defesa aceita",
    "defence_filed": "Defesa apresentada",
    "defence_rejected": "Defesa rejeitada",
    "ended": "Campanha encerrada",
    "hardship": "Mudança de hipótese por dificuldade declarada",
    "hardship_declared": "Dificuldade declarada",
    "hold_placed": "Suspensão de exigibilidade registrada",
    "hold_released": "Suspensão de exigibilidade levantada",
    "instalments_asked": "Parcelamento pedido em resposta",
    "lost": "Degrau sem alcance, a refazer",
    "notice": "Notificação",
    "notice_lost": "Notificação não entregue",
    "objection_asked": "Contestação em resposta",
    "on_hold": "Prazo suspenso: exigibilidade suspensa",
    "opted_out": "Recusa de canal pelo contribuinte",
    "paused": "Caso pausado",
    "call_asked": "Contato pedido em resposta",
    "paid_late": "Pagamento fora do prazo da campanha",
    "paid_less": "Pagamento menor que a oferta",
    "payment": "Pagamento",
    "payment_claimed": "Pagamento informado pelo contribuinte",
    "payment_reversed": "Pagamento devolvido",
    "reanchored": "Prazo recomeçado por pagamento parcial",
    "reclassified": "Reclassificação",
    "referred": "Encaminhamento a protesto e execução",
    "reinstated": "Benefícios devolvidos",
    "rejected": "Suspensão recusada",
    "remitted": "Remissão",
    "reopened": "Caso reaberto",
    "resolved": "Caso regularizado",
    "resume_asked": "Retomada pedida",
    "resumed": "Prazo retomado",
    "resumed_after_break": "Retomada após rompimento de parcelamento",
    "served": "Ciência",
    "settled": "Débito quitado na campanha",
    "suspended": "Benefícios suspensos",
    "under_defence": "Prazo suspenso: defesa em análise",
}
"""What each kind of journal entry is called; one that is not here goes by its own word."""

GATE, ENTRY = ("condições da suspensão", ("gate",)), ("critérios de entrada", ("entry",))
PAYMENTS, OFFER = ("regras de pagamento", ("payments",)), ("oferta da campanha", ("offer",))

RULES: Mapping[str, tuple[str, Where]] = {
    "approval_asked": GATE,
    "approval_lapsed": GATE,
    "approved": GATE,
    "classified": ENTRY,
    "ended": OFFER,
    "hardship": ("regra da dificuldade declarada", ("hardship",)),
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
"""What a decision goes by in a ruler, beside the rung it is about."""

NOTICE_STATES = {
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

PROVIDERS = {"outbox": "caixa de saída (ensaio)", "sendgrid": "SendGrid", "twilio": "Twilio", "domicile": "domicílio"}
APPROVAL_STATES = {"given": "em vigor", "carried_out": "cumprida", "lapsed": "caducada"}
DEFENCE_STATES = {"open": "em análise", "accepted": "aceita", "rejected": "rejeitada"}
RETURNS = {"filed": "entregue", "late": "entregue com atraso", "missing": "não entregue", "not_required": "dispensada"}
SOURCES = {"extract": "extrato", "person": "ato de autoridade"}


def told(dossier: Dossier, reveal: bool) -> Document:
    """Without `reveal` nothing in it names the taxpayer or says where to reach him."""
    document = _Telling(dossier, reveal).document()
    return document if reveal else rewritten(document, dossier.person.veiled)


@dataclass(frozen=True)
class _Telling:
    dossier: Dossier
    reveal: bool

    @property
    def ruler(self) -> Ruler:
        return self.dossier.case.ruler

    def document(self) -> Document:
        case = self.dossier.case
        return Document(
            case=case.id,
            title=f"Explicação do caso {case.id}",
            authority=self.ruler.authority,
            notice=SECRET if self.reveal else MASKED,
            sections=tuple(self._sections()),
        )

    def _sections(self) -> Iterator[Section]:
        yield Section("identification", "Identificação", (Facts(tuple(self._identification())),))
        yield Section("standing", "Situação do caso", (Paragraph(self._standing()),))
        yield Section("path", "Percurso no mapa de calor", tuple(self._path()))
        yield Section("debts", "Débitos e declarações", tuple(self._owed()))
        yield Section("holds", "Suspensões de exigibilidade", tuple(self._holds()))
        yield Section("chronology", "Cronologia das decisões", (Paragraph(self._about_times()), *self._entries()))
        yield Section("service", "Notificações e provas de ciência", tuple(self._service()))
        yield Section("defences", "Defesas", tuple(self._defences()))
        yield Section("approvals", "Aprovações e o que foi visto", tuple(self._approvals()))
        yield Section("suspensions", "Benefícios fiscais suspensos e devolvidos", tuple(self._suspensions()))
        yield Section("prior_steps", "Providências anteriores à execução", tuple(self._prior_steps()))
        yield Section("payments", "Pagamentos, estornos e remissões", tuple(self._payments()))
        yield Section("agreements", "Parcelamentos", tuple(self._agreements()))
        yield Section("replies", "Respostas do contribuinte", tuple(self._replies()))
        yield Section("law", "Fundamentos legais citados", tuple(Paragraph(law) for law in self._law()))
        yield Section("texts", "Anexo I: textos das notificações", tuple(self._texts()))
        yield Section("rules", "Anexo II: regras citadas, como escritas na régua", tuple(self._quotations()))
        yield Section("closing", "Encerramento", tuple(self._closing()))

    # ---- who, what, by which rules

    def _identification(self) -> Iterator[Pair]:
        case, person = self.dossier.case, self.dossier.person
        yield "Autoridade", self.ruler.authority
        yield "Protocolo (caso)", case.id
        yield "Contribuinte", person.name if self.reveal else "omitido"
        yield "CPF ou CNPJ", formatted(person.tax_id) if self.reveal else mask(person.tax_id)
        yield "Tributo", case.tax
        yield "Grupo", f"{case.cohort}, iniciado por {case.started_by}"
        yield "Régua", f"{self.ruler.title} ({self.ruler.label})"
        yield "Resumo criptográfico da régua (SHA-256)", case.frozen.digest
        yield "Fundamento", self._basis()
        yield "Data de referência", f"{day(self.dossier.as_of)}, a da última decisão"
        if case.clock.compressed:
            yield "Relógio", "ensaio em relógio comprimido: as datas do caso são lógicas"

    def _basis(self) -> str:
        """What the last approver saw; before that, what holds of a case that is on its way to a suspension."""
        if self.dossier.approvals:
            seen = self.dossier.approvals[-1]["seen"]
            return str(seen["because"])
        position, standing = self.dossier.case.position, self.dossier.standing
        suspends = position.row and any(rung.stage is Stage.SUSPENSION for rung in self.ruler.rows[position.row].rungs)
        if not suspends:
            return "o caso não está em hipótese que leve à suspensão de benefícios"
        if standing is None:
            return "não apurado: falta taxa ou regra para o valor devido"
        return basis_of(self.ruler, position, standing)[1]

    def _standing(self) -> str:
        case, step = self.dossier.case, self.dossier.next_step
        position = case.position
        said = [f"Na data de referência o caso está com a situação “{STATUSES[case.status]}”."]
        contacts = "um contato" if position.steps == 1 else f"{position.steps} contatos"
        since = f"Desde {day(position.started)}, quando entrou na régua, recebeu {contacts}"
        if position.row:
            said.append(f"{since}; está na hipótese {self._row(position.row)}.")
            said.append(f"Classificação: {_ended(position.entered_because)}")
        else:
            said.append(f"{since}.")
        if self.dossier.decisions:
            last = self.dossier.decisions[-1]
            said.append(f"Última decisão, em {day(last['at'])}: {_ended(last['reason'])}")
        if step is not None:
            when = f"em {day(step.on)}" if step.on else "sem data, à espera de um fato"
            said.append(f"Próximo passo, {when}: {_ended(step.reason)}")
        return " ".join(said)

    def _row(self, row: Any) -> str:
        known = self.ruler.rows.get(row)
        return f"{row.upper()} ({known.name})" if known else row.upper()

    def _path(self) -> Iterator[Block]:
        stops = tuple(self._stops())
        if not stops:
            yield Paragraph("Nenhum contato foi feito.")
            return
        words = "; ".join(
            f"{stop.number}º contato em {day(stop.on)}: {stop.row.upper()}, {STAGES[stop.stage]}, rigidez {stop.rigidity}"
            for stop in stops
        )
        yield Picture(path(self.ruler, stops), f"{words}.")

    def _stops(self) -> Iterator[Stop]:
        """One a contact, whatever its channels."""
        seen: set[int] = set()
        for notice in sorted(self.dossier.notices, key=lambda notice: (notice["step"], notice["id"])):
            if notice["kind"] == "rung" and notice["step"] not in seen:
                seen.add(notice["step"])
                stage = Stage(notice["stage"])
                yield Stop(notice["step"] + 1, notice["at"], notice["hypothesis"], stage, notice["rigidity"])

    # ---- what is owed

    def _owed(self) -> Iterator[Block]:
        debts = self.dossier.debts
        if debts:
            columns = ("Inscrição", "Período", "Vencimento", "Valor", "Recebido", "Remido", "Saldo", "Devido", "Notas")
            yield Grid(columns, tuple(self._debt(debt) for debt in debts))
            on = day(self.dossier.as_of)
            yield Paragraph(
                f"Saldo: valor menos o recebido e o remido. Devido: o que era exigível em {on}, com os acréscimos."
            )
        else:
            yield Paragraph("Nenhum débito.")
        if self.dossier.accrual:
            table = self.dossier.accrual
            yield Paragraph(f"Acréscimos pela tabela {table.accrual} ({table.title}): {'; '.join(self._accruals())}.")
        if self.dossier.filings:
            columns = ("Período", "Vencimento", "Declaração", "Declarado", "Apurado", "Pago", "Registro", "Vigência")
            yield Grid(columns, tuple(self._filing(filing) for filing in self.dossier.filings))

    def _debt(self, debt: Row) -> tuple[str, ...]:
        standing = self.dossier.standing
        owed = next((each.balance for each in standing.debts if each.id == debt["id"]), None) if standing else None
        notes = [
            "ajuizado" if debt["litigation"] else "",
            "protestado" if debt["protested"] else "",
            f"prescreve em {day(debt['prescribes'])}" if debt["prescribes"] else "",
        ]
        return (
            debt["inscription"],
            _period(debt["period"]),
            day(debt["due"]),
            *(money(debt[column]) for column in ("amount", "received", "remitted", "balance")),
            _money(owed),
            ", ".join(filter(None, notes)),
        )

    def _accruals(self) -> Iterator[str]:
        table = self.dossier.accrual
        assert table is not None  # noqa: S101 - the caller has one
        for what, entries in (
            ("multa", table.fine),
            ("juros", table.interest),
            ("encargo", table.fees),
            ("desconto", table.discounts),
        ):
            for entry in entries:
                until = f" a {day(entry.to)}" if entry.to else ""
                yield f"{what} desde {day(entry.from_)}{until}: {entry.source}"

    def _filing(self, filing: Row) -> tuple[str, ...]:
        state = RETURNS.get(filing["status"], filing["status"])
        if filing["filed_on"]:
            state += f" em {day(filing['filed_on'])}"
        if filing["corrected_on"]:
            state += f", retificada em {day(filing['corrected_on'])} para {_money(filing['corrected'])}"
        paid = money(filing["paid"]) + (f" em {day(filing['paid_on'])}" if filing["paid_on"] else "")
        current = f"até {self._instant(filing['superseded_at'])}" if filing["superseded_at"] else "vigente"
        return (
            _period(filing["period"]),
            day(filing["due"]),
            state,
            _money(filing["declared"]),
            _money(filing["assessed"]),
            paid,
            self._instant(filing["recorded_at"]),
            current,
        )

    def _holds(self) -> Iterator[Block]:
        columns = ("Débito", "Fundamento", "Origem", "Desde", "Até", "Registro", "Levantada")
        yield _grid(columns, (self._hold(hold) for hold in self.dossier.holds))

    def _hold(self, hold: Row) -> tuple[str, ...]:
        placed = (SOURCES.get(hold["source"], hold["source"]), hold["placed_by"], hold["reason"], hold["evidence"])
        lifted = (self._instant(hold["lifted_at"]), hold["lifted_by"], hold["lifted_because"])
        return (
            self._inscription(hold["debt"]),
            GROUNDS.get(hold["ground"], hold["ground"]),
            _joined(*placed),
            _day(hold["since"]),
            _day(hold["until"]),
            self._instant(hold["placed_at"]),
            _joined(*lifted) if hold["lifted_at"] else "em vigor",
        )

    def _inscription(self, debt: str) -> str:
        return next((str(each["inscription"]) for each in self.dossier.debts if each["id"] == debt), debt)

    # ---- the chronology

    def _about_times(self) -> str:
        zone = self.ruler.jurisdiction.timezone
        return (
            "Cada decisão traz a data do caso em que vale, o instante em que foi registrada, o motivo, a evidência que "
            f"viu e a regra que seguiu. Instantes no horário de {zone}. As linhas citadas estão no anexo II."
        )

    def _entries(self) -> Iterator[Entry]:
        for number, decision in enumerate(self.dossier.decisions, start=1):
            kind = decision["kind"]
            yield Entry(
                number=number,
                kind=kind,
                on=decision["at"].isoformat(),
                heading=f"{day(decision['at'])} · {TITLES.get(kind, kind)}",
                reason=decision["reason"],
                facts=tuple(self._facts_of(decision)),
                led_to=tuple(self._led_to(decision)),
            )

    def _facts_of(self, decision: Row) -> Iterator[Pair]:
        yield "Registro", self._instant(decision["recorded_at"])
        if cell := self._cell(decision):
            yield "Célula", cell
        if decision["occurrences"]:
            yield "Ocorrências na janela", str(decision["occurrences"])
        if evidence := "; ".join(self._evidence(decision["evidence"])):
            yield "Evidência", evidence
        for rule in self._rules_of(decision):
            yield "Regra", rule.words
        if decision["ruler"] != self.dossier.case.frozen.digest:
            yield "Régua", f"{self._pinned(decision).ruler.label}, {decision['ruler']}"
        if decision["hash"]:
            yield "Elo da cadeia", decision["hash"]

    def _cell(self, decision: Row) -> str:
        parts = [self._row(decision["hypothesis"])] if decision["hypothesis"] else []
        if decision["stage"]:
            parts.append(STAGES[Stage(decision["stage"])])
        if decision["rigidity"]:
            parts.append(f"rigidez {decision['rigidity']}")
        return " · ".join(parts)

    def _evidence(self, evidence: Row) -> Iterator[str]:
        rest = dict(evidence)
        if "balance" in rest:
            yield f"exigível {money(Decimal(rest.pop('balance')))}"
        debts = rest.pop("debts", {})
        if isinstance(debts, Mapping) and debts:
            each = (f"{self._inscription(debt)} {money(Decimal(amount))}" for debt, amount in debts.items())
            yield f"débitos: {', '.join(each)}"
        if grounds := rest.pop("grounds", ()):
            yield f"exigibilidade suspensa: {', '.join(GROUNDS.get(ground, ground) for ground in grounds)}"
        if "open" in rest:
            yield f"em aberto: {', '.join(map(_open, rest.pop('open'))) or 'nada'}"
        for key, value in rest.items():
            yield f"{EVIDENCE.get(key, key)}: {self._told(key, value)}"

    def _told(self, key: str, value: Any) -> str:
        if key in AMOUNTS:
            return money(Decimal(value))
        return self._inscription(value) if key == "debt" else str(value)

    def _pinned(self, decision: Row) -> PinnedRuler:
        return self.dossier.rulers[decision["ruler"]]

    def _rules_of(self, decision: Row) -> Iterator[_Rule]:
        pinned = self._pinned(decision)
        if rule := RULES.get(decision["kind"]):
            name, where = rule
            if found := quoted(pinned.source, where):
                yield _Rule(pinned, name, found)
        row, stage = decision["hypothesis"], decision["stage"]
        for index, rung in enumerate(pinned.ruler.rows[row].rungs if stage and row in pinned.ruler.rows else ()):
            found = quoted(pinned.source, ("rows", row, "rungs", index))
            if str(rung.stage) == stage and found:
                formal = ", formal" if rung.formal else ""
                name = f"degrau {STAGES[rung.stage]} de {row.upper()}{formal}, {_dwell(rung.dwell)}"
                yield _Rule(pinned, name, found)

    def _led_to(self, decision: Row) -> Iterator[str]:
        kind, on = decision["kind"], decision["at"]
        if notice := self._paired["notice"].get(decision["id"]):
            yield self._sent(notice)
        if approval := self._paired["approved"].get(decision["id"]):
            yield self._seen(approval)
        for suspension in self.dossier.suspensions:
            benefit = f"{suspension['name']} ({suspension['code']})"
            if kind == "suspended" and suspension["suspended_on"] == on:
                yield f"Benefício suspenso: {benefit}; aprovado por {suspension['approved_by']}."
            if kind in ("reinstated", "cancelled") and suspension["reinstated_on"] == on:
                yield f"Benefício devolvido: {benefit}, suspenso desde {day(suspension['suspended_on'])}."

    @cached_property
    def _paired(self) -> Mapping[str, Mapping[int, Row]]:
        """By decision: the notice that it claimed, and the approval that it recorded, each in its transaction."""
        return {
            "notice": self._pairs("notice", self.dossier.notices, "claimed_at", "at"),
            "approved": self._pairs("approved", self.dossier.approvals, "recorded_at", "given_on"),
        }

    def _pairs(self, kind: str, rows: Sequence[Row], instant: str, on: str) -> dict[int, Row]:
        """In the order of both: a decision is recorded after what it is about, and carries its day."""
        left, found = list(rows), dict[int, Row]()
        for decision in self.dossier.decisions:
            if decision["kind"] != kind:
                continue
            for row in left:
                if row[on] == decision["at"] and row[instant] <= decision["recorded_at"]:
                    found[decision["id"]] = row
                    left.remove(row)
                    break
        return found

    def _sent(self, notice: Row) -> str:
        number = 1 + self.dossier.notices.index(notice)
        word = " (devolução de benefícios)" if notice["kind"] == "reinstatement" else ""
        sent = f"enviada em {self._instant(notice['sent_at'])}" if notice["sent_at"] else "não enviada"
        said = f"Notificação {notice['id']}{word} por {CHANNELS[notice['channel']]}, {sent}"
        return f"{said}; {self._service_of(notice)}; texto no anexo I, item {number}."

    # ---- notices

    def _service(self) -> Iterator[Block]:
        columns = ("Item", "Notificação", "Canal", "Data", "Célula", "Enviada", "Entregue", "Lida", "Ciência")
        yield _grid(columns, (self._notice(n, notice) for n, notice in enumerate(self.dossier.notices, start=1)))

    def _notice(self, number: int, notice: Row) -> tuple[str, ...]:
        return (
            str(number),
            notice["id"],
            CHANNELS[notice["channel"]],
            day(notice["at"]),
            f"{notice['hypothesis'].upper()} · {STAGES[Stage(notice['stage'])]} · {notice['rigidity']}",
            self._instant(notice["sent_at"]) or NOTICE_STATES[notice["status"]],
            self._instant(self._first(notice, "delivered")),
            self._instant(self._first(notice, "read")),
            self._service_of(notice),
        )

    def _first(self, notice: Row, kind: str) -> datetime | None:
        found = [e["at"] for e in self.dossier.deliveries if (e["notice"], e["kind"]) == (notice["id"], kind)]
        return min(found, default=None)

    def _service_of(self, notice: Row) -> str:
        """Proof of service (ciência), or why there is none."""
        if notice["served_on"]:
            if notice["served_by"] == "deemed":
                return f"ciência tácita em {day(notice['served_on'])} ({notice['served_reference']})"
            how = f"por {PROVIDERS.get(notice['served_by'], notice['served_by'])}" if notice["served_by"] else ""
            return _joined(f"ciência em {day(notice['served_on'])} {how}".strip(), notice["served_reference"])
        if not notice["formal"]:
            return "não é formal: o prazo não depende de ciência"
        if notice["deemed_on"]:
            return f"sem ciência; tácita em {day(notice['deemed_on'])} ({notice['deemed_by']})"
        return "sem prova de ciência"

    def _texts(self) -> Iterator[Block]:
        for number, notice in enumerate(self.dossier.notices, start=1):
            heading = f"{number}. Notificação {notice['id']}, {CHANNELS[notice['channel']]}, {day(notice['at'])}"
            yield Verbatim(heading, tuple(self._about(notice)), notice["body"])
        if not self.dossier.notices:
            yield NOTHING

    def _about(self, notice: Row) -> Iterator[Pair]:
        if notice["subject"]:
            yield "Assunto", notice["subject"]
        yield "Modelo", notice["template"]
        yield "Redigida", self._instant(notice["claimed_at"])
        yield "Situação", _joined(NOTICE_STATES[notice["status"]], notice["failure"])
        if notice["channel"] != notice["way"]:
            yield "No lugar de", CHANNELS[notice["way"]]
        if notice["provider"]:
            yield "Provedor", _joined(PROVIDERS.get(notice["provider"], notice["provider"]), notice["provider_id"])
        if self.reveal and notice["address"]:
            yield "Endereço", notice["address"]
        yield "Ciência", self._service_of(notice)
        for event in self.dossier.deliveries:
            if event["notice"] == notice["id"]:
                said = NOTICE_STATES.get(event["kind"], event["kind"])
                yield "Evento", _joined(self._instant(event["at"]), said, event["reason"])

    # ---- what people did

    def _defences(self) -> Iterator[Block]:
        columns = ("Apresentada", "Referência", "Registrada", "Situação", "Decisão", "Motivo")
        yield _grid(
            columns,
            (
                (
                    day(row["filed_on"]),
                    row["reference"],
                    _joined(row["recorded_by"], self._instant(row["recorded_at"])),
                    DEFENCE_STATES[row["state"]],
                    _joined(_day(row["decided_on"]), row["decided_by"]),
                    row["reason"] or "",
                )
                for row in self.dossier.defences
            ),
        )

    def _approvals(self) -> Iterator[Block]:
        for approval in self.dossier.approvals:
            ended = f" em {self._instant(approval['ended_at'])}" if approval["ended_at"] else ""
            state = APPROVAL_STATES[approval["state"]]
            yield Paragraph(
                f"{self._seen(approval)} Registrada em {self._instant(approval['recorded_at'])}; {state}{ended}."
            )
        if not self.dossier.approvals:
            yield NOTHING

    def _seen(self, approval: Row) -> str:
        seen = approval["seen"]
        benefits = "; ".join(f"{each['name']} ({each['code']})" for each in seen["benefits"]) or "nenhum"
        served = "; ".join(
            f"{each['id']} por {CHANNELS[each['channel']]}, ciência em {day(date.fromisoformat(each['served_on']))}"
            for each in seen["notices"]
        )
        return (
            f"Aprovação de {approval['given_by']} em {day(approval['given_on'])}: {_ended(approval['reason'])} "
            f"O que foi visto: saldo de {money(Decimal(seen['balance']))} em {day(date.fromisoformat(seen['on']))}; "
            f"fundamento: {_ended(seen['because'])} Benefícios a suspender: {benefits}. "
            f"Notificações com ciência: {served or 'nenhuma'}. Resumo do que foi visto: {seen['fingerprint']}."
        )

    def _suspensions(self) -> Iterator[Block]:
        columns = ("Benefício", "Suspenso", "Aprovado por", "Registro", "Devolvido", "Comunicação da devolução")
        yield _grid(columns, (self._suspension(row) for row in self.dossier.suspensions))

    def _suspension(self, row: Row) -> tuple[str, ...]:
        returned = row["reinstated_on"]
        words = [n for n in self.dossier.notices if n["kind"] == "reinstatement" and returned and n["at"] >= returned]
        return (
            f"{row['name']} ({row['code']})",
            day(row["suspended_on"]),
            row["approved_by"],
            self._instant(row["recorded_at"]),
            _joined(day(returned), self._instant(row["reinstated_at"])) if returned else "permanece suspenso",
            "; ".join(f"{n['id']}, {self._instant(n['sent_at']) or NOTICE_STATES[n['status']]}" for n in words),
        )

    def _prior_steps(self) -> Iterator[Block]:
        columns = ("Providência", "Data", "Referência", "Registro")
        yield _grid(
            columns,
            (
                (
                    PRIOR_STEPS.get(row["kind"], row["kind"]),
                    day(row["on"]),
                    row["reference"],
                    _joined(row["recorded_by"], self._instant(row["recorded_at"])),
                )
                for row in self.dossier.prior_steps
            ),
        )

    def _payments(self) -> Iterator[Block]:
        columns = ("Pagamento", "Meio", "Débito", "Valor", "Data", "Registro", "Parcelamento")
        yield _grid(columns, (self._payment(row) for row in self.dossier.payments))
        if self.dossier.reversals:
            columns = ("Estorno", "Do pagamento", "Valor", "Data", "Registro")
            yield Grid(columns, tuple(self._reversal(row) for row in self.dossier.reversals))
        if self.dossier.remissions:
            columns = ("Remissão", "Débito", "Valor", "Data")
            yield Grid(columns, tuple(self._remission(row) for row in self.dossier.remissions))

    def _payment(self, row: Row) -> tuple[str, ...]:
        by_hand = f"associado por {row['matched_by']}" if row["matched_by"] else ""
        return (
            f"{row['id']} · {row['reference']}",
            row["channel"],
            self._inscription(row["debt"]),
            money(row["amount"]),
            day(row["paid_on"]),
            _joined(self._instant(row["recorded_at"]), by_hand),
            row["agreement"] or "",
        )

    def _reversal(self, row: Row) -> tuple[str, ...]:
        when = day(row["reversed_on"]), self._instant(row["recorded_at"])
        return (row["reference"], str(row["payment"]), money(row["amount"]), *when)

    def _remission(self, row: Row) -> tuple[str, ...]:
        why = f"{REMISSIONS.get(row['ground'], row['ground'])} {row['reference']}"
        return (why, self._inscription(row["debt"]), money(row["amount"]), day(row["remitted_on"]))

    def _agreements(self) -> Iterator[Block]:
        columns = ("Parcelamento", "Política", "Assinado", "Valor", "Desconto", "Parcelas pagas", "Situação")
        yield _grid(columns, (self._agreement(row) for row in self.dossier.agreements))

    def _agreement(self, row: Row) -> tuple[str, ...]:
        ends = {"em vigor desde": "effective_on", "rompido em": "broken_on", "concluído em": "completed_on"}
        dates = [f"{what} {day(row[column])}" for what, column in ends.items() if row[column]]
        return (
            row["id"],
            row["policy"],
            _joined(day(row["signed_on"]), row["signed_by"]),
            money(row["amount"]),
            money(row["discount"]),
            f"{row['paid']} de {row['instalments']}",
            _joined(AGREEMENT_STATES.get(row["state"], row["state"]), *dates),
        )

    def _replies(self) -> Iterator[Block]:
        columns = ("Registro", "Canal", "Assunto", "Resposta dada") + (("Texto",) if self.reveal else ())
        yield _grid(columns, (self._reply(row) for row in self.dossier.replies))

    def _reply(self, row: Row) -> tuple[str, ...]:
        intent = INTENTS.get(row["intent"], row["intent"])
        said = self._instant(row["recorded_at"]), CHANNELS.get(row["channel"], row["channel"]), intent
        return (*said, row["answer"] or "", *((row["body"],) if self.reveal else ()))

    # ---- law, annexes, closing

    def _law(self) -> Iterator[str]:
        dossier, jurisdiction = self.dossier, self.ruler.jurisdiction
        cited: list[str] = ["CTN art. 198: sigilo fiscal.", "CTN art. 210: contagem dos prazos em dias corridos."]
        if self.ruler.gate:
            law = self.ruler.defaulter_law(dossier.case.position.started)
            limits = f" Limites: {_limits(law)} ({law.source})." if law else ""
            cited.append(
                "LC 225/2026, arts. 11 a 13: devedor contumaz, notificação, 30 dias de defesa com efeito suspensivo, "
                f"suspensão de benefícios enquanto durarem as causas.{limits}"
            )
            if self.ruler.gate.returns_law:
                cited.append(f"{self.ruler.gate.returns_law}: suspensão por declaração em aberto.")
        if any(notice["deemed_by"] for notice in dossier.notices):
            cited += [f"{rule.source}: ciência tácita ({rule.wait})." for rule in jurisdiction.deemed]
        if dossier.holds:
            cited.append("CTN art. 151: suspensão da exigibilidade do crédito.")
        if any(debt["prescribes"] for debt in dossier.debts):
            cited.append("CTN art. 174: prescrição em cinco anos da constituição definitiva.")
        if dossier.prior_steps or dossier.case.position.referred:
            cited.append("Resolução CNJ 547/2024, arts. 2º e 3º: providências anteriores à execução fiscal.")
            cited.append("Lei 14.973/2024: comunicação prévia do CADIN.")
        if dossier.accrual:
            cited += [f"{source}: acréscimos." for source in self._sources()]
        return iter(cited)

    def _sources(self) -> list[str]:
        table = self.dossier.accrual
        assert table is not None  # noqa: S101 - the caller has one
        entries = (*table.fine, *table.interest, *table.fees, *table.discounts)
        return list(dict.fromkeys(entry.source for entry in entries))

    def _quotations(self) -> Iterator[Block]:
        """Each once, in the order of its lines."""
        rules = {rule.place: rule for decision in self.dossier.decisions for rule in self._rules_of(decision)}
        for place in sorted(rules):
            rule = rules[place]
            lines = zip(range(rule.quotation.first, rule.quotation.last + 1), rule.quotation.lines, strict=True)
            text = "\n".join(f"{number:>4}  {line}" for number, line in lines)
            yield Verbatim(f"{rule.pinned.ruler.label}, {rule.lines}", (), text)
        if not rules:
            yield NOTHING

    def _closing(self) -> Iterator[Block]:
        count = len(self.dossier.decisions)
        entries = "uma decisão" if count == 1 else f"{count} decisões"
        notices = "uma notificação" if len(self.dossier.notices) == 1 else f"{len(self.dossier.notices)} notificações"
        yield Paragraph(
            f"Este documento traz {entries} e {notices}: todas as que constam do registro do caso {self.dossier.case.id} "
            "até a última decisão. Foi feito somente do registro, e do mesmo registro resulta sempre idêntico, byte a byte."
        )
        chained = [decision["hash"] for decision in self.dossier.decisions if decision["hash"]]
        if chained:
            yield Paragraph(f"Último elo da cadeia de decisões: {chained[-1]}.")

    def _instant(self, at: datetime | None) -> str:
        local = at.astimezone(ZoneInfo(self.ruler.jurisdiction.timezone)) if at else None
        return f"{local:%d/%m/%Y %H:%M:%S}" if local else ""


NOTHING = Paragraph("Nada consta.")

EVIDENCE = {
    "agreement": "parcelamento",
    "amount": "valor",
    "breaks_on": "rompe-se em",
    "channel": "canal",
    "debt": "débito",
    "decided_on": "certo desde",
    "instalment": "parcela",
    "notice": "notificação",
    "payment": "pagamento",
    "price": "preço da oferta",
    "provider": "provedor",
    "reference": "referência",
    "remitted": "remido",
    "reply": "resposta",
}

AMOUNTS = frozenset({"amount", "price", "remitted"})

REMISSIONS = {"agreement": "parcelamento", "campaign": "campanha"}


@dataclass(frozen=True)
class _Rule:
    pinned: PinnedRuler
    name: str
    quotation: Quotation

    @property
    def place(self) -> tuple[str, int, int]:
        return self.pinned.ruler.label, self.quotation.first, self.quotation.last

    @property
    def lines(self) -> str:
        first, last = self.quotation.first, self.quotation.last
        return f"linha {first}" if first == last else f"linhas {first} a {last}"

    @property
    def words(self) -> str:
        return f"{self.name}; {self.lines} da régua {self.pinned.ruler.label}"


def _grid(columns: tuple[str, ...], rows: Iterable[tuple[str, ...]]) -> Block:
    listed = tuple(rows)
    return Grid(columns, listed) if listed else NOTHING


def _dwell(dwell: Wait | None) -> str:
    return f"permanência mínima de {dwell}" if dwell else "sem permanência mínima"


def _limits(law: Any) -> str:
    share = f", mais de {percent(law.assets_share * 100)}% do patrimônio conhecido" if law.assets_share else ""
    return f"{money(law.amount)}{share}, {law.consecutive} períodos seguidos ou {law.alternate} alternados em 12 meses"


def _open(written: str) -> str:
    """`non_payment 2025-10` in words."""
    kind, _, about = written.partition(" ")
    return f"{KINDS[Kind(kind)]} {_period(about)}" if kind in list(Kind) else written


def _period(written: str | None) -> str:
    return period(written) if written else ""


def _money(amount: Decimal | None) -> str:
    return "" if amount is None else money(amount)


def _day(on: date | None) -> str:
    return day(on) if on else ""


def _joined(*parts: str | None) -> str:
    return ", ".join(part for part in parts if part)


def _ended(sentence: str) -> str:
    return sentence if sentence.endswith((".", "!", "?", "…")) else f"{sentence}."
