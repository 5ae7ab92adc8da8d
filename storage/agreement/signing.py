"""How an instalment agreement is signed: refused with the rule that says so, or on record with all that it needs."""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import date, datetime
from decimal import Decimal
from typing import Literal, TypedDict

from sqlalchemy import Connection, Engine, bindparam, insert, select, text
from sqlalchemy.dialects.postgresql import ARRAY
from sqlalchemy.types import Text

from models.agreement.aftermath import identity_needed
from models.agreement.bonus import share_of
from models.agreement.charges import NOTHING
from models.agreement.default import new_agreement_from
from models.agreement.instalments import State
from models.agreement.policy import Litigation, Policy, Regime
from models.agreement.quote import Campaign, Pay, Quote, Request, handful, quote
from models.assets import PolicyBundle
from models.case.commands import Act
from models.case.evidence import Debt
from models.case.journal import EntryKind
from models.case.status import Status
from models.errors import Refusal
from models.events import InstalmentsChanged
from models.formats import day as written
from models.formats import money
from models.law.prescription import Cause
from models.roles import Actor
from models.words import GROUNDS
from storage.agreement.agreement_row import Terms
from storage.agreement.agreements import REQUEST, AgreementRecord, read_life, read_row, tell
from storage.agreement.policies import pin_policy
from storage.amounts.rates import read_rates
from storage.case.acts import put_act
from storage.case.cases import Case, read_case
from storage.case.debts import owed_on
from storage.case.facts import read_facts
from storage.case.locks import lock_cases_and_debts
from storage.case.transaction import record_decision
from storage.law.interruptions import put_interruptions
from storage.outbox import enqueue
from storage.payments.offers import offer_now
from storage.rows import typed_rows
from storage.schema import agreement_debts, agreements, debts, instalments, taxpayers

Via = Literal["command", "link"]


@dataclass(frozen=True)
class SigningRequest:
    """A request to sign an agreement. Where a field is None, the record or the policy decides."""

    instalments: int
    pay: Pay = Pay.SLIP
    kind: str | None = None
    litigation: Litigation | None = None
    regime: Regime | None = None
    renegotiation: int | None = None
    on: date | None = None
    granted: str | None = None
    """The act that grants more instalments than the limit."""
    campaign: bool = False
    """By the offer of the case's campaign, in one of its modalities."""


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
        owed = _proven(_debts(connection, record, on), policy, via)
        try:
            request = _request(connection, policy, record, owed, wanted, on)
            if wanted.campaign:
                request = replace(request, campaign=_campaign(connection, record, owed, wanted, now))
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
    owed = _proven(_debts(connection, case, on), policy, "link")
    request = _request(connection, policy, case, owed, SigningRequest(asked or 1), on)
    rates = read_rates(connection)
    if asked:
        return [quote(policy, request, rates)]
    most = quote(policy, request, rates).max_instalments
    return [quote(policy, replace(request, instalments=count), rates) for count in handful(most)]


def active_agreement(connection: Connection, case: str) -> str | None:
    return connection.execute(ACTIVE, {"case": case}).scalar_one_or_none()


def _proven(owed: list[Brought], policy: Policy, via: Via) -> list[Brought]:
    """The debts, for somebody who has proven enough who he is. Raises Refusal."""
    amount = _sum(owed)
    if via == "link" and (means := identity_needed(policy, amount)):
        raise Refusal(
            f"above {money(_limit(policy))} the taxpayer signs with {means} [{_source(policy)}]",
            f"Acima de {money(_limit(policy))} o parcelamento é assinado com {means} ({_source(policy)}).",
        )
    return owed


def _sum(owed: list[Brought]) -> Decimal:
    return sum((brought.owed for brought in owed), NOTHING)


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


# ---- what it is about


@dataclass(frozen=True)
class Brought:
    debt: Debt
    owed: Decimal
    """On the day of the agreement, with all that delay added."""


ACTIVE = text("""SELECT id FROM agreements WHERE "case" = :case AND closed_at IS NULL""")

ACTIVE_ON = text("""
    SELECT agreement_debts.debt, agreements.id FROM agreement_debts
    JOIN agreements ON agreements.id = agreement_debts.agreement
    WHERE agreement_debts.debt = ANY(:debts) AND closed_at IS NULL ORDER BY agreement_debts.debt
""").bindparams(bindparam("debts", type_=ARRAY(Text)))


def _debts(connection: Connection, case: Case, on: date) -> list[Brought]:
    """The debts of the case that are not on hold, with what is owed on the day."""
    if case.closed_at is not None or case.status is Status.CONTROL:
        raise Refusal(
            f"case {case.id} is {case.status}: no agreement can be signed on it",
            "Este caso está encerrado: não há o que parcelar.",
        )
    if active := active_agreement(connection, case.id):
        raise Refusal(
            f"case {case.id} holds the agreement {active} already; `agreement show {active}` shows it",
            "Estes débitos já estão parcelados.",
        )
    pair = (case.taxpayer, case.tax)
    facts = read_facts(connection, case.ruler, [pair], on)[pair]
    found = [debt for debt in facts.debts if debt.outstanding]
    if not found:
        held = ", ".join(GROUNDS.get(ground, ground) for ground in facts.grounds)
        why = f"all it owes is on hold: {held}" if held else "its debts are paid"
        raise Refusal(
            f"case {case.id} has nothing to pay in instalments: {why}",
            f"Não há o que parcelar: {held}." if held else "Não há o que parcelar: nada está em aberto.",
        )
    taken = connection.execute(ACTIVE_ON, {"debts": [debt.id for debt in found]}).first()
    if taken:
        raise Refusal(
            f"debt {taken.debt} is in the agreement {taken.id} of another debtor already",
            "Um destes débitos já está no parcelamento de outro devedor.",
        )
    return [Brought(debt, owed_on(connection, debt.id, on).owed.total) for debt in found]


