"""Why is this taxpayer here? A dossier told in pt-BR, from the first decision to the last, as it may be filed in court.

Pure: the same record is told in the same words, whoever asks and whenever.
"""

from __future__ import annotations

from collections.abc import Iterator

from models.case.gate import basis_of
from models.case.state import OffMap, Referred
from models.formats import day, money, percent
from models.law.jurisdiction import PersistentDefaulter
from models.proof.holdout import Arm
from models.ruler.schema import Stage
from models.taxid import formatted, mask
from models.words import STAGES, STATUSES, habits_in_words
from reports import on_record
from reports.by_credit import by_credit
from reports.chronology import entries, quotations
from reports.document import Block, Document, Facts, Paragraph, Picture, Section, rewritten
from reports.drawing import Stop, path
from reports.record import Pair, Record, ended
from storage.read_models.dossier import Dossier

CONFIDENTIAL = "Documento com informação protegida por sigilo fiscal (CTN art. 198)."
MASKED = f"{CONFIDENTIAL} Nome, inscrição completa e endereços do contribuinte foram omitidos (Lei 13.709/2018)."


def explain(dossier: Dossier, reveal: bool) -> Document:
    """The explanation of a case. Without `reveal` nothing in it names the taxpayer or says where to reach him."""
    record = Record(dossier, reveal)
    document = Document(
        case=dossier.case.id,
        title=f"Explicação do caso {dossier.case.id}",
        authority=record.ruler.authority,
        notice=CONFIDENTIAL if reveal else MASKED,
        foot=f"Caso {dossier.case.id} · sigilo fiscal (CTN art. 198)",
        sections=tuple(_sections(record)),
    )
    return document if reveal else rewritten(document, dossier.person.redacted)


def _sections(record: Record) -> Iterator[Section]:
    yield Section("identification", "Identificação", (Facts(tuple(_identification(record))),))
    yield Section("situation", "Situação do caso", (Paragraph(_facts(record)),))
    yield Section("path", "Percurso no mapa de calor", tuple(_path(record)))
    yield Section("debts", "Débitos e declarações", tuple(on_record.owed(record)))
    yield Section("holds", "Suspensões de exigibilidade", tuple(on_record.holds(record)))
    yield Section("chronology", "Cronologia das decisões", (_how_to_read(record), *entries(record)))
    yield Section("service", "Notificações e provas de ciência", tuple(on_record.service(record)))
    yield Section("credits", "Por crédito: notificação, ciência, prazo, defesa e ato", tuple(by_credit(record)))
    yield Section("defences", "Defesas", tuple(on_record.defences(record)))
    yield Section("approvals", "Aprovações e o que foi visto", tuple(on_record.approvals(record)))
    yield Section("suspensions", "Benefícios suspensos e devolvidos", tuple(on_record.suspensions(record)))
    yield Section("prior_steps", "Providências anteriores à execução", tuple(on_record.prior_steps(record)))
    yield Section("payments", "Pagamentos, estornos e remissões", tuple(on_record.payments(record)))
    yield Section("agreements", "Parcelamentos", tuple(on_record.agreements(record)))
    yield Section("replies", "Respostas do contribuinte", tuple(on_record.replies(record)))
    yield Section("law", "Fundamentos legais citados", tuple(Paragraph(law) for law in _law(record)))
    yield Section("texts", "Anexo I: textos das notificações", tuple(on_record.texts(record)))
    yield Section("rules", "Anexo II: regras citadas, como escritas na régua", tuple(quotations(record)))
    yield Section("closing", "Encerramento", tuple(_closing(record)))


GOES_BY = {
    Arm.RULER: "o caso segue os degraus da régua para esse hábito",
    Arm.STANDARD: "o caso segue os degraus padrão da régua, para comparação",
}


def _identification(record: Record) -> Iterator[Pair]:
    case, person, ruler = record.dossier.case, record.dossier.person, record.ruler
    yield "Autoridade", ruler.authority
    yield "Protocolo (caso)", case.id
    yield "Contribuinte", person.name if record.reveal else "omitido"
    yield "CPF ou CNPJ", formatted(person.tax_id) if record.reveal else mask(person.tax_id)
    yield "Tributo", case.tax
    yield "Grupo", f"{case.cohort}, iniciado por {case.started_by}"
    if case.habits and case.arm in GOES_BY:
        yield "Hábito", f"{habits_in_words(case.habits)}; por sorteio, {GOES_BY[case.arm]}"
    yield "Régua", f"{ruler.title} ({ruler.label})" + (": exemplo, não verificado" if ruler.is_example else "")
    yield "Resumo da régua (SHA-256)", case.frozen.digest
    yield "Fundamento", _basis(record)
    yield "Data de referência", f"{day(record.dossier.as_of)}, a da última decisão"
    if case.clock.compressed:
        yield "Relógio", "ensaio em relógio comprimido: as datas do caso são lógicas"


