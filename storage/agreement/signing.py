"""How an instalment agreement is signed: refused with the rule that says so, or on record with all that it needs."""

from __future__ import annotations

from dataclasses import replace
from datetime import date, datetime
from decimal import Decimal
from typing import TypedDict

from sqlalchemy import Connection, Engine, insert, select, text

from models.agreement.bonus import share_of
from models.agreement.deed import Covered, deed, digest_of
from models.agreement.identity import Identification, must_be_identified
from models.agreement.instalments import State
from models.agreement.offset import Incurred, offset_of_debts
from models.agreement.policy import Policy, Portion
from models.agreement.quote import Quote, Request, handful, quote
from models.assets import PolicyBundle
from models.case.commands import Act
from models.case.journal import EntryKind
from models.errors import Refusal
from models.events import InstalmentsChanged
from models.formats import money
from models.law.prescription import Cause
from models.roles import Actor
from storage.agreement.agreement_row import Deed, Offset, Terms
from storage.agreement.agreements import REQUEST, AgreementRecord, tell
from storage.agreement.asked import (
    Acceptance,
    Brought,
    Precatorio,
    SigningRequest,
    Via,
    campaign_of,
    debts_owed,
    is_mixed,
    portion_of,
    request_of,
    sum_of,
)
from storage.agreement.offsets import put_offset
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
        owed = _chosen(connection, record, policy, wanted, on)
        try:
            request = _request(connection, policy, record, owed, wanted, now)
            offer = quote(policy, request, read_rates(connection))
            signed = _accepted(_deed(policy, request, offer, owed), wanted.accepted) if wanted.accepted else None
        except Refusal as refusal:
            # who asks acknowledges what he owes, also where he is refused (CTN art. 174, IV; Súmula STJ 653)
            what = f"pedido de {wanted.instalments}x por {policy.label}, recusado: {refusal}"
            put_interruptions(connection, [each.debt.id for each in owed], Cause.AGREEMENT_REQUEST, on, what, by)
            refused = refusal
        else:
            offset = _offset(policy, owed, wanted.precatorio, by)
            agreement = _store(connection, record, bundle, request, offer, owed, by, via, wanted, offset, signed)
            what = f"parcelamento de {money(request.amount)} em {len(offer.instalments)}x por {policy.label}"
            if wanted.authorization:
                what += f", por débito em conta, autorização {wanted.authorization}"
            if wanted.precatorio:
                paid, process = money(wanted.precatorio.amount), wanted.precatorio.process
                what += f", {paid} compensados com precatório no processo {process}"
            record_decision(connection, record, EntryKind.AGREEMENT_SIGNED, f"{what}, assinado por {by}", on)
            put_act(connection, Act.SIGN, record.id, who, f"{what} ({agreement})")
            enqueue(connection, [record.id], InstalmentsChanged(agreement=agreement))
            return tell(connection, agreement, max(today, on)), offer
    raise refused


def plans(connection: Connection, case: Case, policy: Policy, wanted: SigningRequest, now: datetime) -> list[Quote]:
    """The plans that a taxpayer may sign now who asks for that: a handful to choose from, or the campaign's modalities.
    It locks nothing. Raises the Refusal that signing would."""
    owed = _chosen(connection, case, policy, wanted, case.clock.day_at(now))

    def planned(count: int) -> Quote:
        request = _request(connection, policy, case, owed, replace(wanted, instalments=count), now)
        return quote(policy, request, read_rates(connection))

    if wanted.campaign and case.ruler.offer:
        return [planned(each.instalments) for each in case.ruler.offer.modalities if each.instalments > 1]
    return [planned(count) for count in handful(planned(1).max_instalments)]


def plan(
    connection: Connection, case: Case, policy: Policy, wanted: SigningRequest, now: datetime
) -> tuple[Quote, str]:
    """The plan that signing just that would make now, and its deed. It locks nothing. Raises the Refusal that signing
    would."""
    owed = _chosen(connection, case, policy, wanted, case.clock.day_at(now))
    request = _request(connection, policy, case, owed, wanted, now)
    offer = quote(policy, request, read_rates(connection))
    return offer, _deed(policy, request, offer, owed)


