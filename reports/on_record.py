"""The parts of an explanation that the record keeps beside the journal: debts, holds, notices, payments, and what
people did."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime

from models.contact.delivery import Progress
from models.formats import day, money
from models.money.accrual_table import AccrualTable
from models.ruler.schema import Stage
from models.words import AGREEMENT_STATES, CHANNELS, COMMUNICATIONS, GROUNDS, INTENTS, PRIOR_STEPS, STAGES
from reports.document import Block, Grid, Paragraph, Verbatim
from reports.record import (
    NOTHING,
    NOTICE_STATES,
    PROVIDERS,
    Pair,
    Record,
    called,
    day_of,
    grid,
    joined,
    money_of,
    period_of,
)
from storage.read_models.dossier_parts import (
    Agreement,
    Debt,
    Filing,
    Hold,
    Notice,
    Payment,
    Remission,
    Reply,
    Reversal,
    Suspension,
)

APPROVAL_STATES = {"given": "em vigor", "carried_out": "cumprida", "lapsed": "caducada"}
DEFENCE_STATES = {"open": "em análise", "accepted": "aceita", "rejected": "rejeitada"}
RETURNS = {"filed": "entregue", "late": "entregue com atraso", "missing": "não entregue", "not_required": "dispensada"}
SOURCES = {"extract": "extrato", "person": "ato de autoridade"}
DELIVERED, READ = frozenset({"delivered"}), frozenset({"open", "click", "read"})
"""The providers' own words for it."""
SEEN = frozenset({Progress.READ, Progress.ANSWERED})
EVENTS = {
    "processed": "aceita pelo provedor",
    "queued": "na fila",
    "sent": "enviada",
    "deferred": "adiada",
    "delivered": "entregue",
    "open": "aberta",
    "click": "ligação aberta",
    "read": "lida",
    "answered": "atendida",
    "completed": "concluída",
    "bounce": "devolvida",
    "dropped": "descartada",
    "undelivered": "não entregue",
    "failed": "falhou",
    "spamreport": "denunciada como indesejada",
}
REMISSIONS = {
    "agreement": "parcelamento",
    "campaign": "campanha",
    "offset": "compensação com precatório no parcelamento",
    "superseded": "acréscimos substituídos pelos do parcelamento",
}


def owed(record: Record) -> Iterator[Block]:
    dossier = record.dossier
    debts = ("Inscrição", "Período", "Vencimento", "Valor", "Recebido", "Remido", "Saldo", "Devido", "Notas")
    yield grid(debts, (_debt(record, debt) for debt in dossier.debts))
    if dossier.debts:
        on = day(dossier.as_of)
        yield Paragraph(f"Saldo: valor menos recebido e remido. Devido: o exigível em {on}, com os acréscimos.")
    if dossier.accrual:
        yield Paragraph(f"Acréscimos, {dossier.accrual.title}: {'; '.join(_accruals(dossier.accrual))}.")
    if dossier.filings:
        returns = ("Período", "Vencimento", "Declaração", "Declarado", "Apurado", "Pago", "Registro", "Vigência")
        yield Grid(returns, tuple(_filing(record, filing) for filing in dossier.filings))


def _debt(record: Record, debt: Debt) -> tuple[str, ...]:
    notes = [
        "ajuizado" if debt["litigation"] else "",
        "protestado" if debt["protested"] else "",
        f"prescreve em {day(debt['prescribes'])}" if debt["prescribes"] and not debt["extinct_on"] else "",
        f"extinto em {day(debt['extinct_on'])}" if debt["extinct_on"] else "",
    ]
    return (
        debt["inscription"],
        period_of(debt["period"]),
        day(debt["due"]),
        *(money(debt[column]) for column in ("amount", "received", "remitted", "balance")),
        money_of(record.owed.get(debt["id"])),
        ", ".join(filter(None, notes)),
    )


def _accruals(table: AccrualTable) -> Iterator[str]:
    parts = {"multa": table.fine, "juros": table.interest, "encargo": table.fees, "desconto": table.discounts}
    for what, entries in parts.items():
        for entry in entries:
            until = f" a {day(entry.to)}" if entry.to else ""
            yield f"{what} desde {day(entry.from_)}{until}: {entry.source}"


def _filing(record: Record, filing: Filing) -> tuple[str, ...]:
    state = called(RETURNS, filing["status"])
    if filing["filed_on"]:
        state += f" em {day(filing['filed_on'])}"
    if filing["corrected_on"]:
        state += f", retificada em {day(filing['corrected_on'])} para {money_of(filing['corrected'])}"
    paid = money(filing["paid"]) + (f" em {day(filing['paid_on'])}" if filing["paid_on"] else "")
    current = f"até {record.instant(filing['superseded_at'])}" if filing["superseded_at"] else "vigente"
    return (
        period_of(filing["period"]),
        day(filing["due"]),
        state,
        money_of(filing["declared"]),
        money_of(filing["assessed"]),
        paid,
        record.instant(filing["recorded_at"]),
        current,
    )


