"""The books of an agreement: payments applied to its instalments, one after the other.

What names an instalment goes there. What names none, or is more than the named one costs, is imputed as the policy's
law says; where it says nothing, by CTN art. 163: what is due first, the oldest before the others, then what is still to
come. Of what is due the principal goes before what time added to it: so nobody breaks an agreement over a few cents of
interest. These are never forgiven: they are asked for with the last instalment.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable
from datetime import date
from decimal import Decimal

from models.agreement.bonus import bonus_of_sequence, money_of_last
from models.agreement.charges import NOTHING, Term, added
from models.agreement.deal import Deal, Entry, Paid, Parts
from models.agreement.default import breaks_on, payable
from models.agreement.quote import Pay, early_discount


class Books:
    """The instalments while payments are applied to them."""

    def __init__(self, deal: Deal) -> None:
        self.deal = deal
        self.at_once = deal.request.pay is Pay.CASH
        self.terms = deal.policy.terms_of(deal.request.regime)
        self.entries = [
            Entry(each.n, Term(deal.request.on, each.agreed, each.due), each.principal) for each in deal.schedule
        ]
        self.parts: dict[int, Parts] = defaultdict(Parts)
        """How each payment was used, by its id."""
        self.room = dict(deal.brought)
        """The principal that what is paid straight to a debt may still pay: what the debt doesn't need is in excess."""
        self.charges_on: dict[str, Decimal] = defaultdict(Decimal)
        """The charges in what was paid straight to a debt."""
        self.settled_on: date | None = None
        self._bonus = NOTHING

    # ---- what is open, and what it costs

    @property
    def residue(self) -> Decimal:
        """Charges on principal that was paid without them."""
        return sum((entry.owes for entry in self.entries), NOTHING)

    @property
    def open_entries(self) -> list[Entry]:
        """The instalments that aren't paid; when all are, the last one as long as there is a residue."""
        entries = [entry for entry in self.entries if entry.left > 0]
        return entries or ([self.entries[-1]] if self.residue > 0 else [])

    @property
    def open_dues(self) -> list[date]:
        return [entry.due for entry in self.open_entries]

    def cost(self, entry: Entry, day: date) -> Decimal:
        """The price of an instalment on a day, the residue with the last of those that are open; without its slip."""
        wanted = entry.left - self._early(entry, day)
        others = any(each is not entry for each in self.open_entries)
        return wanted + self._added(entry, wanted, day) + (entry.owes if others else self.residue)

    def interest(self, entry: Entry, today: date) -> Decimal:
        """The charges on an instalment: on what was paid of it by then, to what is open by its due date, or by today
        where that has passed."""
        return entry.charged + self._added(entry, entry.left, max(today, entry.due))

    def _added(self, entry: Entry, part: Decimal, day: date) -> Decimal:
        if self.at_once or part <= 0:
            return NOTHING
        return added(self.terms.charges, part, entry.term, day, self.deal.calendar, self.deal.rates).total

    def _early(self, entry: Entry, day: date) -> Decimal:
        """The discount for paying before the day agreed; one on which it can still be paid is not before it."""
        if self.at_once or day >= entry.term.agreed:
            return NOTHING
        return early_discount(self.deal.policy, entry.left, discounted=self.deal.discount > 0)

    def breaks_on(self) -> date | None:
        """The day on which not paying breaks the agreement. A payment at once is an offer for its day; an instalment's
        day to break is the policy's, if it names one."""
        days: list[date | None] = [self.deal.rescinded_on] if self.open_dues else []
        if self.at_once:
            days += self.open_dues
        elif self.terms.default is not None:
            days += [breaks_on(self.deal.policy, self.deal.request.regime, self.open_dues)]
        return min((day for day in days if day), default=None)

    def broken_before(self, day: date) -> bool:
        breaks = self.breaks_on()
        return breaks is not None and breaks < day

    def payable(self, entry: Entry, day: date) -> bool:
        if self.terms.default is None or self.at_once:
            return True
        last = self.entries[-1].due
        return payable(self.deal.policy, self.deal.request.regime, entry.due, last, day)

    # ---- a payment

    def take(self, payment: Paid) -> None:
        parts, before = self.parts[payment.id], self.parts[payment.id].charges
        named = self.entries[payment.n - 1] if payment.n is not None else None
        if named is not None and not self.payable(named, payment.day):
            named = None
        rest = payment.amount
        if named is not None and rest <= self.cost(named, payment.day) + self.deal.slip_fee - named.fee:
            asked = self.entries if self.open_entries == [named] else [named]
            rest = self._cover(named, rest, payment, parts)
            self._slip(named, self._charges(asked, rest, parts), parts)
        else:
            self._impute(named, rest, payment, parts)
        if payment.debt is not None:
            self.charges_on[payment.debt] += parts.charges - before
        self._credit_bonus(payment.day)
        if not self.open_dues and self.settled_on is None:
            self.settled_on = payment.day

    def _impute(self, named: Entry | None, amount: Decimal, payment: Paid, parts: Parts) -> None:
        """Impute what names no instalment, or is more than `named` costs."""
        day = payment.day
        if named is not None:
            amount = self._cover(named, amount, payment, parts)
        open_ = [entry for entry in self.entries if entry.left > 0 and self.payable(entry, day)]
        if self.deal.policy.imputation and self.deal.policy.imputation.order == "last_first":
            open_.reverse()
        due = [entry for entry in open_ if entry.due <= day]
        for entry in due:
            amount = self._cover(entry, amount, payment, parts)
        if named is not None:
            amount = self._charges([named], amount, parts)
            amount = self._slip(named, amount, parts)
        amount = self._charges(self.entries, amount, parts)
        for entry in open_:
            amount = self._cover(entry, amount, payment, parts)
            amount = self._charges([entry], amount, parts)

    def _cover(self, entry: Entry, amount: Decimal, payment: Paid, parts: Parts) -> Decimal:
        """Put money on an instalment's principal, which is charged for its time; return what it doesn't need."""
        day = payment.day
        early = self._early(entry, day)
        part = min(amount, entry.left - early, self.room.get(payment.debt or "", amount))
        if part <= 0:
            return amount
        if payment.debt in self.room:
            self.room[payment.debt] -= part
        if part == entry.left - early:
            entry.forgiven += early
        entry.charged += self._added(entry, part, day)
        entry.received += part
        parts.principal += part
        _mark_paid(entry, day)
        return amount - part

    def _charges(self, entries: Iterable[Entry], amount: Decimal, parts: Parts) -> Decimal:
        for entry in entries:
            part = min(amount, entry.owes)
            entry.charges_paid += part
            parts.charges += part
            amount -= part
        return amount

    def _slip(self, entry: Entry, amount: Decimal, parts: Parts) -> Decimal:
        part = min(amount, self.deal.slip_fee - entry.fee)
        entry.fee += part
        parts.fee += part
        return amount - part

    # ---- punctuality

    def _credit_bonus(self, day: date) -> None:
        """Credit what the bonus grew by, from the last instalment backwards."""
        bonus = money_of_last([entry.principal for entry in self.entries], self._bonus_earned())
        amount = max(bonus - self._bonus, NOTHING)
        self._bonus = max(bonus, self._bonus)
        for entry in reversed(self.entries):
            part = min(amount, entry.left)
            entry.credited += part
            amount -= part
            _mark_paid(entry, day)

    def _bonus_earned(self) -> Decimal:
        """The bonus earned, in instalments: each sequence paid punctually is worth more than the one before."""
        rule = self.deal.policy.punctuality_bonus
        if rule is None or self.at_once:
            return NOTHING
        run, sequences, earned = 0, 0, NOTHING
        for entry in self.entries:
            run = run + 1 if entry.punctual else 0
            if run == rule.every:
                run, sequences = 0, sequences + 1
                earned += bonus_of_sequence(self.deal.policy, sequences)
        return earned


def _mark_paid(entry: Entry, day: date) -> None:
    if entry.paid_on is None and entry.left <= 0:
        entry.paid_on = day
