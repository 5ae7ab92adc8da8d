"""How an instalment agreement lives: what was signed and the dated payments in, its state and next step out.

The whole life is told anew from all payments, in the order of their days. So a payment that arrives late prevents a
break, or undoes one, and a reversal takes back all that its payment had brought, without a rule of their own.

What no instalment needs is credited from the last one backwards: the punctuality bonus, what was paid beyond an
instalment, and what was paid straight to a debt of the agreement. No source speaks of the latter two; it is what leaves
the debtor owing what he agreed to, and no more.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from datetime import date, timedelta
from decimal import Decimal
from enum import StrEnum
from typing import Literal

from pydantic import BaseModel, ConfigDict

from models.agreement.aftermath import suspended_since
from models.agreement.default import breaks_on, broken_by, decided_on, payable
from models.agreement.policy import Policy
from models.agreement.quote import NOTHING, Instalment, Pay, Request, bonus_of_sequence, early_discount, money_of_last
from models.formats import day as written
from models.law.calendar import Calendar

ONE_DAY = timedelta(days=1)


class State(StrEnum):
    ACTIVE = "active"
    BROKEN = "broken"
    COMPLETED = "completed"


@dataclass(frozen=True)
class Deal:
    """A signed agreement: its policy, the request it answers, and its schedule."""

    policy: Policy
    request: Request
    schedule: tuple[Instalment, ...]
    discount: Decimal
    slip_fee: Decimal
    """The price of one slip, in reais, on top of the instalment."""
    rescinded_on: date | None = None
    """Broken by a person, on that day."""

    @property
    def calendar(self) -> Calendar:
        return self.policy.calendar(self.request.on.year)


@dataclass(frozen=True)
class Paid:
    """A payment, less what was given back of it."""

    id: int
    day: date
    amount: Decimal
    n: int | None
    """The instalment it was made for; None: it went straight to a debt of the agreement."""


@dataclass
class Entry:
    """One instalment and what became of it."""

    n: int
    due: date
    amount: Decimal
    received: Decimal = NOTHING
    credited: Decimal = NOTHING
    forgiven: Decimal = NOTHING
    """For being paid early."""
    fee: Decimal = NOTHING
    """The part of the slip's price that was received."""
    paid_on: date | None = None

    @property
    def left(self) -> Decimal:
        return self.amount - self.received - self.credited - self.forgiven

    @property
    def punctual(self) -> bool:
        """Whether the instalment was paid by the debtor, in time."""
        return self.paid_on is not None and self.received > 0 and self.paid_on <= self.due


Kind = Literal["reminder", "alert", "break"]


class Step(BaseModel):
    """The agreement's next step: a message about the instalment `n`, or the break that its being unpaid brings."""

    model_config = ConfigDict(frozen=True)

    kind: Kind
    on: date
    n: int
    reason: str


@dataclass
class Life:
    state: State
    entries: list[Entry]
    effective_on: date | None
    """Since when its debts are on hold, should it be active."""
    first_paid_on: date | None
    breaks_on: date | None
    """The last day on which a payment keeps it from default, if nothing else is paid."""
    decided_on: date | None
    """The day from which that is certain."""
    default_due: date | None
    """The due date of the instalment that breaks it."""
    completed_on: date | None = None
    step: Step | None = None
    fees: dict[int, Decimal] = field(default_factory=dict)
    """The part of each payment, by its id, that was for a slip."""


def live(deal: Deal, payments: Iterable[Paid], today: date, agreed: frozenset[tuple[str, int]] = frozenset()) -> Life:
    """The agreement's life as seen on `today`; `agreed` are the messages sent already, by kind and instalment."""
    books = _Books(deal)
    for payment in sorted(payments, key=lambda payment: (payment.day, payment.id)):
        if books.broken_before(payment.day):
            break
        if payment.amount > 0:
            books.take(payment)
    life = books.close(today)
    if life.state is State.ACTIVE:
        life.step = min(_steps(deal, life, today, agreed), key=lambda step: step.on, default=None)
    return life