def holds(record: Record) -> Iterator[Block]:
    columns = ("Débito", "Fundamento", "Origem", "Desde", "Até", "Registro", "Levantada")
    yield grid(columns, (_hold(record, hold) for hold in record.dossier.holds))


def _hold(record: Record, hold: Hold) -> tuple[str, ...]:
    placed = (called(SOURCES, hold["source"]), hold["placed_by"], hold["reason"], hold["evidence"])
    lifted = (record.instant(hold["lifted_at"]), hold["lifted_by"], hold["lifted_because"])
    return (
        record.inscription(hold["debt"]),
        called(GROUNDS, hold["ground"]),
        joined(*placed),
        day_of(hold["since"]),
        day_of(hold["until"]),
        record.instant(hold["placed_at"]),
        joined(*lifted) if hold["lifted_at"] else "em vigor",
    )


def service(record: Record) -> Iterator[Block]:
    columns = ("Item", "Notificação", "Canal", "Data", "Célula", "Enviada", "Entregue", "Lida", "Ciência")
    yield grid(columns, (_notice(record, n, notice) for n, notice in enumerate(record.dossier.notices, start=1)))


def _notice(record: Record, number: int, notice: Notice) -> tuple[str, ...]:
    return (
        str(number),
        notice["id"],
        CHANNELS[notice["channel"]],
        day(notice["at"]),
        _cell(notice),
        record.instant(notice["sent_at"]) or NOTICE_STATES[notice["status"]],
        record.instant(_first(record, notice, DELIVERED)),
        # an opening by the recipient's machine is no reading, and left the notice as it was
        record.instant(_first(record, notice, READ) if Progress(notice["status"]) in SEEN else None),
        record.service_of(notice),
    )


def _cell(notice: Notice) -> str:
    """The cell of a rung's notice; of what is told beside the rungs, what it is."""
    if not notice["hypothesis"] or not notice["stage"]:
        return COMMUNICATIONS[notice["kind"]]
    return f"{notice['hypothesis'].upper()} · {STAGES[Stage(notice['stage'])]} · {notice['rigidity']}"


def _first(record: Record, notice: Notice, kinds: frozenset[str]) -> datetime | None:
    found = [e["at"] for e in record.dossier.deliveries if e["notice"] == notice["id"] and e["kind"] in kinds]
    return min(found, default=None)


def texts(record: Record) -> Iterator[Block]:
    for number, notice in enumerate(record.dossier.notices, start=1):
        heading = f"{number}. Notificação {notice['id']}, {CHANNELS[notice['channel']]}, {day(notice['at'])}"
        yield Verbatim(heading, tuple(_about(record, notice)), notice["body"])
    if not record.dossier.notices:
        yield NOTHING


def _about(record: Record, notice: Notice) -> Iterator[Pair]:
    if notice["subject"]:
        yield "Assunto", notice["subject"]
    yield "Modelo", notice["template"]
    yield "Redigida", record.instant(notice["claimed_at"])
    yield "Situação", joined(NOTICE_STATES[notice["status"]], notice["failure"])
    if notice["channel"] != notice["rung_channel"]:
        yield "No lugar de", CHANNELS[notice["rung_channel"]]
    if notice["provider"]:
        yield "Provedor", joined(called(PROVIDERS, notice["provider"]), notice["provider_id"])
    if record.reveal and notice["address"]:
        yield "Endereço", notice["address"]
    yield "Ciência", record.service_of(notice)
    for event in record.dossier.deliveries:
        if event["notice"] == notice["id"]:
            yield "Evento", joined(record.instant(event["at"]), called(EVENTS, event["kind"]), event["reason"])


def defences(record: Record) -> Iterator[Block]:
    columns = ("Apresentada", "Referência", "Registrada", "Situação", "Decisão", "Motivo")
    yield grid(
        columns,
        (
            (
                day(row["filed_on"]),
                row["reference"],
                joined(row["recorded_by"], record.instant(row["recorded_at"])),
                DEFENCE_STATES[row["state"]],
                joined(day_of(row["decided_on"]), row["decided_by"]),
                row["reason"] or "",
            )
            for row in record.dossier.defences
        ),
    )


