"""The imputation of payments to debts, and to what in them: CTN art. 163 among debts, their table's choice within each.

Payments are applied by their day, then by their id, whenever they arrived. No cent vanishes: what no debt needs is
excess.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from datetime import date
from decimal import Decimal
from typing import Literal

from models.errors import Unreckonable
from models.formats import day as written_day
from models.law.spans import Span
from models.money.accrual import COMPONENTS, DAY, NAMES, NOTHING, Accrual, Line, discounts, growth, opening
from models.money.accrual_table import AccrualTable, Component, Order
from models.money.rates import Rates

Kind = Literal["contribution", "fee", "tax"]
KINDS: tuple[Kind, ...] = ("contribution", "fee", "tax")
"""CTN art. 163, II: contribuições de melhoria, then taxas, then impostos."""

IN_ORDER: tuple[Component, ...] = ("fine", "interest", "fees", "principal")
TIES: tuple[Component, ...] = ("principal", "interest", "fine", "fees")
"""Whose is the odd cent of a split in proportion when remainders are equal."""


@dataclass(frozen=True)
class Claim:
    """A debt as it was before anything was paid."""

    id: str
    principal: Decimal
    due: date
    own: bool = True
    """Not a third party's, for which the taxpayer is only responsible."""
    kind: Kind = "tax"
    prescribes: date = date.max
    """The day its prescription ends (CTN art. 174)."""
    table: AccrualTable | None = None
    """None: nothing is added to the amount."""
    left_on: date | None = None
    """The day of which the amount is what was left, with all that delay had added by then."""
    no_fine: tuple[Span, ...] = ()
    """The days on which its default fine stands still, each in one span only."""

    @property
    def opening(self) -> Line:
        """The first line of an account. An imported amount may have fine and interest in it already, so it is called
        principal by a table only."""
        if self.table is None:
            return Line("principal", "valor como importado", self.principal)
        if self.left_on:
            what = f"saldo de {written_day(self.left_on)}, como importado"
            return Line("principal", what, self.principal, until=self.left_on)
        return opening(self.principal, self.due)

    @property
    def account(self) -> Account:
        """The account as it is opened, charged up to the day of which its amount is what was left."""
        return Account(self, (self.opening,), self.left_on)


@dataclass(frozen=True)
class Payment:
    id: int
    day: date
    amount: Decimal
    """Negative: so much is owed again of what was paid or forgiven."""
    what: str = "pagamento"
    """Or the forgiving of a part, which counts the same."""


@dataclass(frozen=True)
class Account:
    """A claim with all that was added and paid up to a day."""

    claim: Claim
    lines: tuple[Line, ...]
    charged_to: date | None = None

    @property
    def owed(self) -> Accrual:
        return Accrual(self.lines)

    def settled_by(self, on: date) -> Accrual:
        """The price of settling the debt on the day `on`, up to which it has grown: all that is owed, less the discount
        for settling."""
        return Accrual((*self.lines, *self.offer(on)))

    def unchanged_until(self, on: date, latest: date, rates: Rates) -> date:
        """The last day up to `latest` on which to settle it costs what it does on the day `on`, as far as is known."""
        owed = self.settled_by(on).total
        day = on
        try:
            while day < latest and self.grown(day + DAY, rates).settled_by(day + DAY).total == owed:
                day += DAY
        except Unreckonable:
            pass  # the rate of the month before is not out yet
        return day

    def grown(self, on: date, rates: Rates) -> Account:
        table, claim = self.claim.table, self.claim
        if table is None:
            return self
        added = growth(table, self.owed.principal, claim.due, self.charged_to, on, rates, claim.no_fine)
        return replace(self, lines=(*self.lines, *added), charged_to=max(on, self.charged_to or on))

    def offer(self, on: date) -> tuple[Line, ...]:
        return discounts(self.claim.table, self.lines, on) if self.claim.table else ()

    def owing_again(self, payment: Payment, amount: Decimal) -> Account:
        """The account with an amount back on it, as principal: what it was of, nobody knows any more."""
        what = f"de volta em {written_day(payment.day)}: {payment.what}"
        return replace(self, lines=(*self.lines, Line("principal", what, amount, until=payment.day)))

    def paid(self, payment: Payment, amount: Decimal) -> tuple[Account, Decimal]:
        """The account with what it needs of `amount` paid, and the rest. A discount is granted to who settles the debt
        with it."""
        offer = self.offer(payment.day)
        settles = amount > 0 and amount >= self.settled_by(payment.day).total
        granted = (replace(line, component=line.taken_off or line.component) for line in offer if settles)
        lines = (*self.lines, *granted)
        owed = Accrual(lines)
        parts = split(
            amount,
            {component: owed.of(component) for component in COMPONENTS},
            self.claim.table.imputation if self.claim.table else "in proportion",
        )
        what = f"{payment.what} de {written_day(payment.day)}"
        taken = (
            Line(component, f"{what}: {NAMES[component]}", -part, until=payment.day)
            for component, part in parts.items()
            if part
        )
        return replace(self, lines=(*lines, *taken)), amount - sum(parts.values(), NOTHING)


