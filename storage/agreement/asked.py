"""The request that an agreement answers: the debts that it is about, and what the record and the policy say of them."""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import date, datetime
from decimal import Decimal
from typing import Literal

from sqlalchemy import Connection, bindparam, select, text
from sqlalchemy.dialects.postgresql import ARRAY
from sqlalchemy.types import Text

from models.agreement.charges import NOTHING
from models.agreement.default import new_agreement_from
from models.agreement.identity import Identification
from models.agreement.policy import DefaultRule, Litigation, Policy, Portion, Regime
from models.agreement.quote import Campaign, Pay, Request
from models.case.evidence import Debt
from models.case.status import Status
from models.errors import Refusal
from models.formats import day as written
from models.money.imputation import replay
from models.money.remission import price
from models.words import GROUNDS
from storage.agreement.agreements import read_life, read_row
from storage.amounts.accruals import accrual_of
from storage.amounts.owed import read_claims
from storage.amounts.rates import read_rates
from storage.case.cases import Case
from storage.case.debts import owed_on
from storage.case.facts import read_facts
from storage.schema import taxpayers

Via = Literal["command", "link"]


@dataclass(frozen=True)
class Precatorio:
    """A credit against the authority that is to pay part of the debts, as somebody attests."""

    amount: Decimal
    process: str
    """In which the offset was granted."""


@dataclass(frozen=True)
class Acceptance:
    """The taxpayer's word that he accepts a deed which was shown to him."""

    digest: str
    """The SHA-256 of the deed's text."""
    address: str
    """The internet address that he accepted it from."""


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
    debts: Portion = "all"
    authorization: str = ""
    """By which the bank debits the instalments, for who pays by direct debit."""
    precatorio: Precatorio | None = None
    identified: Identification | None = None
    """How the taxpayer was identified; None: nobody says."""
    accepted: Acceptance | None = None
    """None: no deed was shown to him, an official signs what he was told."""


@dataclass(frozen=True)
class Brought:
    debt: Debt
    owed: Decimal
    """On the day of the agreement, with all that delay added."""


ACTIVE_ON = text("""
    SELECT agreement_debts.debt, agreements.id, agreements."case" FROM agreement_debts
    JOIN agreements ON agreements.id = agreement_debts.agreement
    WHERE agreement_debts.debt = ANY(:debts) AND closed_at IS NULL ORDER BY agreement_debts.debt
""").bindparams(bindparam("debts", type_=ARRAY(Text)))


def debts_owed(connection: Connection, case: Case, on: date) -> list[Brought]:
    """The debts of the case that are not on hold and in no agreement, with what is owed on the day."""
    if case.closed_at is not None or case.status is Status.CONTROL:
        raise Refusal(
            f"case {case.id} is {case.status}: no agreement can be signed on it",
            "Este caso está encerrado: não há o que parcelar.",
        )
    facts = read_facts(connection, case.ruler, [case.pair], on)[case.pair]
    outstanding = [debt for debt in facts.debts if debt.outstanding]
    taken = {each.debt: each for each in connection.execute(ACTIVE_ON, {"debts": [debt.id for debt in facts.debts]})}
    found = [debt for debt in outstanding if debt.id not in taken]
    own = [each.id for each in taken.values() if each.case == case.id]
    if not found and own:
        raise Refusal(
            f"case {case.id} holds the agreement {own[-1]} already; `agreement show {own[-1]}` shows it",
            "Estes débitos já estão parcelados.",
        )
    if not outstanding:
        held = ", ".join(GROUNDS.get(ground, ground) for ground in facts.grounds)
        why = f"all it owes is on hold: {held}" if held else "its debts are paid"
        raise Refusal(
            f"case {case.id} has nothing to pay in instalments: {why}",
            f"Não há o que parcelar: {held}." if held else "Não há o que parcelar: nada está em aberto.",
        )
    others = [taken[debt.id] for debt in outstanding if debt.id in taken and taken[debt.id].case != case.id]
    if others:
        raise Refusal(
            f"debt {others[0].debt} is in the agreement {others[0].id} of another debtor already",
            "Um destes débitos já está no parcelamento de outro devedor.",
        )
    return [Brought(debt, owed_on(connection, debt.id, on).owed.total) for debt in found]


def portion_of(owed: list[Brought], portion: Portion) -> list[Brought]:
    """The debts that an agreement is to be about. Raises Refusal when there are none such."""
    chosen = [each for each in owed if portion == "all" or each.debt.litigation == (portion == "sued")]
    if not chosen:
        where = "in court" if portion == "sued" else "out of court"
        raise Refusal(
            f"none of the debts that could be agreed upon is {where}",
            f"Nenhum destes débitos {'está ajuizado' if portion == 'sued' else 'está fora da Justiça'}.",
        )
    return chosen


def is_mixed(owed: list[Brought]) -> bool:
    """Whether some debts are in court and some aren't."""
    return 0 < sum(each.debt.litigation for each in owed) < len(owed)