def _basis(record: Record) -> str:
    """The basis that the last approver saw; before that, the one that holds of a case that is on its way to a
    suspension."""
    if record.dossier.approvals:
        return str(record.dossier.approvals[-1]["seen"]["because"])
    case, facts = record.dossier.case, record.dossier.facts
    row = case.ruler.rows.get(case.state.row) if case.state.row else None
    if row is None or row.rungs[-1].stage is not Stage.SUSPENSION:
        return "o caso não está em hipótese que leve à suspensão de benefícios"
    if facts is None:
        return "não apurado: falta taxa ou regra para o valor devido"
    return basis_of(case.view(case.state, facts))[1]


def _facts(record: Record) -> str:
    case, decisions, step = record.dossier.case, record.dossier.decisions, record.dossier.next_step
    state = case.state
    contacts = "um contato" if state.steps == 1 else f"{state.steps} contatos"
    said = [
        f"Na data de referência o caso está com a situação “{STATUSES[case.status]}”.",
        f"Entrou na régua em {day(state.started)} e recebeu {contacts}.",
    ]
    if not isinstance(state.place, OffMap):
        why = ended(state.place.entered_because)
        said.append(f"Hipótese: {record.row(state.place.row)}. Classificação: {why}")
    if decisions:
        said.append(f"Última decisão, em {day(decisions[-1]['at'])}: {ended(decisions[-1]['reason'])}")
    if step is not None:
        when = f"em {day(step.on)}" if step.on else "sem data, à espera de um fato"
        said.append(f"Próximo passo, {when}: {ended(step.reason)}")
    return " ".join(said)


def _path(record: Record) -> Iterator[Block]:
    stops = tuple(_stops(record))
    if not stops:
        yield Paragraph("Nenhum contato foi feito.")
        return
    words = "; ".join(
        f"{stop.number}º contato em {day(stop.on)}: {stop.row.upper()}, {STAGES[stop.stage]}, rigidez {stop.rigidity}"
        for stop in stops
    )
    yield Picture(path(record.ruler, stops), f"{words}.")


def _stops(record: Record) -> Iterator[Stop]:
    """The stops on a case's path, one a contact, whatever its channels."""
    seen: set[int] = set()
    for notice in sorted(record.dossier.notices, key=lambda notice: (notice["step"] or 0, notice["id"])):
        step, row, stage, rigidity = notice["step"], notice["hypothesis"], notice["stage"], notice["rigidity"]
        if notice["kind"] == "rung" and step not in seen and row and stage and rigidity and step is not None:
            seen.add(step)
            yield Stop(step + 1, notice["at"], row, Stage(stage), rigidity)


def _how_to_read(record: Record) -> Paragraph:
    return Paragraph(
        "Cada decisão traz a data do caso em que vale, o instante em que foi registrada, o motivo, a evidência que viu "
        f"e a regra que seguiu. Instantes no horário de {record.ruler.jurisdiction.timezone}. As linhas citadas estão "
        "no anexo II."
    )


def _law(record: Record) -> Iterator[str]:
    dossier, ruler = record.dossier, record.ruler
    yield "CTN art. 198: sigilo fiscal."
    yield "CTN art. 210: contagem dos prazos em dias corridos."
    if ruler.gate:
        law = ruler.defaulter_law(dossier.case.state.started)
        limits = f" Limites: {_limits(law)} ({law.source})." if law else ""
        yield (
            "LC 225/2026, arts. 11 a 13: devedor contumaz, notificação, defesa com efeito suspensivo, suspensão de "
            f"benefícios enquanto durarem as causas.{limits}"
        )
        if ruler.gate.returns_law:
            yield f"{ruler.gate.returns_law}: suspensão por declaração em aberto."
    for source in dict.fromkeys(notice["deemed_by"] for notice in dossier.notices if notice["deemed_by"]):
        yield f"{source}: ciência tácita."
    if dossier.holds:
        yield "CTN art. 151: suspensão da exigibilidade do crédito."
    if any(debt["prescribes"] for debt in dossier.debts):
        yield "CTN art. 174: prescrição em cinco anos da constituição definitiva."
    if dossier.prior_steps or isinstance(dossier.case.state.place, Referred):
        yield "Resolução CNJ 547/2024, arts. 2º e 3º: providências anteriores à execução fiscal."
        yield "Lei 14.973/2024: comunicação prévia do CADIN."
    if table := dossier.accrual:
        for source in dict.fromkeys(entry.source for entry in (*table.fine, *table.interest, *table.fees)):
            yield f"{source}: acréscimos."


def _limits(law: PersistentDefaulter) -> str:
    share = f", mais de {percent(law.assets_share * 100)}% do patrimônio conhecido" if law.assets_share else ""
    return f"{money(law.amount)}{share}, {law.consecutive} períodos seguidos ou {law.alternate} alternados em 12 meses"


def _closing(record: Record) -> Iterator[Block]:
    decisions, notices = record.dossier.decisions, record.dossier.notices
    yield Paragraph(
        f"Este documento traz todas as decisões do caso {record.dossier.case.id} no registro ({len(decisions)}) e "
        f"todas as suas notificações ({len(notices)}). Foi feito somente do registro, e do mesmo registro "
        "resulta sempre idêntico, byte a byte."
    )
    chained = [decision["hash"] for decision in decisions if decision["hash"]]
    if chained:
        yield Paragraph(f"Último elo da cadeia de decisões: {chained[-1]}.")
