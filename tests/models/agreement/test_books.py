"""Random payments of random agreements against a ledger in cents that knows nothing of ours."""

from dataclasses import dataclass
from datetime import date, timedelta
from decimal import ROUND_HALF_UP, Decimal

from hypothesis import given, settings
from hypothesis import strategies as st

from models.agreement.deal import Deal, Paid
from models.agreement.instalments import Life, State, live
from models.agreement.quote import Request, quote
from storage.amounts.rates import shipped_rates
from tests.chance import examples
from tests.models.agreement.test_agreement import BH, policy_of

SIGNED = date(2025, 1, 15)
IPCA_2025 = "0.16 1.31 0.56 0.43 0.26 0.24 0.26 -0.11 0.48 0.09 0.18"
"""January to November; of later months November's stands."""


def rounded(amount: Decimal) -> int:
    return int(amount.quantize(Decimal(1), ROUND_HALF_UP))


def monthly(index: int) -> Decimal:
    """The IPCA of the month that is so many after January 2025."""
    known = IPCA_2025.split()
    return Decimal(known[min(index, len(known) - 1)])


@dataclass
class Naive:
    """One instalment, in cents. It costs IPCA, 1 % a month and, late, 0.33 % a day to 20 %; a tenth less if early."""

    nominal: date
    due: date
    left: int
    asked: int = 0
    """Charges on what was paid of it."""
    received: int = 0
    forgiven: int = 0
    paid_on: date | None = None

    def charges(self, part: int, on: date) -> int:
        until = min(on, self.nominal) if on <= self.due else on
        months = max(0, (until.year - 2025) * 12 + until.month - 1)
        factor = Decimal(1)
        for index in range(1, months):
            factor *= 1 + monthly(index) / 100
        correction = rounded(part * max(factor - 1, Decimal(0)))
        interest = rounded(Decimal(part + correction) * months / 100)
        late = max(0, (on - self.due).days)
        fine = rounded((part + correction) * min(Decimal("0.33") * late, Decimal(20)) / 100)
        return correction + interest + fine

    def early(self, on: date) -> int:
        return rounded(Decimal(self.left) / 10) if on < self.nominal else 0


@dataclass
class Ledger:
    rows: list[Naive]
    excess: int = 0

    def cover(self, row: Naive, money: int, on: date) -> int:
        off = row.early(on)
        part = min(money, row.left - off)
        if part > 0:
            row.asked += row.charges(part, on)
            if part == row.left - off:
                row.forgiven += off
                row.left = 0
                row.paid_on = on
            else:
                row.left -= part
            row.received += part
            money -= part
        return money

    @staticmethod
    def settle(row: Naive, money: int) -> int:
        part = min(money, row.asked)
        row.asked -= part
        row.received += part
        return money - part

    def pay(self, n: int | None, money: int, on: date) -> None:
        named = self.rows[n - 1] if n else None
        open_rows = [row for row in self.rows if row.left]
        alone = open_rows == [named] or (not open_rows and named is self.rows[-1])
        if named is not None:
            whole = named.left - named.early(on)
            price = whole + (named.charges(whole, on) if whole else 0)
            price += sum(row.asked for row in self.rows) if alone else named.asked
            if money <= price:
                money = self.cover(named, money, on)
                for row in self.rows if alone else [named]:
                    money = self.settle(row, money)
                self.excess += money
                return
            money = self.cover(named, money, on)
        for row in [row for row in self.rows if row.left and row.due <= on]:
            money = self.cover(row, money, on)
        for row in [*([named] if named else []), *self.rows]:
            money = self.settle(row, money)
        for row in [row for row in self.rows if row.left]:
            money = self.settle(row, self.cover(row, money, on))
        self.excess += money


PAYMENTS = st.lists(
    st.tuples(
        st.integers(0, 400).map(lambda days: SIGNED + timedelta(days=days)),
        st.integers(1, 90_000),
        st.none() | st.integers(1, 8),
    ),
    max_size=14,
)


@settings(max_examples=examples(150))
@given(st.integers(160_000, 300_000), st.integers(1, 8), PAYMENTS)
def test_payments_fill_an_agreement_as_a_naive_ledger_says(
    cents: int, count: int, payments: list[tuple[date, int, int | None]]
) -> None:
    request = Request(Decimal(cents).scaleb(-2), SIGNED, "traffic-fine", instalments=count)
    offer = quote(policy_of(BH), request, shipped_rates())
    deal = Deal(policy_of(BH), request, offer.instalments, offer.discount, Decimal(0), rates=shipped_rates())
    made = [(on, money, n if n is None or n <= count else None) for on, money, n in payments]
    paid = [Paid(number, on, Decimal(money).scaleb(-2), n) for number, (on, money, n) in enumerate(made)]
    ledger = Ledger([Naive(each.agreed, each.due, int(each.principal * 100)) for each in offer.instalments])
    for on, money, n in sorted(made, key=lambda each: each[0]):
        ledger.pay(n, money, on)
    same(live(deal, paid, SIGNED + timedelta(days=401)), ledger)


def same(life: Life, ledger: Ledger) -> None:
    told = [
        (each.left, each.owes, each.received + each.charges_paid, each.forgiven, each.paid_on) for each in life.entries
    ]
    naive = [(row.left, row.asked, row.received, row.forgiven, row.paid_on) for row in ledger.rows]
    assert [tuple(int(x * 100) if isinstance(x, Decimal) else x for x in each) for each in told] == naive
    settled = all(row.left == row.asked == 0 for row in ledger.rows)
    assert (life.state is State.COMPLETED) == settled
