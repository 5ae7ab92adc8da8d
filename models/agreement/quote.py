"""The cost of an instalment agreement: a policy and a request in, the schedule out, or the rule that refuses it.

Rounding: a share of an amount is rounded half up to the cent. An instalment is the amount over their number, rounded
down; the cents left over go to the first one, so that no instalment is larger than the first.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from decimal import ROUND_HALF_UP, Decimal
from enum import StrEnum

from dateutil.relativedelta import relativedelta

from models.agreement.policy import Discount, Limits, Litigation, Policy, Regime, Terms
from models.errors import Refusal
from models.formats import money

CENT = Decimal("0.01")
NOTHING = Decimal("0.00")

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


@dataclass(frozen=True)
class Instalment:
    n: int
    due: date
    amount: Decimal


@dataclass(frozen=True)
class Quote:
    instalments: tuple[Instalment, ...]
    down_payment: Decimal
    """Contained in the first instalment."""
    discount: Decimal
    """Contained in the instalments, which sum up to the amount asked for less the discount."""
    bonus: Decimal
    """The amount credited, from the last instalment backwards, if every instalment is punctual. Not in `total`."""
    fee: Decimal
    """The price of all slips together."""
    total: Decimal
    """Instalments and fee."""
    max_instalments: int


def quote(policy: Policy, request: Request) -> Quote:
    """The schedule of an agreement, or of a payment at once. Raises `Refusal`, naming the rule and its source."""
    terms = policy.terms_of(request.regime)
    most = _most(policy, terms, request)
    count = request.instalments or most
    discount = _discount(policy, request, count)
    down = _down_payment(terms, request, discount)
    each, over = _divided(request.amount - discount - down, count)
    amounts = [down + each + over, *[each] * (count - 1)]
    fee = slip_fee(policy, count) if request.pay is not Pay.DIRECT_DEBIT else NOTHING
    return Quote(
        instalments=tuple(map(Instalment, range(1, count + 1), _dues(policy, request, count), amounts)),
        down_payment=down,
        discount=discount,
        bonus=bonus(policy, amounts),
        fee=fee,
        total=sum(amounts, fee),
        max_instalments=most,
    )


def share_of(amount: Decimal, share: Decimal) -> Decimal:
    """A share of an amount, rounded half up to the cent."""
    return (amount * share).quantize(CENT, ROUND_HALF_UP)


# ---- how many instalments


def _most(policy: Policy, terms: Terms, request: Request) -> int:
    """The largest number of instalments by the limit and the minimum instalment. Refuses a request for more."""
    asked = request.instalments or 1
    if request.pay is Pay.CASH:
        if asked > 1:
            raise Refusal(f"payment in cash is one instalment, not {asked}; choose slip or direct-debit")
        return 1
    limit = _limit(policy, terms.limits, request)
    minimum = terms.minimum_instalment.amount if terms.minimum_instalment else CENT
    fitting = (count for count in range(limit, 0, -1) if _smallest(policy, terms, request, count) >= minimum)
    most = next(fitting, 0)
    if asked > most:
        source = terms.minimum_instalment.source if terms.minimum_instalment else "there is no smaller coin"
        takes = f"takes at most {most}, not {asked}" if most else "can only be paid at once, in cash"
        raise Refusal(
            f"no instalment may be under R$ {minimum:.2f}: R$ {request.amount:.2f} {takes} [{source}]",
            f"Nenhuma parcela pode ser menor que {money(minimum)}: este valor"
            f" {f'cabe em até {most} parcelas' if most else 'só pode ser pago à vista'} ({source}).",
        )
    return most


def _limit(policy: Policy, limits: Limits, request: Request) -> int:
    """The limit by litigation and renegotiation. Refuses a request for more."""
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


def _smallest(policy: Policy, terms: Terms, request: Request, count: int) -> Decimal:
    """The amount of every instalment but the first."""
    discount = _discount(policy, request, count)
    return _divided(request.amount - discount - _down_payment(terms, request, discount), count)[0]


USUAL = (3, 6, 12, 24)


def handful(most: int) -> list[int]:
    """The numbers of instalments that are shown to choose from: a few usual ones and the largest."""
    return [*(count for count in USUAL if count < most), most]


# ---- amounts


def _discount(policy: Policy, request: Request, count: int) -> Decimal:
    """The largest discount that applies, since they don't add up. One instalment is payment at once, by whatever
    means."""
    known = policy.discounts
    chosen: list[Discount] = []
    if known.at_once and count == 1 and policy.debt_kinds[request.kind].credit in known.at_once.credits:
        chosen.append(known.at_once)
    if known.direct_debit and request.pay is Pay.DIRECT_DEBIT:
        chosen.append(known.direct_debit)
    return share_of(request.amount, max((discount.share for discount in chosen), default=NOTHING))


def early_discount(policy: Policy, amount: Decimal, *, discounted: bool) -> Decimal:
    """The discount on instalments that are paid before they are due; nothing when the agreement is `discounted`
    already."""
    early = policy.discounts.early
    return NOTHING if early is None or discounted else share_of(amount, early.share)


def _down_payment(terms: Terms, request: Request, discount: Decimal) -> Decimal:
    """The down payment: a share of the debt, not of what the discount leaves. A payment at once has none."""
    if terms.down_payment is None or request.pay is Pay.CASH:
        return NOTHING
    return min(share_of(request.amount, terms.down_payment.share(request.renegotiation)), request.amount - discount)


def _divided(amount: Decimal, count: int) -> tuple[Decimal, Decimal]:
    """One of `count` equal parts, rounded down to the cent, and the cents left over."""
    cents = int(amount / CENT)
    each, over = divmod(cents, count)
    return each * CENT, over * CENT


def slip_fee(policy: Policy, count: int) -> Decimal:
    """The price of all `count` slips together, in reais: one slip's reduced price is rounded, then multiplied."""
    fee = policy.slip_fee
    if fee is None:
        return NOTHING
    off = next((reduction.share for reduction in fee.reductions if count <= reduction.up_to), NOTHING)
    return share_of(fee.amount, 1 - off) * count


