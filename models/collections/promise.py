"""Promises to pay: which may be made, and what became of each, by the money that counted for the case's debts.

A promise holds rungs that aren't formal until the bank must have reported it, and nothing that the law counts: neither
a formal notice nor its term nor prescription. It is no request and no agreement, so it suspends nothing (CTN art. 151).
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from datetime import date
from decimal import ROUND_CEILING, Decimal
from enum import StrEnum
from typing import NamedTuple, Protocol

from pydantic import BaseModel, ConfigDict

from models.errors import Refusal
from models.formats import day, money
from models.law.calendar import Calendar, Wait
from models.ruler.schema import Promises

CENT = Decimal("0.01")


class PromiseState(StrEnum):
    OPEN = "open"
    KEPT = "kept"
    KEPT_IN_PART = "kept_in_part"
    BROKEN = "broken"
    CANCELLED = "cancelled"
    """Taken back by people."""
    OVERTAKEN = "overtaken"
    """Nothing could be demanded any more before its day: agreed, held, extinct, or its case is closed."""

    @property
    def final(self) -> bool:
        """Whether no money changes it any more."""
        return self in (PromiseState.CANCELLED, PromiseState.OVERTAKEN)


class PromiseChannel(StrEnum):
    PHONE = "phone"
    COUNTER = "counter"
    REPLY = "reply"
    """An answer to a message."""


class Money(Protocol):
    """A payment as it counts for the case's debts, net of what went back."""

    @property
    def id(self) -> int: ...
    @property
    def on(self) -> date: ...
    @property
    def amount(self) -> Decimal: ...


class Promise(BaseModel):
    model_config = ConfigDict(frozen=True)

    id: int
    amount: Decimal
    made_on: date
    promised_for: date
    due: date
    """The last day on which paying keeps it: the day promised, or where banks are closed then the next working day."""
    judged_on: date
    """The first day on which the bank must have reported it: until then it is open."""
    after_payment: int = 0
    """The newest payment on record when it was made (its id): no earlier one keeps it."""
    state: PromiseState = PromiseState.OPEN
    paid: Decimal = Decimal(0)
    """The money that counts for it, as last judged."""

    def counts(self, payment: Money) -> bool:
        return payment.id > self.after_payment and self.made_on <= payment.on <= self.due


class Owed(NamedTuple):
    """The amounts of a case's debts that are open, and what of them can be demanded: not on hold, not defended."""

    in_all: Decimal
    demandable: Decimal


def judged(promises: Iterable[Promise], payments: Sequence[Money], owed: Owed, today: date) -> list[Promise]:
    """Judge the promises of a case on all that is known today, each payment counting once, for the promise that is due
    first."""
    left = {payment.id: payment.amount for payment in payments}
    told = []
    for promise in sorted(promises, key=lambda each: (each.due, each.id)):
        paid = Decimal(0)
        for payment in () if promise.state.final else payments:
            if promise.counts(payment):
                share = min(left[payment.id], promise.amount - paid)
                left[payment.id] -= share
                paid += share
        state = promise.state if promise.state.final else _state(promise, paid, owed, today)
        told.append(promise if promise.state.final else promise.model_copy(update={"paid": paid, "state": state}))
    return told


def _state(promise: Promise, paid: Decimal, owed: Owed, today: date) -> PromiseState:
    if paid >= promise.amount or (promise.state is PromiseState.KEPT and paid >= promise.paid > 0):
        return PromiseState.KEPT
    if today >= promise.judged_on:
        return PromiseState.KEPT_IN_PART if paid else PromiseState.BROKEN
    if paid and owed.in_all <= 0:
        # less than was promised, and all there was: a discount, a rebate, a correction
        return PromiseState.KEPT
    return PromiseState.OPEN if owed.demandable > 0 else PromiseState.OVERTAKEN


def open_promises(promises: Iterable[Promise]) -> list[Promise]:
    return [promise for promise in promises if promise.state is PromiseState.OPEN]


# ---- what may be promised


def least_promised(rule: Promises, owed: Decimal) -> Decimal:
    return (owed * rule.minimum).quantize(CENT, ROUND_CEILING)


def days_of(promised_for: date, calendar: Calendar, processing: Wait) -> tuple[date, date]:
    """The last day on which paying keeps a promise, and the first on which the bank must have reported it."""
    due = calendar.working(promised_for)
    return due, calendar.after(due, processing)


def check_promise(
    amount: Decimal,
    promised_for: date,
    owed: Decimal,
    known: Iterable[Promise],
    rule: Promises,
    calendar: Calendar,
    today: date,
    another: bool = False,
) -> None:
    """Check what somebody promises. `another`: beside one that is open, which only a supervisor takes. Raises
    Refusal."""
    if owed <= 0:
        raise Refusal("nothing can be demanded in this case now, so there is nothing to promise")
    if amount != amount.quantize(CENT):
        raise Refusal(f"an amount of {amount} has more than two decimals")
    if amount > owed:
        raise Refusal(f"a promise of {money(amount)} is more than the {money(owed)} that are owed today")
    if amount < (least := least_promised(rule, owed)):
        raise Refusal(f"a promise of {money(amount)} is too little: this ruler takes {money(least)} or more")
    last = calendar.after(today, rule.longest)
    if not today <= promised_for <= last:
        raise Refusal(f"a promise for {promised_for} can't be taken: choose a day from {today} to {last}")
    pending = open_promises(known)
    if pending and not another:
        raise Refusal(f"a promise for {pending[0].promised_for} is open; a supervisor may take another beside it")
    if another and not pending:
        raise Refusal("no promise is open, so none can be beside it")


# ---- what happened to one, in pt-BR


def in_words(promise: Promise) -> str:
    return f"promessa de {money(promise.amount)} para {day(promise.promised_for)}"


def outcome_in_words(promise: Promise) -> str:
    """The sentence that the journal tells of a promise that was judged anew."""
    what = in_words(promise)
    match promise.state:
        case PromiseState.KEPT:
            return f"{what} cumprida: {money(promise.paid)}"
        case PromiseState.KEPT_IN_PART:
            return f"{what} cumprida em parte: {money(promise.paid)} até {day(promise.due)}"
        case PromiseState.BROKEN:
            return f"{what} não cumprida até {day(promise.due)}"
        case PromiseState.OVERTAKEN:
            return f"{what} sem efeito: nada mais se pode cobrar no caso"
        case _:
            return f"{what} volta a ser esperada: do que se pagou contam {money(promise.paid)}"
