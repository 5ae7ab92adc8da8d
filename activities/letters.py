"""The letter of a message about a case: the taxpayer, what is open, and what can be done about it."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from datetime import date
from decimal import Decimal

from sqlalchemy import bindparam, text
from sqlalchemy.dialects.postgresql import ARRAY
from sqlalchemy.types import Text

from channels.rendering import Addressee, AnnouncedTerm, Letter, MissingReturn, OpenDebt, OpenDivergence
from models.case.credit import CreditId
from models.case.dwell import dwell_over
from models.case.evidence import Filing
from models.case.facts import CaseFacts
from models.case.gate import basis_of
from models.case.step import Action, Step
from models.law.calendar import Wait
from models.ruler.schema import Kind, tone_of
from models.taxid import formatted
from models.words import BASES, STAGES
from storage.case.transaction import CaseTransaction
from storage.payments.offers import offer_on

CODES = text("""
    SELECT debts.id, debts.pix_txid, charges.brcode
    FROM debts LEFT JOIN charges ON charges.debt = debts.id AND charges.state = 'open'
    WHERE debts.id = ANY(:debts)
""").bindparams(bindparam("debts", type_=ARRAY(Text)))
BENEFITS = text("SELECT name FROM benefits WHERE id = ANY(:benefits) ORDER BY name").bindparams(
    bindparam("benefits", type_=ARRAY(Text))
)


def letter_for(
    tx: CaseTransaction,
    step: Step,
    at: date,
    link: str | None = None,
    credits: Collection[CreditId] | None = None,
) -> Letter:
    """All that is open, or of it those credits alone; what is held or defended leaves the balance and the text."""
    assert step.row is not None and step.rung is not None and step.rigidity is not None  # noqa: S101, PT018 - a step that sends has them
    case, ruler, who = tx.case, tx.case.ruler, tx.person
    facts = tx.facts.only(credits) if credits else tx.facts
    rung = ruler.rung(step.row, step.rung)
    owed = [debt.id for debt in facts.debts if debt.outstanding]
    basis, because = basis_of(tx.view)
    announced = (ruler.gate.defence if ruler.gate else rung.dwell) if rung.formal else None
    offer = offer_on(tx.connection, ruler, case.id, owed, at) if ruler.offer else None
    return Letter(
        authority=ruler.authority,
        title=ruler.title,
        contact=ruler.contact,
        case=case.id,
        today=at,
        hypothesis=step.row,
        hypothesis_name=ruler.rows[step.row].name,
        stage=rung.stage,
        stage_name=STAGES[rung.stage],
        tone=tone_of(step.rigidity),
        taxpayer=Addressee(name=who.name, tax_id=formatted(who.tax_id), is_company=who.is_company),
        tax=case.tax,
        credit=ruler.credit,
        gsm7=ruler.sms.gsm7,
        balance=facts.balance,
        debts=_open_debts(tx, facts, offer.prices if offer else {}),
        missing_returns=_missing_returns(tx, facts),
        divergences=_divergences(tx, facts),
        benefits=_benefits(tx, back=step.action is Action.INFORM),
        deadline=dwell_over(tx.view, at, rung.dwell, rung.formal) if rung.dwell else None,
        defence_days=announced.days if announced else None,
        term=_term(tx, at, announced) if announced else None,
        basis=because,
        basis_name=BASES[basis],
        reinstated=step.action is Action.INFORM,
        offer=offer.offered if offer else None,
        link=link,
    )


def _term(tx: CaseTransaction, at: date, wait: Wait) -> AnnouncedTerm:
    """The term that a formal notice announces, as it is if the taxpayer is served on its day."""
    term = tx.view.term(at, wait)
    return AnnouncedTerm(last_day=term.last_day, act_from=term.act_from)


def _open_debts(tx: CaseTransaction, facts: CaseFacts, offered: Mapping[str, Decimal]) -> tuple[OpenDebt, ...]:
    owed = [debt for debt in facts.debts if debt.outstanding]
    if not owed:
        return ()
    codes = {row.id: row for row in tx.connection.execute(CODES, {"debts": [debt.id for debt in owed]})}
    return tuple(
        OpenDebt(
            inscription=debt.inscription,
            tax=tx.case.tax,
            period=debt.period,
            due=debt.due,
            amount=debt.balance,
            pix_txid=codes[debt.id].pix_txid,
            brcode=codes[debt.id].brcode,
            offered=offered.get(debt.id),
        )
        for debt in owed
    )


def _missing_returns(tx: CaseTransaction, facts: CaseFacts) -> tuple[MissingReturn, ...]:
    missing = [e for e in facts.live_evidence if e.kind is Kind.RETURN and e.open]
    return tuple(MissingReturn(tax=tx.case.tax, period=e.period, due=e.due) for e in missing)


def _divergences(tx: CaseTransaction, facts: CaseFacts) -> tuple[OpenDivergence, ...]:
    open_periods = {e.period for e in facts.live_evidence if e.kind is Kind.DIVERGENCE and e.open}
    return tuple(_divergence(tx.case.tax, f) for f in facts.filings if f.period in open_periods)


def _divergence(tax: str, filing: Filing) -> OpenDivergence:
    return OpenDivergence(
        tax=tax,
        period=filing.period,
        declared=filing.declared,
        assessed=filing.assessed,
        paid=filing.paid or Decimal(0),
    )


def _benefits(tx: CaseTransaction, back: bool) -> tuple[str, ...]:
    """The names of the taxpayer's benefits; where they are `back`, without those that another case keeps suspended."""
    meant = tx.facts.benefits - (tx.facts.kept_elsewhere if back else frozenset())
    return tuple(tx.connection.scalars(BENEFITS, {"benefits": sorted(meant)})) if meant else ()