@dataclass(frozen=True)
class Settlement:
    """The debts of a taxpayer on a day, and what of each payment none of them needed."""

    accounts: Mapping[str, Account]
    excess: Mapping[int, Decimal]
    shares: Mapping[int, Mapping[str, Decimal]]
    """The part of each payment that went to each debt."""


def replay(claims: Iterable[Claim], payments: Iterable[Payment], on: date, rates: Rates) -> Settlement:
    """Replay all payments up to the day `on` over the debts. The answer is the same for any order that either is given
    in."""
    accounts = {claim.id: claim.account for claim in claims}
    excess: dict[int, Decimal] = {}
    shares: dict[int, dict[str, Decimal]] = defaultdict(dict)
    for payment in sorted(payments, key=lambda payment: (payment.day, payment.amount < 0, payment.id)):
        if payment.day > on:
            break
        rest = payment.amount
        in_order = sorted((each.grown(payment.day, rates) for each in accounts.values()), key=precedence)
        if rest < 0:
            first, again = in_order[0], _beyond(excess, -rest)
            accounts[first.claim.id] = first.owing_again(payment, again) if again else first
            continue
        for account in in_order:
            accounts[account.claim.id], left = account.paid(payment, rest)
            if left < rest:
                shares[payment.id][account.claim.id] = rest - left
            rest = left
        if rest:
            excess[payment.id] = rest
    return Settlement({name: account.grown(on, rates) for name, account in accounts.items()}, excess, shares)


def _beyond(excess: dict[int, Decimal], amount: Decimal) -> Decimal:
    """The part of what is owed again that no excess pays; what does is in excess no longer."""
    for payment in reversed(list(excess)):
        used = min(amount, excess[payment])
        amount -= used
        excess[payment] -= used
        if not excess[payment]:
            del excess[payment]
    return amount


def precedence(account: Account) -> tuple[bool, int, date, Decimal, str]:
    """The sort key by CTN art. 163: own debts first; by kind; what prescribes sooner; what is larger. Then by id."""
    claim = account.claim
    return not claim.own, KINDS.index(claim.kind), claim.prescribes, -account.owed.total, claim.id


def split(amount: Decimal, owed: Mapping[Component, Decimal], order: Order) -> dict[Component, Decimal]:
    """Split `amount` among the components: all of it, or all that is owed if that is less."""
    if order == "in proportion":
        return _in_proportion(min(amount, sum(owed.values(), NOTHING)), owed)
    parts: dict[Component, Decimal] = {}
    for component in IN_ORDER:
        parts[component] = min(amount, owed[component])
        amount -= parts[component]
    return parts


def _in_proportion(amount: Decimal, owed: Mapping[Component, Decimal]) -> dict[Component, Decimal]:
    """Divide by largest remainder, in whole cents: nobody gets more than is owed, since a remainder is less than a
    cent."""
    cents = {component: int(owed[component] * 100) for component in TIES}
    total, paid = sum(cents.values()), int(amount * 100)
    if not total:
        return dict.fromkeys(COMPONENTS, NOTHING)
    shares = {component: divmod(paid * each, total) for component, each in cents.items()}
    odd = paid - sum(whole for whole, _ in shares.values())
    favoured = sorted(TIES, key=lambda component: -shares[component][1])[:odd]
    return {component: Decimal(shares[component][0] + (component in favoured)).scaleb(-2) for component in COMPONENTS}
