"""How an instalment agreement is signed: refused with the rule that says so, or on record with all that it needs."""

from __future__ import annotations

from dataclasses import replace
from datetime import date, datetime
from decimal import Decimal
from typing import TypedDict

from sqlalchemy import Connection, Engine, insert, select, text

from models.agreement.aftermath import identity_needed
from models.agreement.bonus import share_of
from models.agreement.charges import NOTHING
from models.agreement.instalments import State
from models.agreement.policy import Policy
from models.agreement.quote import Quote, Request, handful, quote
from models.assets import PolicyBundle
from models.case.commands import Act
from models.case.journal import EntryKind
from models.errors import Refusal
from models.events import InstalmentsChanged
from models.formats import money
from models.law.prescription import Cause
from models.roles import Actor
from storage.agreement.agreement_row import Terms
from storage.agreement.agreements import REQUEST, AgreementRecord, tell
from storage.agreement.asked import Brought, SigningRequest, Via, campaign_of, debts_owed, request_of, sum_of
from storage.agreement.policies import pin_policy
from storage.amounts.rates import read_rates
from storage.case.acts import put_act
from storage.case.cases import Case, read_case
from storage.case.locks import lock_cases_and_debts
from storage.case.transaction import record_decision
from storage.law.interruptions import put_interruptions
from storage.outbox import enqueue
from storage.rows import typed_rows
from storage.schema import agreement_debts, agreements, debts, instalments


def sign(
    engine: Engine, case: str, bundle: PolicyBundle, wanted: SigningRequest, who: Actor, via: Via, now: datetime
) -> tuple[AgreementRecord, Quote]:
    """Sign an agreement, the act with it, in one transaction, or raise a `Refusal`: then nothing is left but that it
    was asked for. Temporal is told by the outbox, the id alone."""
    if wanted.instalments < 1:
        raise Refusal("an agreement has at least one instalment")
    policy, by = bundle.policy, who.name
    with engine.begin() as connection:
        record = _locked(connection, case)
        today = record.clock.day_at(now)
        on = _day(record, wanted, today)
        owed = _proven(debts_owed(connection, record, on), policy, via)
        try:
            request = request_of(connection, policy, record, owed, wanted, on)
            if wanted.campaign:
                request = replace(request, campaign=campaign_of(connection, record, owed, wanted, now))
            offer = quote(policy, request, read_rates(connection))
        except Refusal as refusal:
            # who asks acknowledges what he owes, also where he is refused (CTN art. 174, IV; Súmula STJ 653)
            what = f"pedido de {wanted.instalments}x por {policy.label}, recusado: {refusal}"
            put_interruptions(connection, [each.debt.id for each in owed], Cause.AGREEMENT_REQUEST, on, what, by)
            refused = refusal
        else:
            agreement = _store(connection, record, bundle, request, offer, owed, by, via)
            what = f"parcelamento de {money(request.amount)} em {len(offer.instalments)}x por {policy.label}"
            record_decision(connection, record, EntryKind.AGREEMENT_SIGNED, f"{what}, assinado por {by}", on)
            put_act(connection, Act.SIGN, record.id, who, f"{what} ({agreement})")
            enqueue(connection, [record.id], InstalmentsChanged(agreement=agreement))
            return tell(connection, agreement, max(today, on)), offer
    raise refused


def plans(connection: Connection, case: Case, policy: Policy, now: datetime, asked: int | None) -> list[Quote]:
    """The plans that a taxpayer may sign by his link now: in so many instalments as asked, or a handful to choose from.
    It locks nothing. Raises the Refusal that signing would."""
    on = case.clock.day_at(now)
    owed = _proven(debts_owed(connection, case, on), policy, "link")
    request = request_of(connection, policy, case, owed, SigningRequest(asked or 1), on)
    rates = read_rates(connection)
    if asked:
        return [quote(policy, request, rates)]
    most = quote(policy, request, rates).max_instalments
    return [quote(policy, replace(request, instalments=count), rates) for count in handful(most)]


