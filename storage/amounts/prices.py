"""Price tables: a ruler's own, or one shipped in `prices/` by its name."""

from models.contact.channel import CHANNELS
from models.money.prices import PriceTable
from models.money.tables import read_prices
from models.ruler.schema import Ruler
from models.yaml_file import Fault
from storage.catalogue import PRICES


def prices_of(ruler: Ruler) -> PriceTable:
    """The ruler's price table. Refuses a faulty one with all its faults, one a line."""
    return PRICES.table(ruler.prices, read_prices) if isinstance(ruler.prices, str) else ruler.prices


def price_faults(ruler: Ruler) -> list[Fault]:
    """The faults of a ruler that names a table which isn't shipped, or has no price for one of its channels: a budget
    must know them."""
    if isinstance(ruler.prices, str) and ruler.prices not in PRICES.names():
        known = ", ".join(PRICES.names())
        return [Fault(("prices",), f"names {ruler.prices}, which is not in prices/; known are {known}")]
    table = prices_of(ruler)
    without = [channel for channel in CHANNELS if channel in ruler.channels and channel not in table.channels]
    return [Fault(("prices",), f"{table.prices} has no price for {channel}") for channel in without]
