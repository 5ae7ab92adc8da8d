"""The cost of an instalment agreement: a policy and a request in, the schedule out, or the rule that refuses it.

Rounding: a share of an amount is rounded half up to the cent. An instalment is the amount over their number, rounded
down; the cents left over go to the first one, so that no instalment is larger than the first.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import date
from decimal import Decimal
from enum import StrEnum

from dateutil.relativedelta import relativedelta

from models.agreement.bonus import bonus, share_of, slip_fee
from models.agreement.charges import NOTHING, Term, added
from models.agreement.offset import must_leave_something
from models.agreement.policy import Discount, Limits, Litigation, Policy, Regime, Terms
from models.errors import Refusal
from models.formats import money
from models.money.accrual_table import CENT
from models.money.rates import Rates

STATES = {
    Litigation.NONE: "a debt not in litigation",
    Litigation.SUIT: "a debt in a suit",
    Litigation.SEIZURE: "a debt under seizure or attachment",
    Litigation.RESTRICTION: "a debt under judicial restriction",
    Litigation.FROZEN: "a debt with a frozen bank account",
}


class Pay(StrEnum):
    SLIP = "slip"
    CASH = "cash"
    """The whole debt at once: no agreement, so that its limits don't apply."""
    DIRECT_DEBIT = "direct-debit"


@dataclass(frozen=True)
class Request:
    amount: Decimal
    """The amount owed on `on`, less what was paid in a broken agreement: more than zero, two decimals."""
    on: date
    kind: str
    regime: Regime = Regime.NORMAL
    litigation: Litigation = Litigation.NONE
    renegotiation: int = 0
    """How many times the debt's agreement was broken before."""
    pay: Pay = Pay.SLIP
    instalments: int | None = None
    """None: as many as the policy allows."""
    company: bool = False
    """Whether the debtor is a legal person."""
    granted: str | None = None
    """The act by which more instalments than the limit were granted, where the policy knows of such."""
    campaign: Campaign | None = None
    offset: Decimal = NOTHING
    """The part that a precatório pays."""

    @property
    def in_money(self) -> Decimal:
        return self.amount - self.offset


@dataclass(frozen=True)
class Campaign:
    """A campaign's modality in instalments: what its law forgives if all of them are paid."""

    name: str
    law: str
    instalments: int
    discount: Decimal


@dataclass(frozen=True)
class Instalment:
    n: int
    due: date
    principal: Decimal
    """Its part of the amount agreed, less the discount."""
    interest: Decimal = NOTHING
    """The charges of time by the due date, correction included."""
    estimated: bool = False
    """Some of the rates are not known yet: the last one known stands for them."""
    nominal: date | None = None
    """The day of the month that was agreed upon; None: that it is due on."""

    @property
    def amount(self) -> Decimal:
        """The amount to pay on the due date."""
        return self.principal + self.interest

    @property
    def agreed(self) -> date:
        return self.nominal or self.due


@dataclass(frozen=True)
class Quote:
    instalments: tuple[Instalment, ...]
    down_payment: Decimal
    """Contained in the first instalment."""
    discount: Decimal
    """Contained in the instalments, whose principal sums up to what is asked for in money less the discount."""
    bonus: Decimal
    """The amount credited, from the last instalment backwards, if every instalment is punctual. Not in `total`."""
    fee: Decimal
    """The price of all slips together."""
    total: Decimal
    """Instalments and fee."""
    max_instalments: int