def _proven(owed: list[Brought], policy: Policy, via: Via) -> list[Brought]:
    """The debts, for somebody who has proven enough who he is. Raises Refusal."""
    amount = sum_of(owed)
    if via == "link" and (means := identity_needed(policy, amount)):
        raise Refusal(
            f"above {money(_limit(policy))} the taxpayer signs with {means} [{_source(policy)}]",
            f"Acima de {money(_limit(policy))} o parcelamento é assinado com {means} ({_source(policy)}).",
        )
    return owed


OWED = text("SELECT debt FROM debtors JOIN debts ON debts.id = debt WHERE taxpayer = :taxpayer AND tax = :tax")


def _locked(connection: Connection, case: str) -> Case:
    """Lock a case with its debts, against payments and co-debtors' agreements; in the order of all locks."""
    found = read_case(connection, case)
    named = connection.scalars(OWED, {"taxpayer": found.taxpayer, "tax": found.tax}).all()
    lock_cases_and_debts(connection, [*named])
    return read_case(connection, case)


def _limit(policy: Policy) -> Decimal:
    return policy.identity.strong_above if policy.identity else NOTHING


def _source(policy: Policy) -> str:
    return policy.identity.source if policy.identity else ""


def _day(case: Case, wanted: SigningRequest, today: date) -> date:
    on = wanted.on or today
    if not case.state.started <= on <= today:
        raise Refusal(
            f"an agreement is signed between the case's first day {case.state.started:%Y-%m-%d} and today"
            f" {today:%Y-%m-%d}, not on {on:%Y-%m-%d}"
        )
    return on


# ---- on record


def _store(
    connection: Connection,
    case: Case,
    bundle: PolicyBundle,
    request: Request,
    offer: Quote,
    owed: list[Brought],
    by: str,
    via: Via,
) -> str:
    terms: Terms = {
        "request": REQUEST.dump_python(request, mode="json"),
        "down_payment": f"{offer.down_payment:.2f}",
        "bonus": f"{offer.bonus:.2f}",
        "total": f"{offer.total:.2f}",
        "accrued": _accrued(connection, owed),
    }
    values = {
        "case": case.id,
        "policy": pin_policy(connection, bundle),
        "terms": terms,
        "state": State.ACTIVE.value,
        "renegotiation": request.renegotiation,
        "amount": request.amount,
        "discount": offer.discount,
        "signed_on": request.on,
        "signed_by": by,
        "signed_via": via,
    }
    agreement: str = connection.execute(insert(agreements).values(values).returning(agreements.c.id)).scalar_one()
    brought = [{"agreement": agreement, "debt": each.debt.id, "amount": each.owed} for each in owed]
    connection.execute(insert(agreement_debts), brought)
    fee = share_of(offer.fee, Decimal(1) / len(offer.instalments))
    rows = [
        {
            "agreement": agreement,
            "n": each.n,
            "due": each.due,
            "nominal": each.agreed,
            "amount": each.principal,
            "interest": each.interest,
            "fee": fee,
        }
        for each in offer.instalments
    ]
    connection.execute(insert(instalments), rows)
    return agreement


def _accrued(connection: Connection, owed: list[Brought]) -> dict[str, str]:
    """The amounts, by debt, that delay had added by the day of the agreement."""
    left = debts.c.amount - debts.c.received - debts.c.remitted
    rows = connection.execute(select(debts.c.id, left).where(debts.c.id.in_([each.debt.id for each in owed])))
    imported: dict[str, Decimal] = dict(rows.tuples().all())
    return {each.debt.id: f"{each.owed - imported[each.debt.id]:.2f}" for each in owed}


class ScheduledInstalment(TypedDict):
    n: int
    due: date
    amount: Decimal
    """The price by the due date, or today where that has passed."""
    principal: Decimal
    interest: Decimal
    fee: Decimal
    credited: Decimal
    received: Decimal
    paid_on: date | None
    pix_txid: str
    slip_number: int


def schedule(connection: Connection, agreement: str) -> list[ScheduledInstalment]:
    """The agreement's instalments with what each can be paid by."""
    mine = instalments.c
    told = {"amount": (mine.amount + mine.interest).label("amount"), "principal": mine.amount.label("principal")}
    columns = (told[name] if name in told else mine[name] for name in ScheduledInstalment.__annotations__)
    rows = select(*columns).where(mine.agreement == agreement).order_by(mine.n)
    return typed_rows(ScheduledInstalment, connection.execute(rows).mappings())
