"""The effect of an offer on what is owed: the amount of a message on its day, and which payments settle a debt.

A payment settles at the price of the day it was made, whenever the bank reports it. All is computed anew from what is
on record, so that the order of arrival makes no difference and a reversal undoes what the payment had brought.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from datetime import date, datetime
from decimal import ROUND_UP, Decimal
from enum import StrEnum

from models.money.accrual import NOTHING, Accrual, Line, discounts
from models.money.accrual_table import CENT
from models.money.imputation import Account, Claim, Payment
from models.money.offer import Modality, Offer
from models.money.offered import Offered, OfferedModality
from models.money.rates import Rates


@dataclass(frozen=True)
class Made:
    """An offer as it was made to a debt: by which ruler, and in whose zone its deadline lies."""

    offer: Offer
    label: str
    timezone: str


@dataclass(frozen=True)
class Paid(Payment):
    """A payment for one debt, or a remission of it."""

    at: datetime | None = None
    """The instant; None where no more than the day is known."""
    remission: bool = False
    """Nobody paid it: it was forgiven on another ground."""


class Outcome(StrEnum):
    SETTLED = "settled"
    LOWER = "lower"
    LATE = "late"


@dataclass(frozen=True)
class Verdict:
    """The outcome of one payment under an offer: whether it settled the debt, at what price."""

    payment: Paid
    made: Made
    outcome: Outcome
    price: Decimal
    """The amount that would have settled the debt at the moment of the payment."""
    remitted: Decimal = NOTHING


def offered(offer: Offer, accounts: Iterable[Account], on: date, paid_in_part: Decimal = NOTHING) -> Offered:
    """The offer as a message states it. `accounts` are those of all that is owed, grown to `on`, the day of the
    message."""
    accounts = tuple(accounts)
    totals = {
        modality: sum((price(offer, modality, account, on) for account in accounts), NOTHING)
        for modality in offer.modalities
    }
    return Offered(
        name=offer.name,
        law=offer.law,
        until=offer.until,
        percent=max(modality.percent for modality in offer.modalities),
        full=sum((account.owed.total for account in accounts), NOTHING),
        modalities=tuple(
            OfferedModality(
                instalments=modality.instalments,
                percent=modality.percent,
                total=total,
                each=(total / modality.instalments).quantize(CENT, ROUND_UP),
            )
            for modality, total in totals.items()
        ),
        paid_in_part=paid_in_part,
    )


def price(offer: Offer, modality: Modality, account: Account, on: date) -> Decimal:
    """The amount, in reais, that the offer leaves of a debt that is grown to `on`, a day of the offer's."""
    return Accrual((*account.lines, *_taken_off(offer, modality, account, on))).total


def _taken_off(offer: Offer, modality: Modality, account: Account, on: date) -> tuple[Line, ...]:
    table = account.claim.table
    assert table is not None  # noqa: S101 - `ruler check` refuses an offer without a table
    return discounts(table.model_copy(update={"discounts": (offer.discount(modality),)}), account.lines, on)


def judge(claim: Claim, money: Iterable[Paid], made: Sequence[Made], rates: Rates) -> list[Verdict]:
    """Judge each payment by the offers made to its debt; one that no offer concerns has no verdict."""
    account, verdicts = Account(claim, (claim.opening,)), []
    for payment in sorted(money, key=lambda payment: (payment.day, payment.id)):
        account = account.grown(payment.day, rates)
        verdict = _verdict(account, payment, made)
        if verdict:
            verdicts.append(verdict)
            account = _granted(account, verdict)
        account, _ = account.paid(payment, payment.amount)
    return verdicts


def _verdict(account: Account, payment: Paid, made: Sequence[Made]) -> Verdict | None:
    """The verdict by the best of the offers that the payment was in time for, else by the last that it was late for."""
    owed = account.owed.total
    facts = [each for each in made if each.offer.in_time(payment.day, payment.at, each.timezone)]
    over = [each for each in made if each.offer.deadline_day <= payment.day]
    if owed <= 0 or payment.remission:
        return None
    if facts:
        prices = {each.label: price(each.offer, each.offer.one_payment, account, payment.day) for each in facts}
        best = min(facts, key=lambda each: prices[each.label])
        asked = prices[best.label]
        if payment.amount >= asked:
            return Verdict(payment, best, Outcome.SETTLED, asked, owed - asked)
        return Verdict(payment, best, Outcome.LOWER, asked)
    if over and payment.amount < owed:
        return Verdict(payment, max(over, key=lambda each: each.offer.until), Outcome.LATE, owed)
    return None


def _granted(account: Account, verdict: Verdict) -> Account:
    if verdict.outcome is not Outcome.SETTLED:
        return account
    offer, day = verdict.made.offer, verdict.payment.day
    taken = _taken_off(offer, offer.one_payment, account, day)
    granted = (replace(line, component=line.taken_off or line.component) for line in taken)
    return replace(account, lines=(*account.lines, *granted))
