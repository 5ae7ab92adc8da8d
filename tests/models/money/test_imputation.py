"""Where a payment goes: CTN art. 163 among debts, the table's choice within one, and not a cent lost."""

from collections.abc import Mapping
from datetime import date, timedelta
from decimal import Decimal
from random import Random

import pytest
from hypothesis import given
from hypothesis import strategies as st

from models.money.accrual import COMPONENTS, accrue
from models.money.accrual_table import AccrualTable, Component, Order
from models.money.imputation import KINDS, Claim, Payment, Settlement, replay, split
from models.money.rates import Rates
from models.money.tables import read_accrual

NO_RATES = Rates()


def table(imputation: Order = "in proportion", more: str = "") -> AccrualTable:
    """0.33 % a day up to 20 %; 1 % a month, the month of payment included; an encargo of 10 %."""
    found = read_accrual(f"""
accrual: test
title: Teste
imputation: {imputation}
fine: [{{from: 2000-01-01, source: lei, steps: [{{per_day: "0.33", limit: "20"}}]}}]
interest: [{{from: 2000-01-01, source: lei, per_month: "1", month_of_payment: "1"}}]
fees: [{{from: 2000-01-01, source: lei, name: encargo, percent: "10"}}]
{more}""")
    assert found.table is not None, found.faults
    return found.table


PROPORTION, IN_ORDER = table(), table("fine-interest-principal")


def owed(fine: str, interest: str, fees: str, principal: str) -> dict[Component, Decimal]:
    return {
        "fine": Decimal(fine),
        "interest": Decimal(interest),
        "fees": Decimal(fees),
        "principal": Decimal(principal),
    }


def said(parts: Mapping[Component, Decimal]) -> list[str]:
    return [str(parts[component]) for component in ("fine", "interest", "fees", "principal")]


# ---- within a debt


def test_fine_then_interest_then_fees_then_principal() -> None:
    due = owed("20.00", "10.00", "5.00", "100.00")
    assert said(split(Decimal("32.00"), due, "fine-interest-principal")) == ["20.00", "10.00", "2.00", "0.00"]
    assert said(split(Decimal("999.00"), due, "fine-interest-principal")) == ["20.00", "10.00", "5.00", "100.00"]


def test_in_proportion() -> None:
    assert said(split(Decimal("65.00"), owed("20.00", "10.00", "0.00", "100.00"), "in proportion")) == [
        "10.00",
        "5.00",
        "0.00",
        "50.00",
    ]


def test_the_odd_cent_goes_to_the_largest_remainder_and_of_equals_to_the_principal() -> None:
    # 0.10 over 0.20 : 0.10 : 1.00 is 1.54, 0.77 and 7.69 cents: the two odd ones go to 0.77 and 7.69
    assert said(split(Decimal("0.10"), owed("0.20", "0.10", "0.00", "1.00"), "in proportion")) == [
        "0.01",
        "0.01",
        "0.00",
        "0.08",
    ]
    equal = owed("1.00", "1.00", "1.00", "1.00")
    assert said(split(Decimal("0.01"), equal, "in proportion")) == ["0.00", "0.00", "0.00", "0.01"]
    assert said(split(Decimal("0.02"), equal, "in proportion")) == ["0.00", "0.01", "0.00", "0.01"]
    assert said(split(Decimal("0.03"), equal, "in proportion")) == ["0.01", "0.01", "0.00", "0.01"]


amounts = st.integers(0, 10**9).map(lambda cents: Decimal(cents).scaleb(-2))
orders: st.SearchStrategy[Order] = st.sampled_from(("in proportion", "fine-interest-principal"))


@given(amounts, st.tuples(amounts, amounts, amounts, amounts), orders)
def test_parts_are_the_payment_and_none_is_more_than_owed(
    amount: Decimal, due: tuple[Decimal, Decimal, Decimal, Decimal], order: Order
) -> None:
    each = dict(zip(COMPONENTS, due, strict=True))
    parts = split(amount, each, order)
    assert sum(parts.values()) == min(amount, sum(due))
    assert all(0 <= parts[component] <= each[component] for component in COMPONENTS)


# ---- among debts


def paid_first(*claims: Claim) -> str:
    """The debt that a single real goes to."""
    settled = replay(claims, [Payment(1, date(2026, 1, 5), Decimal("1.00"))], date(2026, 1, 5), NO_RATES)
    [name] = [name for name, account in settled.accounts.items() if account.owed.total < account.claim.principal]
    return name


def claim(name: str, principal: str = "100.00", **more: object) -> Claim:
    return Claim(name, Decimal(principal), date(2026, 1, 10), **more)  # type: ignore[arg-type]


