"""What a message says of a case: the taxpayer, what is open, and what can be done about it."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date
from decimal import Decimal

from sqlalchemy import bindparam, text
from sqlalchemy.dialects.postgresql import ARRAY
from sqlalchemy.types import Text

from channels.rendering import Addressee, Letter, MissingReturn, OpenDebt, OpenDivergence
from models.evidence import Filing
from models.gate import basis_of
from models.ruler import Kind, tone_of
from models.step import Action, Step
from models.taxid import formatted
from models.words import BASES, STAGES
from storage.cases import Sitting
from storage.offers import offer_on

CODES = text("""
    SELECT debts.id, debts.pix_txid, charges.brcode
    FROM debts LEFT JOIN charges ON charges.debt = debts.id AND charges.state = 'open'
    WHERE debts.id = ANY(:debts)
""").bindparams(bindparam("debts", type_=ARRAY(Text)))
BENEFITS = text("SELECT name FROM benefits WHERE taxpayer = :taxpayer AND coalesce(tax, :tax) = :tax ORDER BY name")


def letter_for(sat: Sitting, step: Step, at: date, link: str | None = None) -> Letter:
    """All that is open; held debts leave the balance and the text."""
    assert step.row is not None and step.rung is not None and step.rigidity is not None  # noqa: S101, PT018 - a step that sends has them
    case, ruler, standing, who = sat.case, sat.case.ruler, sat.standing, sat.person
    rung = ruler.rung(step.row, step.rung)
    calendar = case.frozen.calendar
    owed = [debt.id for debt in standing.debts if debt.outstanding]
    basis, because = basis_of(sat.view)
    offer = offer_on(sat.connection, ruler, case.id, owed, at) if ruler.offer else None
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
        balance=standing.balance,
        debts=_open_debts(sat, offer.prices if offer else {}),
        missing_returns=_missing_returns(sat),
        divergences=_divergences(sat),
        benefits=_benefits(sat),
        deadline=calendar.after(at, rung.dwell) if rung.dwell else None,
        defence_days=ruler.gate.defence.days if ruler.gate else None,
        basis=because,
        basis_name=BASES[basis],
        reinstated=step.action is Action.INFORM,
        offer=offer.offered if offer else None,
        link=link,
    )


def _open_debts(sat: Sitting, offered: Mapping[str, Decimal]) -> tuple[OpenDebt, ...]:
    owed = [debt for debt in sat.standing.debts if debt.outstanding]
    if not owed:
        return ()
    codes = {row.id: row for row in sat.connection.execute(CODES, {"debts": [debt.id for debt in owed]})}
    return tuple(
        OpenDebt(
            inscription=debt.inscription,
            tax=sat.case.tax,
            period=debt.period,
            due=debt.due,
            amount=debt.balance,
            pix_txid=codes[debt.id].pix_txid,
            brcode=codes[debt.id].brcode,
            offered=offered.get(debt.id),
        )
        for debt in owed
    )


def _missing_returns(sat: Sitting) -> tuple[MissingReturn, ...]:
    missing = [e for e in sat.standing.evidence if e.kind is Kind.RETURN and e.open]
    return tuple(MissingReturn(tax=sat.case.tax, period=e.period, due=e.due) for e in missing)


def _divergences(sat: Sitting) -> tuple[OpenDivergence, ...]:
    open_periods = {e.period for e in sat.standing.evidence if e.kind is Kind.DIVERGENCE and e.open}
    return tuple(_divergence(sat.case.tax, f) for f in sat.standing.filings if f.period in open_periods)


def _divergence(tax: str, filing: Filing) -> OpenDivergence:
    return OpenDivergence(
        tax=tax,
        period=filing.period,
        declared=filing.declared,
        assessed=filing.assessed,
        paid=filing.paid or Decimal(0),
    )


def _benefits(sat: Sitting) -> tuple[str, ...]:
    if not sat.standing.has_benefits:
        return ()
    held = {"taxpayer": sat.case.taxpayer, "tax": sat.case.tax}
    return tuple(sat.connection.scalars(BENEFITS, held))