def quote(policy: Policy, request: Request, rates: Rates = Rates()) -> Quote:  # noqa: B008 - it is frozen
    """The schedule of an agreement, or of a payment at once. Raises `Refusal`, naming the rule and its source, and
    Unreckonable where a series of rates is not known at all."""
    terms = policy.terms_of(request.regime)
    if request.offset:
        must_leave_something(policy, request.amount, request.offset)
    most = _most(policy, terms, request)
    count = request.instalments or most
    discount = _discount(policy, request, count)
    down = _down_payment(policy, terms, request, discount, count)
    each, over = _divided(request.in_money - discount - down, count)
    parts = [down + each + over, *[each] * (count - 1)]
    fee = slip_fee(policy, count) if request.pay is not Pay.DIRECT_DEBIT else NOTHING
    if fee > request.in_money:
        source = policy.slip_fee.source if policy.slip_fee else ""
        raise Refusal(
            f"the slips would cost R$ {fee:.2f}, more than the R$ {request.in_money:.2f} owed: ask for fewer"
            f" [{source}]",
            f"O preço das guias seria maior que a dívida: escolha menos parcelas ({source}).",
        )
    instalments = tuple(
        _priced(policy, request, Instalment(n, due, part, nominal=nominal), rates)
        for n, (nominal, due), part in zip(range(1, count + 1), _dues(policy, request, count), parts, strict=True)
    )
    return Quote(
        instalments=instalments,
        down_payment=down,
        discount=discount,
        bonus=bonus(policy, parts),
        fee=fee,
        total=sum((each.amount for each in instalments), fee),
        max_instalments=most,
    )


def _priced(policy: Policy, request: Request, instalment: Instalment, rates: Rates) -> Instalment:
    if request.pay is Pay.CASH:
        return instalment
    term = Term(request.on, instalment.agreed, instalment.due)
    charges, calendar = policy.terms_of(request.regime).charges, policy.calendar(request.on.year)
    more = added(charges, instalment.principal, term, instalment.due, calendar, rates)
    return replace(instalment, interest=more.total, estimated=more.estimated)


# ---- how many instalments


def _most(policy: Policy, terms: Terms, request: Request) -> int:
    """The largest number of instalments by the limit and the minimum instalment. Refuses a request for more."""
    asked = request.instalments or 1
    if request.pay is Pay.CASH:
        if asked > 1:
            raise Refusal(f"payment in cash is one instalment, not {asked}; choose slip or direct-debit")
        return 1
    if request.campaign:
        return _of_campaign(policy, request.campaign, request)
    limit = _limit(policy, terms.limits, request)
    minimum = terms.minimum_instalment.of(company=request.company) if terms.minimum_instalment else CENT
    fitting = (count for count in range(limit, 0, -1) if _smallest(policy, terms, request, count) >= minimum)
    most = next(fitting, 0)
    if asked > most:
        source = terms.minimum_instalment.source if terms.minimum_instalment else "there is no smaller coin"
        takes = f"takes at most {most}, not {asked}" if most else "can only be paid at once, in cash"
        raise Refusal(
            f"no instalment may be under R$ {minimum:.2f}: R$ {request.in_money:.2f} {takes} [{source}]",
            f"Nenhuma parcela pode ser menor que {money(minimum)}: este valor"
            f" {f'cabe em até {most} parcelas' if most else 'só pode ser pago à vista'} ({source}).",
        )
    return most


def _of_campaign(policy: Policy, campaign: Campaign, request: Request) -> int:
    if request.instalments not in (None, campaign.instalments):
        raise Refusal(f"{campaign.name} has no modality of {request.instalments} instalments [{campaign.law}]")
    return campaign.instalments


def _limit(policy: Policy, limits: Limits, request: Request) -> int:
    """The limit by litigation and renegotiation. Refuses a request for more."""
    if request.granted:
        return _extraordinary(policy, request)
    counts = limits.by_litigation[request.litigation]
    state, times = STATES[request.litigation], request.renegotiation
    if not counts:
        raise Refusal(
            f"{policy.agreement} grants no agreement for {state} [{limits.source}]",
            f"Na situação judicial em que está, este débito não pode ser parcelado ({limits.source}).",
        )
    if times >= len(counts) and not limits.unlimited_renegotiations:
        allowed = {1: "no renegotiation", 2: "one renegotiation"}.get(len(counts), f"{len(counts) - 1} renegotiations")
        raise Refusal(
            f"{policy.agreement} grants {allowed} for {state}, not {times} [{limits.source}]",
            f"Este débito já foi reparcelado tantas vezes quanto a norma permite ({limits.source}).",
        )
    limit = counts[min(times, len(counts) - 1)]
    if (request.instalments or 0) > limit:
        when = f", renegotiated {times} ×," if times else ""
        raise Refusal(
            f"{state}{when} takes at most {limit} instalments, not {request.instalments} [{limits.source}]",
            f"Este débito pode ser pago em até {limit} parcelas ({limits.source}).",
        )
    return limit