# each pair differs in one rule and has the next one the other way round
@pytest.mark.parametrize(
    "claims",
    [
        (claim("first"), claim("second", own=False, kind="contribution")),
        (claim("first", kind="contribution", prescribes=date(2031, 1, 1)), claim("second", kind="fee")),
        (claim("first", kind="fee", prescribes=date(2031, 1, 1)), claim("second", prescribes=date(2030, 1, 1))),
        (claim("first", prescribes=date(2030, 1, 1)), claim("second", "900.00", prescribes=date(2030, 1, 2))),
        (claim("z-larger", "100.01"), claim("second")),
        (claim("a-same"), claim("second")),
    ],
    ids=["own", "contribution", "fee", "prescription", "larger", "id"],
)
def test_ctn_163(claims: tuple[Claim, Claim]) -> None:
    assert paid_first(*claims) == paid_first(*reversed(claims)) == claims[0].id


def test_what_is_left_of_one_debt_goes_to_the_next_and_then_is_excess() -> None:
    claims = [claim("large", "100.00"), claim("small", "10.00")]
    settled = replay(claims, [Payment(7, date(2026, 1, 5), Decimal("112.50"))], date(2026, 1, 10), NO_RATES)
    assert [account.owed.total for account in settled.accounts.values()] == [0, 0]
    assert settled.excess == {7: Decimal("2.50")}


# ---- in time

DUE = date(2025, 10, 20)


def single(by: AccrualTable, on: date, *payments: tuple[date, str]) -> Settlement:
    made = [Payment(number, day, Decimal(amount)) for number, (day, amount) in enumerate(payments, start=1)]
    return replay([Claim("debt", Decimal("1000.00"), DUE, table=by)], made, on, NO_RATES)


def left(settled: Settlement) -> list[str]:
    found = settled.accounts["debt"].owed
    return [str(part) for part in (found.fine, found.interest, found.fees, found.principal, found.total)]


def test_after_a_payment_in_proportion_delay_goes_on_on_the_principal_left() -> None:
    # 10/02/2026: fine 20 % = 200.00, interest 4 × 1 % = 40.00, encargo 10 % of 1,240.00 = 124.00; total 1,364.00
    half = (date(2026, 2, 10), "682.00")
    assert left(single(PROPORTION, date(2026, 2, 10), half)) == ["100.00", "20.00", "62.00", "500.00", "682.00"]
    # 10/03/2026: one more month on 500.00: interest 5.00, and 10 % of that
    assert left(single(PROPORTION, date(2026, 3, 10), half)) == ["100.00", "25.00", "62.50", "500.00", "687.50"]
    # later in the month of the payment nothing is added again
    assert left(single(PROPORTION, date(2026, 2, 28), half)) == ["100.00", "20.00", "62.00", "500.00", "682.00"]


def test_after_a_payment_of_fine_and_interest_first() -> None:
    # 31/10/2025: 11 days × 0.33 % = 36.30, encargo 10 % of 1,036.30 = 103.63; 200.00 pays these and 60.07
    early = (date(2025, 10, 31), "200.00")
    assert left(single(IN_ORDER, date(2025, 10, 31), early)) == ["0.00", "0.00", "0.00", "939.93", "939.93"]
    # 10/11/2025: 10 more days × 0.33 % and November's 1 % of 939.93: 31.02 (31.01769) and 9.40 (9.3993);
    # encargo 10 % of 40.42 = 4.04
    assert left(single(IN_ORDER, date(2025, 11, 10), early)) == ["31.02", "9.40", "4.04", "939.93", "984.39"]


def test_a_payment_on_the_due_date_leaves_nothing_to_grow() -> None:
    settled = single(PROPORTION, date(2026, 2, 10), (DUE, "1000.01"))
    assert left(settled) == ["0.00", "0.00", "0.00", "0.00", "0.00"]
    assert settled.excess == {1: Decimal("0.01")}


def test_what_was_left_on_a_day_has_in_it_what_delay_had_added_by_then() -> None:
    was_left = Claim("debt", Decimal("1364.00"), DUE, table=PROPORTION, left_on=date(2026, 2, 10))
    assert left(replay([was_left], [], date(2026, 2, 28), NO_RATES)) == ["0.00", "0.00", "0.00", "1364.00", "1364.00"]
    # 10/03/2026: the fine is at its limit already; one month of 1 % = 13.64, encargo 10 % of that
    assert left(replay([was_left], [], date(2026, 3, 10), NO_RATES)) == ["0.00", "13.64", "1.36", "1364.00", "1379.00"]


def test_what_was_left_before_the_due_date_grows_from_there() -> None:
    was_left = Claim("debt", Decimal("1000.00"), DUE, table=PROPORTION, left_on=DUE - timedelta(days=9))
    lodged = single(PROPORTION, date(2026, 2, 10))
    assert left(replay([was_left], [], date(2026, 2, 10), NO_RATES))[:2] == left(lodged)[:2]


