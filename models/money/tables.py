"""Tables of accrual and of prices, read from files of their own with every fault at its line."""

from __future__ import annotations

from functools import lru_cache

from models.money.accrual_table import AccrualTable, table_faults
from models.money.prices import PriceTable, price_table_faults
from models.yaml_file import ReadTable, read_table


def read_accrual(text: str) -> ReadTable[AccrualTable]:
    """Read a file of `accruals/`, with every fault at its line."""
    return read_table(text, "a table of accrual", AccrualTable, table_faults)


@lru_cache(maxsize=16)
def read_prices(text: str) -> ReadTable[PriceTable]:
    """Read a file of `prices/`, with every fault at its line. Every notice asks for one."""
    return read_table(text, "a price table", PriceTable, price_table_faults)
