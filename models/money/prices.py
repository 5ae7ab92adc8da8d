"""The prices of contacts for the authority, in reais, as dated tables. They have four decimals: an e-mail is less than
a cent."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date
from decimal import ROUND_HALF_UP, Decimal
from typing import Annotated, Literal, TypedDict

from pydantic import ConfigDict, Field

from models.contact.channel import Channel
from models.errors import Refusal
from models.law.dated import Dated, Where, date_faults, entry_on
from models.law.verification import Verifiable, marking_faults

FOUR_DECIMALS = Decimal("0.0001")

Amount = Annotated[Decimal, Field(ge=0, lt=10**9, decimal_places=4)]


class Price(Dated):
    price: Amount
    per: Literal["message", "segment", "minute"] = "message"
    """The unit counted: whole messages or calls, segments of an SMS, or minutes begun of a call."""


class Fee(Dated):
    price: Amount


class PriceTable(Verifiable):
    model_config = ConfigDict(frozen=True, extra="forbid")

    prices: Annotated[str, Field(pattern=r"^[a-z0-9][a-z0-9-]{0,62}$")]
    title: str
    channels: dict[Channel, Annotated[tuple[Price, ...], Field(min_length=1)]]
    monthly_fee: tuple[Fee, ...] = ()
    """The amount providers charge each month, whatever is sent."""


class ChannelCost(TypedDict):
    """How many notices of a channel there are, and what they cost in reais."""

    channel: str
    notices: int
    cost: Decimal


def cost_of(table: PriceTable, channel: Channel, on: date, segments: int = 1) -> Decimal:
    """The cost of one message, in reais. `segments` counts those of an SMS, or the minutes begun of a call. Raises
    Refusal when the channel has no price then."""
    entry = entry_on(table.channels.get(channel, ()), on)
    if entry is None:
        raise Refusal(f"price table {table.prices} has no price for {channel} on {on}; add one to it")
    count = 1 if entry.per == "message" else segments
    return (entry.price * count).quantize(FOUR_DECIMALS, ROUND_HALF_UP)


def monthly_fee(table: PriceTable, on: date) -> Decimal:
    entry = entry_on(table.monthly_fee, on)
    return (entry.price if entry else Decimal(0)).quantize(FOUR_DECIMALS, ROUND_HALF_UP)


def fits(budget: Decimal | None, spent: Decimal, cost: Decimal) -> bool:
    """Whether `cost` may still be spent; without a budget, anything may."""
    return budget is None or spent + cost <= budget


def price_table_faults(table: PriceTable) -> Iterator[tuple[Where, str]]:
    """The faults that a well-formed price table may still have."""
    yield from marking_faults(table)
    for channel, prices in table.channels.items():
        where = ("channels", channel)
        yield from date_faults(where, prices, gapless=True)
        if prices[-1].to is not None:
            yield (*where, len(prices) - 1, "to"), "the last price has no end: notices after it would have no cost"
    yield from date_faults(("monthly_fee",), table.monthly_fee, gapless=False)