def approvals(record: Record) -> Iterator[Block]:
    for approval in record.dossier.approvals:
        ended = f" em {record.instant(approval['ended_at'])}" if approval["ended_at"] else ""
        state = APPROVAL_STATES[approval["state"]]
        yield Paragraph(
            f"{record.seen(approval)} Registrada em {record.instant(approval['recorded_at'])}; {state}{ended}."
        )
    if not record.dossier.approvals:
        yield NOTHING


def suspensions(record: Record) -> Iterator[Block]:
    columns = ("Benefício", "Suspenso", "Aprovado por", "Registro", "Devolvido", "Comunicação da devolução")
    yield grid(columns, (_suspension(record, row) for row in record.dossier.suspensions))


def _suspension(record: Record, row: Suspension) -> tuple[str, ...]:
    returned = row["reinstated_on"]
    words = [n for n in record.dossier.notices if n["kind"] == "reinstatement" and returned and n["at"] >= returned]
    return (
        f"{row['name']} ({row['code']})",
        day(row["suspended_on"]),
        row["approved_by"],
        record.instant(row["recorded_at"]),
        joined(day(returned), record.instant(row["reinstated_at"])) if returned else "permanece suspenso",
        "; ".join(f"{n['id']}, {record.instant(n['sent_at']) or NOTICE_STATES[n['status']]}" for n in words),
    )


def prior_steps(record: Record) -> Iterator[Block]:
    columns = ("Providência", "Débitos", "Data", "Referência", "Registro")
    yield grid(
        columns,
        (
            (
                called(PRIOR_STEPS, row["kind"]),
                ", ".join(map(record.inscription, row["debts"])),
                day(row["on"]),
                row["reference"],
                joined(row["recorded_by"], record.instant(row["recorded_at"])),
            )
            for row in record.dossier.prior_steps
        ),
    )


def payments(record: Record) -> Iterator[Block]:
    paid = ("Pagamento", "Meio", "Débito", "Valor", "Data", "Registro", "Parcelamento")
    yield grid(paid, (_payment(record, row) for row in record.dossier.payments))
    if record.dossier.reversals:
        reversed_ = ("Estorno", "Do pagamento", "Valor", "Data", "Registro")
        yield Grid(reversed_, tuple(_reversal(record, row) for row in record.dossier.reversals))
    if record.dossier.remissions:
        remitted = ("Remissão", "Débito", "Valor", "Data")
        yield Grid(remitted, tuple(_remission(record, row) for row in record.dossier.remissions))


def _payment(record: Record, row: Payment) -> tuple[str, ...]:
    by_hand = f"associado por {row['matched_by']}" if row["matched_by"] else ""
    return (
        f"{row['id']} · {row['reference']}",
        row["channel"],
        record.inscription(row["debt"]),
        money(row["amount"]),
        day(row["paid_on"]),
        joined(record.instant(row["recorded_at"]), by_hand),
        row["agreement"] or "",
    )


def _reversal(record: Record, row: Reversal) -> tuple[str, ...]:
    when = day(row["reversed_on"]), record.instant(row["recorded_at"])
    return (row["reference"], str(row["payment"]), money(row["amount"]), *when)


def _remission(record: Record, row: Remission) -> tuple[str, ...]:
    why = f"{called(REMISSIONS, row['ground'])} {row['reference']}"
    return (why, record.inscription(row["debt"]), money(row["amount"]), day(row["remitted_on"]))


def agreements(record: Record) -> Iterator[Block]:
    columns = ("Parcelamento", "Política", "Assinado", "Valor", "Desconto", "Parcelas pagas", "Situação")
    yield grid(columns, (_agreement(record, row) for row in record.dossier.agreements))


def _agreement(record: Record, row: Agreement) -> tuple[str, ...]:
    ends = {
        "em vigor desde": row["effective_on"],
        "rompido em": row["broken_on"],
        "concluído em": row["completed_on"],
    }
    dates = [f"{what} {day(on)}" for what, on in ends.items() if on]
    return (
        row["id"],
        row["policy"],
        joined(day(row["signed_on"]), row["signed_by"]),
        money(row["amount"]),
        money(row["discount"]),
        f"{row['paid']} de {row['instalments']}",
        joined(called(AGREEMENT_STATES, row["state"]), *dates),
    )


def replies(record: Record) -> Iterator[Block]:
    columns = ("Registro", "Canal", "Assunto", "Resposta dada") + (("Texto",) if record.reveal else ())
    yield grid(columns, (_reply(record, row) for row in record.dossier.replies))


def _reply(record: Record, row: Reply) -> tuple[str, ...]:
    intent = called(INTENTS, row["intent"])
    said = record.instant(row["recorded_at"]), called(CHANNELS, row["channel"]), intent
    return (*said, row["answer"] or "", *((row["body"],) if record.reveal else ()))
