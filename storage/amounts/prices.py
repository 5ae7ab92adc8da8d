"""Price tables: what the notices of a ruler cost."""

from models.assets import Texts, prices_file
from models.contact.channel import CHANNELS
from models.contact.communication import CommunicationKind
from models.errors import Refusal
from models.money.prices import PriceTable
from models.money.tables import read_prices
from models.ruler.schema import Ruler
from models.yaml_file import Fault
from storage.catalogue import PRICES


def prices_of(ruler: Ruler) -> PriceTable:
    """The table of a ruler that has its tables (`models.assets.with_tables`). Raises Refusal where the one it names was
    not there when it was frozen."""
    if isinstance(ruler.prices, str):
        raise Refusal(f"{ruler.label} names the price table {ruler.prices}, which was not there when it was frozen")
    return ruler.prices


def price_faults(ruler: Ruler, texts: Texts) -> list[Fault]:
    """The faults of a ruler that names a table which isn't there or is faulty itself, or has no price for one of its
    channels: a budget must know them."""
    table = ruler.prices
    if isinstance(table, str):
        file = prices_file(table)
        if file not in texts:
            known = ", ".join(PRICES.names(texts))
            return [Fault(("prices",), f"names {table}, which is not in prices/; known are {known}")]
        read = read_prices(texts[file])
        if read.table is None:
            return [Fault(("prices",), f"{file}: {fault}") for fault in read.faults]
        table = read.table
    used = {*ruler.channels, *(CommunicationKind.BEFORE_DUE.channels if ruler.before_due else ())}
    without = [channel for channel in CHANNELS if channel in used and channel not in table.channels]
    return [Fault(("prices",), f"{table.prices} has no price for {channel}") for channel in without]
