"""Shares of an amount: the price of slips, and the bonus for paying punctually."""

from __future__ import annotations

from collections.abc import Sequence
from decimal import ROUND_HALF_UP, Decimal

from models.agreement.charges import NOTHING
from models.agreement.policy import Policy
from models.money.accrual_table import CENT


def share_of(amount: Decimal, share: Decimal) -> Decimal:
    """A share of an amount, rounded half up to the cent."""
    return (amount * share).quantize(CENT, ROUND_HALF_UP)


def slip_fee(policy: Policy, count: int) -> Decimal:
    """The price of all `count` slips together, in reais: one slip's reduced price is rounded, then multiplied."""
    fee = policy.slip_fee
    if fee is None:
        return NOTHING
    off = next((reduction.share for reduction in fee.reductions if count <= reduction.up_to), NOTHING)
    return share_of(fee.amount, 1 - off) * count


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
