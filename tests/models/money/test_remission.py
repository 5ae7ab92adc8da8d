"""Payments under an offer, on paper: the price of each day, what settles, and the same whatever comes first."""

from datetime import date, datetime, timedelta
from decimal import ROUND_HALF_UP, Decimal
from random import Random
from zoneinfo import ZoneInfo

from hypothesis import given
from hypothesis import strategies as st

from models.money.accrual import NOTHING
from models.money.imputation import Account, Claim, Payment, replay
from models.money.rates import Rates
from models.money.remission import Made, Outcome, Paid, Verdict, judge, offered, price
from storage.amounts.accruals import accrual_of
from tests.builders import REFIS, shipped

RULER = shipped(REFIS)
TABLE = accrual_of(RULER)
assert RULER.offer is not None
OFFER = RULER.offer
MADE = Made(OFFER, RULER.label, RULER.jurisdiction.timezone)
SAO_PAULO = ZoneInfo("America/Sao_Paulo")
NO_RATES = Rates({})
DUE = date(2022, 6, 15)
CLAIM = Claim("d1", Decimal("1000.00"), DUE, table=TABLE)
JUNE_PRICE = Decimal("1032.00")
"""1,000.00, and a tenth of a fine of 20 % and of twelve months' interest of 1 %."""


def grown(on: date) -> Account:
    return replay([CLAIM], [], on, NO_RATES).accounts["d1"]


def paid(amount: str | Decimal, at: str, number: int = 1) -> Paid:
    """At an hour of São Paulo's; with no hour, as a bank's file says it."""
    when = datetime.fromisoformat(at).replace(tzinfo=SAO_PAULO) if "T" in at else None
    return Paid(number, date.fromisoformat(at[:10]), Decimal(amount), at=when)


def judged(*money: Paid) -> list[Verdict]:
    return judge(CLAIM, money, [MADE], NO_RATES)


def test_each_message_says_the_amounts_of_its_day_by_modality() -> None:
    found = offered(OFFER, [grown(date(2023, 6, 14))], date(2023, 6, 14))
    assert (found.full, found.percent) == (Decimal("1320.00"), Decimal(90))
    assert [(m.instalments, m.total, m.each) for m in found.modalities] == [
        (1, JUNE_PRICE, JUNE_PRICE),
        (6, Decimal("1096.00"), Decimal("182.67")),
        (12, Decimal("1160.00"), Decimal("96.67")),
    ]
    before = offered(OFFER, [grown(date(2023, 5, 31))], date(2023, 5, 31))
    assert (before.full, before.modalities[0].total) == (Decimal("1310.00"), Decimal("1031.00"))


def test_the_offered_amount_in_time_settles_and_the_rest_is_remitted() -> None:
    [verdict] = judged(paid(JUNE_PRICE, "2023-06-23T16:00:59"))
    assert (verdict.outcome, verdict.price, verdict.remitted) == (Outcome.SETTLED, JUNE_PRICE, Decimal("288.00"))


def test_a_minute_late_is_a_partial_payment() -> None:
    [verdict] = judged(paid(JUNE_PRICE, "2023-06-23T16:01"))
    assert (verdict.outcome, verdict.remitted) == (Outcome.LATE, NOTHING)


def test_a_cent_less_is_a_partial_payment() -> None:
    [verdict] = judged(paid("1031.99", "2023-06-23T15:00"))
    assert (verdict.outcome, verdict.price) == (Outcome.LOWER, JUNE_PRICE)


def test_the_price_is_that_of_the_day_of_paying() -> None:
    assert judged(paid("1031.00", "2023-05-31T23:59"))[0].outcome is Outcome.SETTLED
    assert judged(paid("1031.00", "2023-06-01T00:00"))[0].outcome is Outcome.LOWER


def test_a_partial_payment_counts_towards_the_price_of_a_later_one() -> None:
    first = paid("500.00", "2023-05-31T10:00", 1)
    after = replay([CLAIM], [Payment(1, first.day, first.amount)], date(2023, 6, 10), NO_RATES).accounts["d1"]
    rest = price(OFFER, OFFER.one_payment, after, date(2023, 6, 10))
    verdicts = judged(first, paid(rest, "2023-06-10T10:00", 2))
    assert [verdict.outcome for verdict in verdicts] == [Outcome.LOWER, Outcome.SETTLED]
    assert verdicts[1].remitted == after.owed.total - rest


def test_before_the_offer_and_in_full_after_it_there_is_nothing_to_judge() -> None:
    assert judged(paid("1200.00", "2023-05-01T23:59")) == []
    assert judged(paid("1320.00", "2023-06-30T10:00")) == []


def test_what_was_remitted_and_paid_leaves_nothing_owed() -> None:
    payment = paid(JUNE_PRICE, "2023-06-23T10:00")
    [verdict] = judged(payment)
    forgiven = Payment(-1, payment.day, verdict.remitted)
    settlement = replay([CLAIM], [forgiven, Payment(1, payment.day, payment.amount)], date(2025, 1, 1), NO_RATES)
    assert settlement.accounts["d1"].owed.total == 0
    assert settlement.excess == {}


DAYS = st.integers(0, 60).map(lambda n: date(2023, 5, 1) + timedelta(days=n))
MONEY = st.lists(st.tuples(DAYS, st.integers(1, 160_000)), min_size=1, max_size=5)


@given(MONEY, st.randoms(use_true_random=False))
def test_in_whatever_order_they_come_the_same_is_remitted_and_never_more_than_the_offer_allows(
    money: list[tuple[date, int]], random: Random
) -> None:
    came_in = [Paid(number, day, Decimal(cents).scaleb(-2)) for number, (day, cents) in enumerate(money, start=1)]
    verdicts = judged(*came_in)
    random.shuffle(came_in)
    assert judged(*came_in) == verdicts
    settled = [verdict for verdict in verdicts if verdict.outcome is Outcome.SETTLED]
    assert settled in ([], verdicts[-1:])
    for verdict in settled:
        assert OFFER.in_time(verdict.payment.day, verdict.payment.at, MADE.timezone)
        assert 0 <= verdict.remitted <= naive_fine_and_interest(verdict.payment.day) * Decimal("0.9") + Decimal("0.01")
        assert verdict.payment.amount >= verdict.price


def naive_fine_and_interest(on: date) -> Decimal:
    """A fifth, and 1 % a month, of 1,000.00: by hand."""
    months = (on.year - DUE.year) * 12 + on.month - DUE.month
    return (Decimal(200) + Decimal(10) * months).quantize(Decimal("0.01"), ROUND_HALF_UP)


@given(st.integers(0, 52), st.integers(1, 1_031_000))
def test_naively_one_payment_settles_exactly_when_it_covers_a_tenth_of_what_delay_added(days: int, extra: int) -> None:
    on = date(2023, 5, 2) + timedelta(days=days)
    naive = 1000 + naive_fine_and_interest(on) / 10
    amount = Decimal(extra).scaleb(-3).quantize(Decimal("0.01")) + 500
    [verdict] = judged(Paid(1, on, max(amount, Decimal("0.01"))))
    assert verdict.price == naive
    assert (verdict.outcome is Outcome.SETTLED) == (amount >= naive)