def _request(
    connection: Connection, policy: Policy, case: Case, owed: list[Brought], wanted: SigningRequest, on: date
) -> Request:
    kind = _kind(policy, case, wanted)
    regimes = policy.debt_kinds[kind].regimes
    if wanted.regime is not None and wanted.regime not in regimes:
        raise Refusal(f"a debt of kind {kind} is of regime {' or '.join(regimes)}, not {wanted.regime}")
    sued = any(brought.debt.litigation for brought in owed)
    request = Request(
        amount=_sum(owed),
        on=on,
        kind=kind,
        regime=wanted.regime or regimes[0],
        litigation=wanted.litigation or (Litigation.SUIT if sued else Litigation.NONE),
        pay=wanted.pay,
        instalments=wanted.instalments,
        company=_is_company(connection, case),
        granted=wanted.granted,
    )
    before = _renegotiation(connection, policy, request, [brought.debt.id for brought in owed])
    if policy.separate_litigation and 0 < sum(brought.debt.litigation for brought in owed) < len(owed):
        source = policy.separate_litigation.source
        raise Refusal(
            f"case {case.id} owes debts in court and debts that aren't: they can't be in one agreement [{source}]",
            f"Débitos ajuizados e não ajuizados não cabem no mesmo parcelamento ({source}): procure o atendimento.",
        )
    if wanted.renegotiation is not None and wanted.renegotiation < before:
        raise Refusal(f"{before} agreements on these debts were broken, not {wanted.renegotiation}")
    return replace(request, renegotiation=before if wanted.renegotiation is None else wanted.renegotiation)


def _campaign(
    connection: Connection, case: Case, owed: list[Brought], wanted: SigningRequest, now: datetime
) -> Campaign:
    """The modality of the case's campaign that has so many instalments, as it stands now. Its discount is of the
    agreement: forgiven when all is paid, and lost when it is broken. Raises Refusal."""
    found = offer_now(connection, case, [each.debt.id for each in owed], now)
    if found is None or (wanted.on or case.clock.day_at(now)) != case.clock.day_at(now):
        raise Refusal(
            f"no offer of a campaign is open for case {case.id} now",
            "Não há oferta de campanha aberta para este caso.",
        )
    of = [each for each in found.offered.modalities if each.instalments == wanted.instalments > 1]
    if not of:
        known = ", ".join(str(each.instalments) for each in found.offered.modalities if each.instalments > 1)
        raise Refusal(
            f"{found.offered.name} has modalities in {known or 'no'} instalments, not in {wanted.instalments}"
            f" [{found.offered.law}]",
            f"{found.offered.name}: escolha uma das modalidades da lei ({found.offered.law}).",
        )
    discount = _sum(owed) - of[0].total
    return Campaign(found.offered.name, found.offered.law, wanted.instalments, discount)


def _is_company(connection: Connection, case: Case) -> bool:
    asked = select(taxpayers.c.is_company).where(taxpayers.c.id == case.taxpayer)
    return bool(connection.execute(asked).scalar_one())


def _kind(policy: Policy, case: Case, wanted: SigningRequest) -> str:
    kind = wanted.kind or (case.tax.lower() if case.tax.lower() in policy.debt_kinds else next(iter(policy.debt_kinds)))
    if kind not in policy.debt_kinds:
        raise Refusal(f"{policy.agreement} has no debt kind {kind!r}; it has {', '.join(policy.debt_kinds)}")
    return kind


# an offer to pay at once that was not taken is no broken agreement
BROKEN = text("""
    SELECT DISTINCT agreements.id, agreements.renegotiation, agreements.recorded_at FROM agreement_debts
    JOIN agreements ON agreements.id = agreement_debts.agreement
    WHERE agreement_debts.debt = ANY(:debts) AND state = 'broken' AND terms -> 'request' ->> 'pay' <> 'cash'
    ORDER BY agreements.recorded_at
""").bindparams(bindparam("debts", type_=ARRAY(Text)))


def _renegotiation(connection: Connection, policy: Policy, request: Request, named: list[str]) -> int:
    """The number of times an agreement on these debts was broken. Refuses while the wait after the last one runs."""
    broken = connection.execute(BROKEN, {"debts": named}).all()
    rule = policy.terms_of(request.regime).default
    if broken and rule and request.pay is not Pay.CASH:
        row = read_row(connection, broken[-1].id)
        due = read_life(connection, row, request.on)[1].default_due
        first = new_agreement_from(policy, request.regime, due) if due else request.on
        if request.on < first:
            raise Refusal(
                f"a new agreement is possible from {first:%Y-%m-%d}, {rule.new_agreement_after_days} days after the due"
                f" date {due:%Y-%m-%d} of the instalment that broke {row['id']} [{rule.source}]",
                f"Um novo parcelamento é possível a partir de {written(first)}: {rule.new_agreement_after_days} dias"
                f" depois do vencimento da parcela que rompeu o anterior ({rule.source}).",
            )
    return max((each.renegotiation + 1 for each in broken), default=0)


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
