"""How an instalment agreement lives: what was signed and the dated payments in, its state and next step out.

The whole life is told anew from all payments, in the order of their days. So a payment that arrives late prevents a
break, or undoes one, and a reversal takes back all that its payment had brought, without a rule of their own.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import date, timedelta
from decimal import Decimal
from enum import StrEnum
from typing import Literal

from pydantic import BaseModel, ConfigDict

from models.agreement.aftermath import suspended_since
from models.agreement.books import Books
from models.agreement.deal import Deal, Entry, Paid
from models.agreement.default import broken_by, decided_on
from models.agreement.quote import Pay
from models.formats import day as written

ONE_DAY = timedelta(days=1)


class State(StrEnum):
    ACTIVE = "active"
    BROKEN = "broken"
    COMPLETED = "completed"


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
    books: Books
    effective_on: date | None
    """Since when its debts are on hold, should it be active."""
    breaks_on: date | None
    """The last day on which a payment keeps it from default, if nothing else is paid."""
    decided_on: date | None
    """The day from which that is certain."""
    default_due: date | None
    """The due date of the instalment that breaks it."""
    completed_on: date | None = None
    step: Step | None = None

    @property
    def entries(self) -> list[Entry]:
        return self.books.entries

    @property
    def first_paid_on(self) -> date | None:
        return self.entries[0].paid_on

    def asked(self, n: int, today: date) -> Decimal:
        """The price of an instalment with its slip, by its due date, or today where that has passed."""
        entry = self.entries[n - 1]
        return self.books.cost(entry, max(today, entry.due)) + self.books.deal.slip_fee - entry.fee

    def asked_until(self, n: int, today: date, latest: date) -> date:
        """The last day on which an instalment is paid at that price: its due date, or where that has passed `latest`,
        though none on which the agreement is broken."""
        due = self.entries[n - 1].due
        return due if today <= due else min(latest, self.breaks_on or date.max)


def live(deal: Deal, payments: Iterable[Paid], today: date, agreed: frozenset[tuple[str, int]] = frozenset()) -> Life:
    """The agreement's life as seen on `today`; `agreed` are the messages sent already, by kind and instalment. Raises
    Unreckonable where the rates that its policy names are not known at all."""
    books = Books(deal)
    for payment in sorted(payments, key=lambda payment: (payment.day, payment.id)):
        if books.broken_before(payment.day):
            break
        if payment.amount > 0:
            books.take(payment)
    life = _told(books, today)
    if life.state is State.ACTIVE:
        life.step = min(_steps(deal, life, today, agreed), key=lambda step: step.on, default=None)
    return life


def _told(books: Books, today: date) -> Life:
    deal, breaks = books.deal, books.breaks_on()
    decided = _decided(deal, breaks)
    life = Life(
        state=State.BROKEN if decided and today >= decided else State.ACTIVE,
        books=books,
        effective_on=None,
        breaks_on=breaks,
        decided_on=decided,
        default_due=_default_due(books),
    )
    if not books.at_once:
        life.effective_on = suspended_since(deal.policy, deal.request.on, life.first_paid_on)
    if not books.open_dues:
        life.state, life.completed_on = State.COMPLETED, books.settled_on
    return life


def _default_due(books: Books) -> date | None:
    if books.at_once or books.terms.default is None:
        return min(books.open_dues, default=None)
    return broken_by(books.deal.policy, books.deal.request.regime, books.open_dues)


def _decided(deal: Deal, breaks: date | None) -> date | None:
    if breaks is None or breaks == deal.rescinded_on:
        return breaks
    return max(decided_on(deal.policy, breaks), breaks + ONE_DAY)


# ---- what comes next


def _steps(deal: Deal, life: Life, today: date, agreed: frozenset[tuple[str, int]]) -> Iterator[Step]:
    missing = life.books.open_entries
    in_time = life.breaks_on is None or today <= life.breaks_on
    for entry in missing if in_time and deal.request.pay is not Pay.CASH else ():
        remind, alert = deal.calendar.before(entry.due, deal.policy.notices.remind_before), _alert_on(deal, entry)
        if ("reminder", entry.n) not in agreed and remind > deal.request.on and today <= entry.due:
            yield Step(kind="reminder", on=remind, n=entry.n, reason=f"parcela {entry.n} vence em {written(entry.due)}")
        if ("alert", entry.n) not in agreed and (life.breaks_on is None or alert <= life.breaks_on):
            yield Step(kind="alert", on=alert, n=entry.n, reason=_why_alert(entry, life))
    if life.decided_on and life.breaks_on:
        missed = next((entry.n for entry in missing if entry.due == life.default_due), missing[0].n)
        why = f"parcela {missed} sem pagamento até {written(life.breaks_on)}: o acordo se rompe"
        yield Step(kind="break", on=life.decided_on, n=missed, reason=why)


def _alert_on(deal: Deal, entry: Entry) -> date:
    return deal.calendar.after(entry.due, deal.policy.notices.alert_after)


def _why_alert(entry: Entry, life: Life) -> str:
    what = f"parcela {entry.n} vencida em {written(entry.due)} sem pagamento"
    breaks = life.breaks_on if entry.due == life.default_due else None
    return f"{what}: sem ele o acordo se rompe em {written(breaks)}" if breaks else what