def test_a_payment_after_the_day_asked_for_is_not_seen() -> None:
    assert left(single(PROPORTION, DUE, (date(2025, 10, 21), "1000.00")))[-1] == "1000.00"


def test_a_discount_is_for_who_settles_the_debt_in_time() -> None:
    in_one = table(more="discounts: [{from: 2026-02-01, to: 2026-02-10, source: lei, name: anistia, percent: '90',"
                        " of: [fine, interest]}]")  # fmt: skip
    # 1,364.00 less 90 % of 200.00 and of 40.00 is 1,148.00
    nothing = ["0.00", "0.00", "0.00", "0.00", "0.00"]
    assert left(single(in_one, date(2026, 3, 10), (date(2026, 2, 10), "1148.00"))) == nothing
    # a cent less, or a day later, and it is a partial payment of the whole; on 11/02 still 1,364.00
    assert left(single(in_one, date(2026, 2, 11), (date(2026, 2, 10), "1147.99")))[-1] == "216.01"
    assert left(single(in_one, date(2026, 2, 11), (date(2026, 2, 11), "1148.00")))[-1] == "216.00"


def test_a_discount_of_everything_is_not_granted_to_who_paid_nothing_of_it() -> None:
    all_off = table(
        more="discounts: [{from: 2000-01-01, source: lei, name: remissão, percent: '100', of: [principal]}]"
    )
    claims = [claim("first", own=True), claim("second", own=False, table=all_off)]
    settled = replay(claims, [Payment(1, date(2026, 1, 5), Decimal("100.00"))], date(2026, 1, 5), NO_RATES)
    assert [account.owed.total for account in settled.accounts.values()] == [0, 100]


# ---- always

TABLES = (None, PROPORTION, IN_ORDER)
days = st.dates(date(2025, 1, 1), date(2026, 12, 31))
principals = st.integers(1, 500_000).map(lambda cents: Decimal(cents).scaleb(-2))


@st.composite
def lives(draw: st.DrawFn) -> tuple[list[Claim], list[Payment]]:
    claims = [
        Claim(
            id=f"debt-{number}",
            principal=draw(principals),
            due=draw(days),
            own=draw(st.booleans()),
            kind=draw(st.sampled_from(KINDS)),
            prescribes=draw(days),
            table=draw(st.sampled_from(TABLES)),
        )
        for number in range(draw(st.integers(1, 4)))
    ]
    count = draw(st.integers(0, 6))
    return claims, [Payment(number, draw(days), draw(principals)) for number in range(count)]


END = date(2026, 12, 31)


@given(lives(), st.randoms())
def test_replay_gives_the_same_in_any_order_of_arrival(life: tuple[list[Claim], list[Payment]], chance: Random) -> None:
    claims, payments = life
    expected = replay(claims, payments, END, NO_RATES)
    again = replay(chance.sample(claims, len(claims)), chance.sample(payments, len(payments)), END, NO_RATES)
    assert (dict(again.accounts), dict(again.excess)) == (dict(expected.accounts), dict(expected.excess))


@given(lives())
def test_every_cent_paid_is_somewhere_and_nothing_goes_negative(life: tuple[list[Claim], list[Payment]]) -> None:
    claims, payments = life
    settled = replay(claims, payments, END, NO_RATES)
    taken = -sum(line.amount for account in settled.accounts.values() for line in account.lines if line.amount < 0)
    assert taken + sum(settled.excess.values()) == sum(payment.amount for payment in payments)
    for account in settled.accounts.values():
        assert min(account.owed.of(component) for component in COMPONENTS) >= 0


@given(lives())
def test_without_payments_it_is_what_accrues(life: tuple[list[Claim], list[Payment]]) -> None:
    claims, _ = life
    for name, account in replay(claims, [], END, NO_RATES).accounts.items():
        [of] = [each for each in claims if each.id == name]
        alone = accrue(of.table, of.principal, of.due, END, NO_RATES).total if of.table else of.principal
        assert account.owed.total == alone


def test_what_is_owed_again_comes_after_the_payments_of_its_day_as_principal() -> None:
    claim = Claim("a", Decimal("100.00"), date(2026, 1, 10))
    day = date(2026, 2, 1)
    money = [Payment(-1, day, Decimal("-30.00")), Payment(1, day, Decimal("100.00"))]
    assert replay([claim], money, day, NO_RATES).accounts["a"].owed.principal == Decimal("30.00")


def test_what_is_owed_again_is_paid_by_what_was_in_excess() -> None:
    claim = Claim("a", Decimal("100.00"), date(2026, 1, 10))
    day = date(2026, 2, 1)
    money = [Payment(-1, day, Decimal("-30.00")), Payment(1, day, Decimal("120.00"))]
    settled = replay([claim], money, day, NO_RATES)
    assert (settled.accounts["a"].owed.total, settled.excess) == (Decimal("10.00"), {})