class _Books:
    """The instalments while payments are applied to them, one after the other."""

    def __init__(self, deal: Deal) -> None:
        self.deal = deal
        self.entries = [Entry(each.n, each.due, each.amount) for each in deal.schedule]
        self.fees: dict[int, Decimal] = {}
        self.bonus = NOTHING

    @property
    def open_dues(self) -> list[date]:
        return [entry.due for entry in self.entries if entry.paid_on is None]

    def breaks_on(self) -> date | None:
        """The day on which not paying breaks the agreement. A payment at once is an offer for its day; an instalment's
        day to break is the policy's, if it names one."""
        policy, regime = self.deal.policy, self.deal.request.regime
        days: list[date | None] = [self.deal.rescinded_on] if self.open_dues else []
        if self.deal.request.pay is Pay.CASH:
            days += self.open_dues
        elif policy.terms_of(regime).default is not None:
            days += [breaks_on(policy, regime, self.open_dues)]
        return min((day for day in days if day), default=None)

    def broken_before(self, day: date) -> bool:
        breaks = self.breaks_on()
        return breaks is not None and breaks < day

    def take(self, payment: Paid) -> None:
        rest = payment.amount
        if payment.n is not None and self._payable(payment.n, payment.day):
            rest = self._take_for(self.entries[payment.n - 1], payment)
        self._credit(rest, payment.day)
        bonus = money_of_last([entry.amount for entry in self.entries], self._bonus_earned())
        self._credit(max(bonus - self.bonus, NOTHING), payment.day)
        self.bonus = max(bonus, self.bonus)

    def _payable(self, n: int, day: date) -> bool:
        policy, regime = self.deal.policy, self.deal.request.regime
        if policy.terms_of(regime).default is None or self.deal.request.pay is Pay.CASH:
            return True
        return payable(policy, regime, self.entries[n - 1].due, self.entries[-1].due, day)

    def _take_for(self, entry: Entry, payment: Paid) -> Decimal:
        """Apply a payment to one instalment and its slip, and give what they don't need."""
        if entry.left <= 0:
            return payment.amount
        early = NOTHING
        if payment.day < entry.due and self.deal.request.pay is not Pay.CASH:
            early = early_discount(self.deal.policy, entry.left, discounted=self.deal.discount > 0)
        if payment.amount >= entry.left - early:
            entry.forgiven += early
        part = min(payment.amount, entry.left)
        entry.received += part
        _mark_paid(entry, payment.day)
        fee = min(payment.amount - part, self.deal.slip_fee - entry.fee)
        entry.fee += fee
        if fee:
            self.fees[payment.id] = fee
        return payment.amount - part - fee

    def _credit(self, amount: Decimal, day: date) -> None:
        for entry in reversed(self.entries):
            part = min(amount, entry.left)
            entry.credited += part
            amount -= part
            _mark_paid(entry, day)

    def _bonus_earned(self) -> Decimal:
        """The bonus earned, in instalments: each sequence paid punctually is worth more than the one before."""
        rule = self.deal.policy.punctuality_bonus
        if rule is None or self.deal.request.pay is Pay.CASH:
            return NOTHING
        run, sequences, earned = 0, 0, NOTHING
        for entry in self.entries:
            run = run + 1 if entry.punctual else 0
            if run == rule.every:
                run, sequences = 0, sequences + 1
                earned += bonus_of_sequence(self.deal.policy, sequences)
        return earned

    def close(self, today: date) -> Life:
        deal, breaks = self.deal, self.breaks_on()
        first_paid = self.entries[0].paid_on
        decided = _decided(deal, breaks)
        life = Life(
            state=State.BROKEN if decided and today >= decided else State.ACTIVE,
            entries=self.entries,
            effective_on=None,
            first_paid_on=first_paid,
            breaks_on=breaks,
            decided_on=decided,
            default_due=self._default_due(),
            fees=self.fees,
        )
        if deal.request.pay is not Pay.CASH:
            life.effective_on = suspended_since(deal.policy, deal.request.on, first_paid)
        if not self.open_dues:
            life.state = State.COMPLETED
            life.completed_on = max(entry.paid_on for entry in self.entries if entry.paid_on)
        return life

    def _default_due(self) -> date | None:
        policy, regime = self.deal.policy, self.deal.request.regime
        if self.deal.request.pay is Pay.CASH or policy.terms_of(regime).default is None:
            return min(self.open_dues, default=None)
        return broken_by(policy, regime, self.open_dues)


def _mark_paid(entry: Entry, day: date) -> None:
    if entry.paid_on is None and entry.left <= 0:
        entry.paid_on = day


def _decided(deal: Deal, breaks: date | None) -> date | None:
    if breaks is None or breaks == deal.rescinded_on:
        return breaks
    return max(decided_on(deal.policy, breaks), breaks + ONE_DAY)


# ---- what comes next


def _steps(deal: Deal, life: Life, today: date, agreed: frozenset[tuple[str, int]]) -> Iterator[Step]:
    missing = [entry for entry in life.entries if entry.paid_on is None]
    in_time = life.breaks_on is None or today <= life.breaks_on
    for entry in missing if in_time and deal.request.pay is not Pay.CASH else ():
        remind, alert = deal.calendar.before(entry.due, deal.policy.notices.remind_before), _alert_on(deal, entry)
        if ("reminder", entry.n) not in agreed and remind > deal.request.on and today <= entry.due:
            yield Step(kind="reminder", on=remind, n=entry.n, reason=f"parcela {entry.n} vence em {written(entry.due)}")
        if ("alert", entry.n) not in agreed and (life.breaks_on is None or alert <= life.breaks_on):
            yield Step(kind="alert", on=alert, n=entry.n, reason=_why_alert(entry, life))
    if life.decided_on and life.breaks_on and missing:
        missed = next((entry.n for entry in missing if entry.due == life.default_due), missing[0].n)
        why = f"parcela {missed} sem pagamento até {written(life.breaks_on)}: o acordo se rompe"
        yield Step(kind="break", on=life.decided_on, n=missed, reason=why)


def _alert_on(deal: Deal, entry: Entry) -> date:
    return deal.calendar.after(entry.due, deal.policy.notices.alert_after)


def _why_alert(entry: Entry, life: Life) -> str:
    what = f"parcela {entry.n} vencida em {written(entry.due)} sem pagamento"
    breaks = life.breaks_on if entry.due == life.default_due else None
    return f"{what}: sem ele o acordo se rompe em {written(breaks)}" if breaks else what