def _extraordinary(policy: Policy, request: Request) -> int:
    """The limit of what was granted beyond the rule."""
    rule = policy.extraordinary
    if rule is None:
        raise Refusal(f"{policy.agreement} knows of no agreement beyond its limits; leave --granted out")
    if request.litigation is not Litigation.NONE or request.renegotiation:
        raise Refusal(
            f"{rule.granted_by} grants more instalments for a debt not in litigation only, and once [{rule.source}]"
        )
    if (request.instalments or 0) > rule.limit:
        raise Refusal(f"{rule.granted_by} grants at most {rule.limit} instalments [{rule.source}]")
    return rule.limit


def _smallest(policy: Policy, terms: Terms, request: Request, count: int) -> Decimal:
    """The amount of every instalment but the first."""
    discount = _discount(policy, request, count)
    return _divided(request.in_money - discount - _down_payment(policy, terms, request, discount, count), count)[0]


USUAL = (3, 6, 12, 24)


def handful(most: int) -> list[int]:
    """The numbers of instalments that are shown to choose from: a few usual ones and the largest."""
    return [*(count for count in USUAL if count < most), most]


# ---- amounts


def _discount(policy: Policy, request: Request, count: int) -> Decimal:
    """The largest discount that applies, since they don't add up. One instalment is payment at once, by whatever
    means."""
    if request.campaign:
        return request.campaign.discount
    known = policy.discounts
    chosen: list[Discount] = []
    if known.at_once and count == 1 and policy.debt_kinds[request.kind].credit in known.at_once.credits:
        chosen.append(known.at_once)
    if known.direct_debit and request.pay is Pay.DIRECT_DEBIT:
        chosen.append(known.direct_debit)
    return share_of(request.in_money, max((discount.share for discount in chosen), default=NOTHING))


def early_discount(policy: Policy, amount: Decimal, *, discounted: bool) -> Decimal:
    """The discount on instalments that are paid before they are due; nothing when the agreement is `discounted`
    already."""
    early = policy.discounts.early
    return NOTHING if early is None or discounted else share_of(amount, early.share)


def _down_payment(policy: Policy, terms: Terms, request: Request, discount: Decimal, count: int) -> Decimal:
    """The down payment: a share of the debt, not of what the discount leaves. A payment at once has none."""
    share = NOTHING
    if request.pay is not Pay.CASH and not request.campaign:
        share = terms.down_payment.share(request.renegotiation) if terms.down_payment else NOTHING
        if request.granted and policy.extraordinary:
            share = policy.extraordinary.share(count)
    return min(share_of(request.in_money, share), request.in_money - discount)


def _divided(amount: Decimal, count: int) -> tuple[Decimal, Decimal]:
    """One of `count` equal parts, rounded down to the cent, and the cents left over."""
    cents = int(amount / CENT)
    each, over = divmod(cents, count)
    return each * CENT, over * CENT


# ---- due dates


def _dues(policy: Policy, request: Request, count: int) -> list[tuple[date, date]]:
    """The day agreed upon of each instalment, and the day it is due."""
    first = 0 if request.pay is Pay.CASH else policy.due_dates.first_after_months
    days = [request.on + relativedelta(months=first + n) for n in range(count)]
    if not policy.due_dates.rolled_to_banking_day:
        return [(day, day) for day in days]
    return [(day, policy.calendar(request.on.year).working(day)) for day in days]
