"""The letter of a message about a case: the taxpayer, what is open, and what can be done about it."""

from __future__ import annotations

import json
from collections.abc import Collection, Mapping, Sequence
from datetime import date
from decimal import Decimal
from typing import Any, TypedDict

from sqlalchemy import Connection, Row, bindparam, text
from sqlalchemy.dialects.postgresql import ARRAY
from sqlalchemy.types import Text

from channels.rendering import (
    Addressee,
    AnnouncedTerm,
    Letter,
    MissingReturn,
    OpenDebt,
    OpenDivergence,
    PastAgreement,
    PastDefence,
)
from models.case.credit import CreditId
from models.case.dwell import dwell_over
from models.case.evidence import Filing
from models.case.facts import CaseFacts
from models.case.gate import basis_of
from models.case.step import Action, Step
from models.law.calendar import Wait
from models.ruler.schema import Credit, Kind, tone_of
from models.ruler.terms import term_given, time_given
from models.taxid import formatted
from models.words import BASES, STAGES, tax_in_words
from storage.case.transaction import CaseTransaction
from storage.payments.offers import offer_on

COURT = r"^\d{7}-?\d{2}\.?\d{4}\.?\d\.?\d{2}\.?\d{4}$"
"""The form of a court's number (CNJ, Resolução 65/2008): a process of another form is the authority's own."""
CODES = text("""
    SELECT debts.id, debts.pix_txid, charges.brcode, suit.value AS suit
    FROM debts LEFT JOIN charges ON charges.debt = debts.id AND charges.state = 'open'
    LEFT JOIN access_keys AS suit ON suit.debt = debts.id AND suit.kind = 'process' AND suit.value ~ :court
    WHERE debts.id = ANY(:debts)
""").bindparams(bindparam("debts", type_=ARRAY(Text)))
NUMBER = r"^\S*\d\S*$"
"""A reference that is a number alone: what else people noted there is not for a letter."""
AGREED, GUARANTEED = "'agreement', 'negotiation', 'transaction', 'mediation'", "'guarantee', 'deposit', 'bond'"
ON_RECORD = text(f"""
    SELECT asked."case",
           EXISTS (SELECT FROM debts WHERE id = ANY(asked.debts) AND balance < amount) AS partly_paid,
           EXISTS (SELECT FROM holds WHERE debt = ANY(asked.debts) AND ground IN ({GUARANTEED})) AS guaranteed,
           coalesce(agreement.broken_on, past.ended_on) AS ended_on,
           agreement.id IS NOT NULL OR past.agreed AS agreed,
           (SELECT jsonb_build_object('process', substring(trim(reference) FROM :number), 'appeal', appeal,
                                      'filed_on', filed_on, 'state', state, 'decided_on', decided_on)
            FROM defences WHERE "case" = asked."case" ORDER BY id DESC LIMIT 1) AS defence
    FROM jsonb_to_recordset(CAST(:asked AS jsonb)) AS asked ("case" text, debts text[])
    CROSS JOIN LATERAL (SELECT count(*) > 0 AS agreed, CAST(max(lifted_at) AS date) AS ended_on
                        FROM holds WHERE debt = ANY(asked.debts) AND ground IN ({AGREED})) AS past
    LEFT JOIN LATERAL (SELECT id, broken_on FROM agreements WHERE "case" = asked."case"
                       ORDER BY recorded_at DESC LIMIT 1) AS agreement ON true
""")  # noqa: S608 - constants
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
    """All that is open, or of it those credits alone; what is held, defended or contested leaves the balance and the
    text."""
    assert step.row is not None and step.rung is not None and step.rigidity is not None  # noqa: S101, PT018 - a step that sends has them
    case, ruler, who = tx.case, tx.case.ruler, tx.person
    facts = tx.facts.only(credits) if credits else tx.facts.uncontested
    rung = ruler.rung(step.row, step.rung)
    owed = _owed(facts)
    basis, because = basis_of(tx.view)
    law = ruler.gate.law if ruler.gate else None
    offer = offer_on(tx.connection, ruler, case.id, owed, at) if ruler.offer else None
    announced = term_given(ruler, step.row, step.rung)
    debts = _open_debts(tx, facts, offer.prices if offer else {}, at)
    missing, wrong = _missing_returns(tx, facts), _divergences(tx, facts)
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
        tax=tax_in_words(case.tax),
        credit="not_registered" if missing or wrong else credit_of(ruler.credit, [debt.registered for debt in debts]),
        gsm7=ruler.sms.gsm7,
        balance=facts.balance,
        debts=debts,
        missing_returns=missing,
        divergences=wrong,
        benefits=_benefits(tx, back=step.action is Action.INFORM),
        deadline=dwell_over(tx.view, at, rung.dwell, rung.formal) if rung.dwell else None,
        defence_days=announced.days if announced else None,
        time_given=time_given(announced) if announced else None,
        term=_term(tx, at, announced) if announced else None,
        basis=because,
        basis_name=BASES[basis],
        statutory=basis == "statutory",
        law=law.source if law and law.holds(at) else None,
        occurrences=tx.view.state.occurrences,
        in_court=bool(debts) and all(debt.litigation for debt in debts),
        example=ruler.is_example,
        **_on_record(tx, owed),
        reinstated=step.action is Action.INFORM,
        offer=offer.offered if offer else None,
        link=link,
    )