# ---- punctuality


def bonus_of_sequence(policy: Policy, sequence: int) -> Decimal:
    """The worth, in instalments, of the `sequence`-th run of punctual instalments, from 1 on."""
    table = policy.punctuality_bonus.instalments if policy.punctuality_bonus else ()
    return table[sequence - 1] if 1 <= sequence <= len(table) else NOTHING


def accumulated_bonus(policy: Policy, paid: int) -> Decimal:
    """The worth, in instalments, of `paid` instalments paid punctually one after the other."""
    every = policy.punctuality_bonus.every if policy.punctuality_bonus else 1
    return sum((bonus_of_sequence(policy, n) for n in range(1, paid // every + 1)), NOTHING)


def bonus_instalments(policy: Policy, count: int) -> Decimal:
    """How many of `count` instalments are never paid if all others are paid punctually.

    The debtor stops paying when what he paid and what was credited make up `count`; a sequence that ends with the last
    payment, or after it, credits nothing. So 180 instalments earn 25.20, the last figure of Belo Horizonte's table of
    accumulated bonuses, and 12 earn none.
    """
    every = policy.punctuality_bonus.every if policy.punctuality_bonus else 1
    credited = NOTHING
    for paid in range(every, count, every):
        left = count - paid - credited
        if left <= 0:
            break
        credited += min(bonus_of_sequence(policy, paid // every), left)
    return credited


def bonus(policy: Policy, amounts: Sequence[Decimal]) -> Decimal:
    """The money of `bonus_instalments`, credited from the last instalment backwards; a fraction is of the next one."""
    return money_of_last(amounts, bonus_instalments(policy, len(amounts)))


def money_of_last(amounts: Sequence[Decimal], count: Decimal) -> Decimal:
    """The money of the last `count` instalments, all of them at most; a fraction is of the one before those."""
    whole = min(int(count), len(amounts))
    backwards = [*reversed(amounts), NOTHING]
    return sum(backwards[:whole], share_of(backwards[whole], count - int(count)))


# ---- due dates


def _dues(policy: Policy, request: Request, count: int) -> list[date]:
    first = 0 if request.pay is Pay.CASH else policy.due_dates.first_after_months
    days = [request.on + relativedelta(months=first + n) for n in range(count)]
    if not policy.due_dates.rolled_to_banking_day:
        return days
    return [*map(policy.calendar(request.on.year).working, days)]
