"""The cost of contacts by dated tables, and whether a budget still bears it."""

from datetime import date
from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from models.contact.channel import CHANNELS, Channel
from models.errors import Refusal
from models.money.prices import PriceTable, cost_of, fits, monthly_fee
from models.money.tables import read_prices
from operations.rulers import examined
from storage.amounts.prices import prices_of
from storage.catalogue import PRICES, RULERS
from tests.builders import REGISTERED

OWN = """prices: own
title: Contrato
channels:
  email:
    - from: 2026-01-01
      to: 2026-06-30
      source: contrato 1/2026
      price: "0.0050"
    - from: 2026-07-01
      source: contrato 2/2026
      price: "0.0075"
  sms:
    - from: 2026-01-01
      source: contrato 1/2026
      price: "0.0833"
      per: segment
  domicile:
    - from: 2026-01-01
      source: da própria autoridade
      price: "0"
monthly_fee:
  - from: 2026-01-01
    to: 2026-12-31
    source: contrato 1/2026
    price: "1500.00"
"""


def table(text: str = OWN) -> PriceTable:
    read = read_prices(text)
    assert read.table is not None, read.faults
    return read.table


@pytest.mark.parametrize(
    ("channel", "on", "segments", "cost"),
    [
        ("email", "2026-01-01", 1, "0.0050"),
        ("email", "2026-06-30", 1, "0.0050"),
        ("email", "2026-07-01", 1, "0.0075"),
        ("email", "2040-07-01", 1, "0.0075"),
        ("email", "2026-07-01", 3, "0.0075"),  # an e-mail is one message however long
        ("sms", "2026-07-01", 1, "0.0833"),
        ("sms", "2026-07-01", 3, "0.2499"),
    ],
)
def test_a_contact_costs_what_the_table_says_on_its_day(channel: Channel, on: str, segments: int, cost: str) -> None:
    assert cost_of(table(), channel, date.fromisoformat(on), segments) == Decimal(cost)


@pytest.mark.parametrize(("channel", "on"), [("email", date(2025, 12, 31)), ("voice", date(2026, 7, 1))])
def test_what_has_no_price_is_never_taken_for_free(channel: Channel, on: date) -> None:
    with pytest.raises(Refusal, match=f"own has no price for {channel} on {on}"):
        cost_of(table(), channel, on)


def test_the_monthly_fee_is_that_of_the_day_and_none_where_none_is_agreed() -> None:
    assert monthly_fee(table(), date(2026, 12, 31)) == Decimal("1500")
    assert monthly_fee(table(), date(2027, 1, 1)) == 0


COSTS = st.decimals(0, 100, places=4)


@given(COSTS, st.lists(COSTS, max_size=30))
def test_spending_only_what_fits_never_passes_the_budget_and_stops_at_nothing_that_would_fit(
    budget: Decimal, costs: list[Decimal]
) -> None:
    spent = Decimal(0)
    for cost in costs:
        if fits(budget, spent, cost):
            spent += cost
        else:
            assert spent + cost > budget
    assert spent <= budget


def test_without_a_budget_anything_fits_and_what_is_free_always_does() -> None:
    assert fits(None, Decimal(10**9), Decimal(1))
    assert fits(Decimal(1), Decimal(1), Decimal(0))
    assert not fits(Decimal(1), Decimal(1), Decimal("0.0001"))


@pytest.mark.parametrize("name", PRICES.names())
def test_shipped_tables_are_clean_and_know_every_channel(name: str) -> None:
    shipped = table(PRICES.read(name)[1])
    assert set(shipped.channels) == set(CHANNELS)
    assert cost_of(shipped, "domicile", date(2026, 11, 3)) == 0


@pytest.mark.parametrize(
    ("old", "new", "line", "where", "what"),
    [
        ("  email:", "  pigeon:", 4, "channels.pigeon", "'domicile'"),
        ('"0.0050"', '"-1"', 8, "channels.email.0.price", "greater than or equal to 0"),
        ('"0.0050"', '"0.00001"', 8, "channels.email.0.price", "no more than 4 decimal places"),
        ("per: segment", "per: word", 16, "channels.sms.0.per", "'minute'"),
        ("      to: 2026-06-30\n", "", 8, "channels.email.1.from", "overlaps with the entry before it"),
        ("2026-07-01", "2026-07-02", 9, "channels.email.1.from", "leaves a gap from 2026-07-01"),
        ('"0.0833"\n', '"0.0833"\n      to: 2026-12-31\n', 16, "channels.sms.0.to", "the last price has no end"),
        ("title: Contrato\n", "", 1, "title", "is missing"),
        ("monthly_fee", "monthly_fees", 21, "monthly_fees", "is an unknown key"),
    ],
)
def test_a_faulty_table_is_refused_at_its_line(old: str, new: str, line: int, where: str, what: str) -> None:
    assert old in OWN
    [fault] = read_prices(OWN.replace(old, new, 1)).faults
    assert (fault.line, ".".join(map(str, fault.where))) == (line, where)
    assert what in fault.what


INLINE = "prices:\n" + "".join(f"  {line}\n" for line in OWN.splitlines())


@pytest.mark.parametrize(
    ("written", "where", "what"),
    [
        ("prices: gold\n", "prices", "names gold, which is not in prices/; known are brasil"),
        (INLINE.replace("2026-07-01", "2026-07-02"), "prices.channels.email.1.from", "leaves a gap"),
        (
            INLINE[: INLINE.index("    sms")] + INLINE[INLINE.index("    domicile") :],
            "prices",
            "own has no price for sms",
        ),
    ],
)
def test_a_ruler_needs_prices_for_all_its_channels(written: str, where: str, what: str) -> None:
    _, [fault] = examined(RULERS.read(REGISTERED)[1] + written)
    assert fault.line is not None
    assert ".".join(map(str, fault.where)) == where
    assert what in fault.what


def test_a_ruler_may_bring_its_own_prices() -> None:
    ruler, faults = examined(RULERS.read(REGISTERED)[1] + INLINE)
    assert ruler is not None
    assert faults == ()
    assert prices_of(ruler) == table()