def _term(tx: CaseTransaction, at: date, wait: Wait) -> AnnouncedTerm:
    """The term that a formal notice announces, as it is if the taxpayer is served on its day."""
    term = tx.view.term(at, wait)
    return AnnouncedTerm(last_day=term.last_day, act_from=term.act_from, provisional=term.provisional)


class OnRecord(TypedDict):
    """The parts of a letter that were looked up for its case on its day."""

    partly_paid: bool
    agreement: PastAgreement | None
    defence: PastDefence | None
    guaranteed: bool


def _on_record(tx: CaseTransaction, owed: list[str]) -> OnRecord:
    alone = owed != _owed(tx.facts.uncontested)
    found = _read_on_record(tx.connection, {tx.case.id: owed})[tx.case.id] if alone else tx.known(_on_records)
    late = bool(tx.facts.defences and tx.facts.defences[-1].late)
    return {
        "partly_paid": found.partly_paid,
        "guaranteed": found.guaranteed,
        "agreement": PastAgreement(ended_on=found.ended_on) if found.agreed else None,
        "defence": PastDefence.model_validate({**found.defence, "late": late}) if found.defence else None,
    }


def _owed(facts: CaseFacts) -> list[str]:
    return [debt.id for debt in facts.debts if debt.outstanding]


def _on_records(connection: Connection, transactions: Sequence[CaseTransaction]) -> dict[str, Row[Any]]:
    return _read_on_record(connection, {tx.case.id: _owed(tx.facts.uncontested) for tx in transactions})


def _read_on_record(connection: Connection, owed: Mapping[str, list[str]]) -> dict[str, Row[Any]]:
    """Read what letters say beside the debts, given for each case those that its letter lists."""
    asked = json.dumps([{"case": case, "debts": debts} for case, debts in owed.items()])
    return {row.case: row for row in connection.execute(ON_RECORD, {"asked": asked, "number": NUMBER})}


def _codes(connection: Connection, transactions: Sequence[CaseTransaction]) -> dict[str, dict[str, Row[Any]]]:
    """The payment codes of all that each case owes, and the suits about it."""
    owed = {tx.case.id: [debt.id for debt in tx.facts.debts] for tx in transactions}
    asked = {"debts": [debt for debts in owed.values() for debt in debts], "court": COURT}
    codes = {row.id: row for row in connection.execute(CODES, asked)}
    return {case: {debt: codes[debt] for debt in debts} for case, debts in owed.items()}


def credit_of(ruler: Credit, registered: Sequence[bool | None]) -> Credit:
    """Whether all debts that a letter lists are registered: tax secrecy is of the debt, not of the ruler (CTN art.
    198). Where no extract has said so of any of them, the ruler's word counts."""
    if all(said is None for said in registered):
        return ruler
    return "registered" if all(registered) else "not_registered"


def _open_debts(
    tx: CaseTransaction, facts: CaseFacts, offered: Mapping[str, Decimal], at: date
) -> tuple[OpenDebt, ...]:
    owed = [debt for debt in facts.debts if debt.outstanding]
    if not owed:
        return ()
    codes = tx.known(_codes)
    return tuple(
        OpenDebt(
            inscription=debt.inscription,
            tax=tax_in_words(tx.case.tax),
            period=debt.period,
            due=debt.due,
            registered_on=debt.registered_on,
            amount=debt.balance,
            pix_txid=codes[debt.id].pix_txid,
            brcode=codes[debt.id].brcode,
            offered=offered.get(debt.id),
            litigation=debt.litigation,
            process=codes[debt.id].suit if debt.litigation else None,
            registered=debt.registered_on <= at if debt.registered_on else None,
        )
        for debt in owed
    )


def _missing_returns(tx: CaseTransaction, facts: CaseFacts) -> tuple[MissingReturn, ...]:
    missing = [e for e in facts.live_evidence if e.kind is Kind.RETURN and e.open]
    return tuple(MissingReturn(tax=tax_in_words(tx.case.tax), period=e.period, due=e.due) for e in missing)


def _divergences(tx: CaseTransaction, facts: CaseFacts) -> tuple[OpenDivergence, ...]:
    open_periods = {e.period for e in facts.live_evidence if e.kind is Kind.DIVERGENCE and e.open}
    return tuple(_divergence(tax_in_words(tx.case.tax), f) for f in facts.filings if f.period in open_periods)


def _divergence(tax: str, filing: Filing) -> OpenDivergence:
    return OpenDivergence(
        tax=tax,
        period=filing.period,
        declared=None if filing.declared is None else filing.declares_now,
        assessed=filing.assessed,
        paid=filing.paid or Decimal(0),
    )


def _benefits(tx: CaseTransaction, back: bool) -> tuple[str, ...]:
    """The names of the taxpayer's benefits; where they are `back`, without those that another case keeps suspended."""
    meant = tx.facts.benefits - (tx.facts.kept_elsewhere if back else frozenset())
    return tuple(tx.connection.scalars(BENEFITS, {"benefits": sorted(meant)})) if meant else ()
