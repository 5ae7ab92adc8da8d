"""The schedule of an instalment agreement as a page for its debtor: the instalments, their parts, the rules of each.

A proposal of its day. It signs nothing."""

from __future__ import annotations

from collections.abc import Iterator
from decimal import Decimal

from models.agreement.charges import NONE, NOTHING
from models.agreement.policy import Policy, Regime, Terms
from models.agreement.quote import Instalment, Pay, Quote, Request
from models.formats import day, money, percent
from models.money.accrual_table import FineStep
from reports.document import Document, Facts, Grid, Paragraph, Section

PAYS = {
    Pay.SLIP: "guia ou Pix, uma por parcela",
    Pay.CASH: "à vista, em uma só vez",
    Pay.DIRECT_DEBIT: "débito em conta",
}
REGIMES = {Regime.NORMAL: "normal", Regime.SIMPLES: "Simples Nacional", Regime.SIMEI: "Microempreendedor Individual"}
PROPOSAL = "Proposta: vale para o dia em que foi feita, e não suspende a cobrança até ser assinada."


def schedule(policy: Policy, request: Request, offer: Quote) -> Document:
    """The document of a quote, in pt-BR, naming nobody."""
    return Document(
        case="",
        title=f"Parcelamento de {money(request.amount)} em {_times(offer)}",
        authority=policy.authority,
        notice=" ".join([PROPOSAL, *warnings(policy)]),
        foot=f"{policy.label} · proposta de {day(request.on)}",
        sections=tuple(_sections(policy, request, offer)),
    )


def warnings(policy: Policy) -> Iterator[str]:
    """The warnings that go with whatever is quoted by a policy, in pt-BR."""
    if policy.replaced:
        yield f"Atenção: desde {day(policy.replaced.since)} vale, em lugar destas regras, o {policy.replaced.by}."
    if policy.is_example:
        yield "Exemplo: nenhuma autoridade confirmou estas regras."


def _times(offer: Quote) -> str:
    count = len(offer.instalments)
    return "1 parcela" if count == 1 else f"{count} parcelas"


def _sections(policy: Policy, request: Request, offer: Quote) -> Iterator[Section]:
    yield Section("proposal", "Proposta", (Facts(tuple(_summary(policy, request, offer))),))
    yield Section("instalments", "Parcelas", tuple(_instalments(offer)))
    yield Section("rules", "Regras e fontes", (Facts(tuple(_rules(policy, policy.terms_of(request.regime), request))),))


def _summary(policy: Policy, request: Request, offer: Quote) -> Iterator[tuple[str, str]]:
    yield "Regras", f"{policy.title} ({policy.label})"
    yield "Data", day(request.on)
    yield "Natureza do débito", policy.debt_kinds[request.kind].name
    yield "Regime", REGIMES[request.regime]
    yield "Valor devido", money(request.amount)
    if request.offset:
        yield "Pago com precatório", money(request.offset)
    if offer.discount:
        yield "Desconto, se tudo for pago", money(offer.discount)
    yield "Pagamento", PAYS[request.pay]
    if offer.down_payment:
        yield "Entrada, contida na primeira parcela", money(offer.down_payment)
    interest = sum((each.interest for each in offer.instalments), NOTHING)
    if interest:
        yield "Juros e correção até os vencimentos", money(interest)
    if offer.fee:
        yield "Preço das guias", money(offer.fee)
    yield "Total", money(offer.total)
    if offer.bonus:
        yield "Bônus, se todas forem pagas em dia", money(offer.bonus)


def _instalments(offer: Quote) -> Iterator[Grid | Paragraph]:
    columns = ("Nº", "Vencimento", "Parte da dívida", "Juros e correção", "Valor a pagar")
    yield Grid(columns, tuple(_row(each) for each in offer.instalments))
    if any(each.estimated for each in offer.instalments):
        yield Paragraph(
            "* Estimado: para os meses cujo índice ainda não saiu foi usado o do último mês conhecido. Vale o que for"
            " publicado."
        )


def _row(each: Instalment) -> tuple[str, ...]:
    mark = " *" if each.estimated else ""
    return (str(each.n), day(each.due), money(each.principal), money(each.interest) + mark, money(each.amount) + mark)


def _rules(policy: Policy, terms: Terms, request: Request) -> Iterator[tuple[str, str]]:
    yield "Número de parcelas", terms.limits.source
    if minimum := terms.minimum_instalment:
        yield "Parcela mínima", f"{money(minimum.of(company=request.company))} ({minimum.source})"
    if rule := terms.correction:
        how = "nenhuma" if rule.by == NONE else f"{rule.by.upper()}, dos meses entre o acordo e o pagamento"
        yield "Correção", f"{how} ({rule.source})"
    if interest := terms.interest:
        yield "Juros", f"{percent(interest.per_month)} % ao mês ({interest.source})"
    if late := terms.late:
        yield "Parcela paga em atraso", f"{'; '.join(map(_step, late.steps)) or 'sem multa'} ({late.source})"
    if default := terms.default:
        yield "Rompimento", default.source
    yield "Vencimentos", policy.due_dates.source


def _step(step: FineStep) -> str:
    if step.per_day is None:
        return f"multa de {percent(step.percent or Decimal(0))} %"
    limit = f", até {percent(step.limit)} %" if step.limit is not None else ""
    return f"multa de {percent(step.per_day)} % ao dia{limit}"
