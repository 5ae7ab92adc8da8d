"""The text that a taxpayer accepts when he signs an agreement (termo de parcelamento).

Pure, so that the page on which he reads it and the transaction that signs write the same; its digest proves which.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from datetime import date
from decimal import Decimal
from hashlib import sha256
from typing import NamedTuple

from models.agreement.charges import NONE
from models.agreement.policy import DefaultRule, Policy, Terms
from models.agreement.quote import Quote, Request
from models.formats import day, money, percent


class Covered(NamedTuple):
    """A debt that the agreement is about."""

    inscription: str
    due: date
    owed: Decimal


def deed(policy: Policy, request: Request, offer: Quote, covered: Iterable[Covered]) -> str:
    """The text, a paragraph a line."""
    return "\n".join(_paragraphs(policy, request, offer, covered))


def digest_of(text: str) -> str:
    return sha256(text.encode()).hexdigest()


def _paragraphs(policy: Policy, request: Request, offer: Quote, covered: Iterable[Covered]) -> Iterator[str]:
    terms = policy.terms_of(request.regime)
    yield f"Termo de parcelamento. {policy.authority}. Regras: {policy.title} ({policy.label})."
    yield (
        f"Reconheço que devo, em {day(request.on)}, {money(request.amount)}, e assumo as parcelas abaixo "
        "(CTN art. 155-A; art. 174, parágrafo único, IV)."
    )
    for debt in covered:
        yield f"Débito {debt.inscription}, vencimento {day(debt.due)}: {money(debt.owed)}."
    if offer.discount:
        by = f" por {request.campaign.name} ({request.campaign.law})" if request.campaign else ""
        yield f"Desconto{by}, perdido se o acordo se romper: {money(offer.discount)}."
    if request.offset:
        yield f"Pago com precatório: {money(request.offset)}."
    if offer.down_payment:
        yield f"Entrada, contida na primeira parcela: {money(offer.down_payment)}."
    for each in offer.instalments:
        amount = f"{money(each.amount)}{', com juros e correção estimados' if each.estimated else ''}"
        yield f"Parcela {each.n} de {len(offer.instalments)}, vencimento {day(each.due)}: {amount}."
    if offer.fee:
        yield f"Emissão das guias, ao todo: {money(offer.fee)}."
    yield f"Total: {money(offer.total)}."
    yield from _charges(terms)
    if terms.default:
        yield from _default(terms.default)


def _charges(terms: Terms) -> Iterator[str]:
    if terms.correction and terms.correction.by != NONE:
        yield f"As parcelas são corrigidas por {terms.correction.by.upper()} ({terms.correction.source})."
    if terms.interest and terms.interest.per_month:
        yield f"Juros de {percent(terms.interest.per_month)} % ao mês ({terms.interest.source})."
    if terms.late and terms.late.steps:
        yield f"A parcela paga com atraso tem multa ({terms.late.source})."


def _default(rule: DefaultRule) -> Iterator[str]:
    open_ = "uma parcela" if rule.open_instalments == 1 else f"{rule.open_instalments} parcelas, seguidas ou não,"
    until = {
        "due_date": "depois do vencimento",
        "last_banking_day_of_next_month": "depois do último dia útil bancário do mês seguinte ao do vencimento",
    }[rule.until]
    yield f"O acordo se rompe com {open_} em aberto {until} ({rule.source})."
    if rule.overdue_paid == "after_the_last":
        yield "A parcela em atraso é paga ao final, à vista."
    if rule.new_agreement_after_days:
        yield f"Rompido, um novo parcelamento é possível {rule.new_agreement_after_days} dias depois do vencimento."