def quote_case(
    connection: Connection, case: str, policy: Policy, wanted: SigningRequest, count: int | None, now: datetime
) -> tuple[Request, Quote]:
    """The request that signing on a case's debts would answer, and its cost in `count` instalments, as many as the
    policy allows without one; however the taxpayer was identified. Raises the Refusal that signing would."""
    found = read_case(connection, case)
    on = _day(found, wanted, found.clock.day_at(now))
    owed = portion_of(debts_owed(connection, found, on), wanted.debts)
    request = replace(_request(connection, policy, found, owed, wanted, now), instalments=count)
    return request, quote(policy, request, read_rates(connection))


def _deed(policy: Policy, request: Request, offer: Quote, owed: list[Brought]) -> str:
    covered = (Covered(each.debt.inscription, each.debt.due, each.owed) for each in owed)
    return deed(policy, request, offer, covered)


def _accepted(text: str, accepted: Acceptance) -> Deed:
    """The deed as it is kept. Raises Refusal: another one was accepted."""
    if digest_of(text) != accepted.digest:
        raise Refusal("the terms have changed since they were shown: have them read and accepted again")
    return {"text": text, "digest": accepted.digest, "address": accepted.address}


def requests_by_link(connection: Connection, case: Case, policy: Policy, now: datetime) -> list[SigningRequest]:
    """The requests that a taxpayer may make by his link: about all that he owes, or about what is in court and what
    isn't where his policy keeps them apart; each in the modalities of the case's campaign too."""
    on = case.clock.day_at(now)
    try:
        apart = policy.separate_litigation is not None and is_mixed(debts_owed(connection, case, on))
    except Refusal:
        apart = False
    portions: tuple[Portion, ...] = ("sued", "unsued") if apart else ("all",)
    return [
        SigningRequest(1, debts=portion, campaign=campaign, identified=Identification.LINK)
        for portion in portions
        for campaign in ((True, False) if case.ruler.offer else (False,))
    ]


def _request(
    connection: Connection, policy: Policy, case: Case, owed: list[Brought], wanted: SigningRequest, now: datetime
) -> Request:
    request = request_of(connection, policy, case, owed, wanted, wanted.on or case.clock.day_at(now))
    if not wanted.campaign:
        return request
    return replace(request, campaign=campaign_of(connection, case, owed, wanted, now))


def _chosen(connection: Connection, case: Case, policy: Policy, wanted: SigningRequest, on: date) -> list[Brought]:
    """The debts that somebody may sign about who is identified so; how well he must be is told by all that he owes, so
    that nothing is gained by signing part by part. Raises Refusal."""
    owed = debts_owed(connection, case, on)
    must_be_identified(policy, sum_of(owed), wanted.identified)
    return portion_of(owed, wanted.debts)


OWED = text("SELECT debt FROM debtors JOIN debts ON debts.id = debt WHERE taxpayer = :taxpayer AND tax = :tax")


def _locked(connection: Connection, case: str) -> Case:
    """Lock a case with its debts, against payments and co-debtors' agreements; in the order of all locks."""
    found = read_case(connection, case)
    named = connection.scalars(OWED, {"taxpayer": found.taxpayer, "tax": found.tax}).all()
    lock_cases_and_debts(connection, [*named])
    return read_case(connection, case)


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
    wanted: SigningRequest,
    offset: Offset | None,
    signed: Deed | None,
) -> str:
    terms: Terms = {
        "request": REQUEST.dump_python(request, mode="json"),
        "down_payment": f"{offer.down_payment:.2f}",
        "bonus": f"{offer.bonus:.2f}",
        "total": f"{offer.total:.2f}",
        "accrued": _accrued(connection, owed),
    }
    if wanted.authorization:
        terms["debit"] = {"authorization": wanted.authorization}
    if offset:
        terms["offset"] = offset
    if signed:
        terms["deed"] = signed
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
        "identified_by": wanted.identified,
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
    if offset:
        put_offset(connection, agreement, {debt: Decimal(part) for debt, part in offset["debts"].items()}, request.on)
    return agreement


def _offset(policy: Policy, owed: list[Brought], credit: Precatorio | None, by: str) -> Offset | None:
    """The terms of a precatório that pays a part of these debts. Raises Refusal."""
    if credit is None:
        return None
    parts = offset_of_debts(policy, [Incurred(each.debt.id, each.debt.due, each.owed) for each in owed], credit.amount)
    return {
        "process": credit.process,
        "attested_by": by,
        "debts": {debt: f"{part:.2f}" for debt, part in parts.items()},
    }


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