def request_of(
    connection: Connection, policy: Policy, case: Case, owed: list[Brought], wanted: SigningRequest, on: date
) -> Request:
    kind = _kind(policy, case, wanted)
    regimes = policy.debt_kinds[kind].regimes
    if wanted.regime is not None and wanted.regime not in regimes:
        raise Refusal(f"a debt of kind {kind} is of regime {' or '.join(regimes)}, not {wanted.regime}")
    sued = any(brought.debt.litigation for brought in owed)
    request = Request(
        amount=sum_of(owed),
        on=on,
        kind=kind,
        regime=wanted.regime or regimes[0],
        litigation=wanted.litigation or (Litigation.SUIT if sued else Litigation.NONE),
        pay=wanted.pay,
        instalments=wanted.instalments,
        company=_is_company(connection, case),
        granted=wanted.granted,
        offset=wanted.precatorio.amount if wanted.precatorio else NOTHING,
    )
    before = _renegotiation(connection, policy, request, [brought.debt.id for brought in owed])
    if policy.separate_litigation and is_mixed(owed):
        source = policy.separate_litigation.source
        raise Refusal(
            f"case {case.id} owes debts in court and debts that aren't: they can't be in one agreement [{source}];"
            " sign them apart, --debts sued and --debts unsued",
            f"Débitos ajuizados e não ajuizados não cabem no mesmo parcelamento ({source}).",
        )
    if wanted.renegotiation is not None and wanted.renegotiation < before:
        raise Refusal(f"{before} agreements on these debts were broken, not {wanted.renegotiation}")
    return replace(request, renegotiation=before if wanted.renegotiation is None else wanted.renegotiation)


def campaign_of(
    connection: Connection, case: Case, owed: list[Brought], wanted: SigningRequest, now: datetime
) -> Campaign:
    """The modality of the case's campaign that has so many instalments, as it stands now. Its discount is of the
    agreement: forgiven when all is paid, and lost when it is broken. Raises Refusal."""
    offer, today = case.ruler.offer, case.clock.day_at(now)
    minute = None if case.clock.compressed else now
    in_time = offer is not None and offer.in_time(today, minute, case.ruler.jurisdiction.timezone)
    if offer is None or not in_time or (wanted.on or today) != today:
        raise Refusal(
            f"no offer of a campaign is open for case {case.id} now",
            "Não há oferta de campanha aberta para este caso.",
        )
    modality = next((each for each in offer.modalities if each.instalments == wanted.instalments > 1), None)
    if modality is None:
        known = ", ".join(str(each.instalments) for each in offer.modalities if each.instalments > 1)
        raise Refusal(
            f"{offer.name} has modalities in {known or 'no'} instalments, not in {wanted.instalments} [{offer.law}]",
            f"{offer.name}: escolha uma das modalidades da lei ({offer.law}).",
        )
    rates, table = read_rates(connection), accrual_of(case.ruler)
    claims, came_in = read_claims(connection, dict.fromkeys([each.debt.id for each in owed], table))
    accounts = (replay([claim], came_in[claim.id], today, rates).accounts[claim.id] for claim in claims)
    left = sum((price(offer, modality, account, today) for account in accounts), NOTHING)
    return Campaign(offer.name, offer.law, modality.instalments, sum_of(owed) - left)


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
    """The number of times an agreement on these debts was broken. Refuses while the wait after any of them runs."""
    broken = connection.execute(BROKEN, {"debts": named}).all()
    rule = policy.terms_of(request.regime).default
    if rule and request.pay is not Pay.CASH:
        for each in broken:
            _refuse_before_the_wait(connection, policy, rule, request, each.id)
    return max((each.renegotiation + 1 for each in broken), default=0)


def _refuse_before_the_wait(
    connection: Connection, policy: Policy, rule: DefaultRule, request: Request, broken: str
) -> None:
    """Refuse a new agreement while the policy's wait runs. One that a person broke counts from that day, unless the
    instalment that would have broken it was due before."""
    deal, life = read_life(connection, read_row(connection, broken), request.on)
    since = min((day for day in (life.default_due, deal.rescinded_on) if day), default=request.on)
    first = new_agreement_from(policy, request.regime, since)
    if request.on >= first:
        return
    what, o_que = (
        f"the due date {since:%Y-%m-%d} of the instalment that broke",
        "do vencimento da parcela que rompeu o anterior",
    )
    if since == deal.rescinded_on:
        what, o_que = f"the break, on {since:%Y-%m-%d}, of", "do rompimento do anterior"
    raise Refusal(
        f"a new agreement is possible from {first:%Y-%m-%d}, {rule.new_agreement_after_days} days after {what} {broken}"
        f" [{rule.source}]",
        f"Um novo parcelamento é possível a partir de {written(first)}: {rule.new_agreement_after_days} dias"
        f" depois {o_que} ({rule.source}).",
    )


def sum_of(owed: list[Brought]) -> Decimal:
    return sum((brought.owed for brought in owed), NOTHING)
