"""Tables of accrual: a ruler's own, a file of the analyst, or one shipped in `accruals/` by its name."""

from models.errors import Refusal, Unreckonable
from models.money.accrual_table import AccrualTable
from models.money.tables import read_accrual
from models.ruler.schema import Ruler
from models.yaml_file import Fault
from storage.catalogue import ACCRUALS


def load_accrual(name_or_path: str) -> AccrualTable:
    """Load a table. Refuses a faulty one with all its faults, one a line."""
    return ACCRUALS.table(name_or_path, read_accrual)


def accrual_of(ruler: Ruler) -> AccrualTable | None:
    """The ruler's table of accrual: its own, on its jurisdiction's days unless it names others; or the shipped one that
    it names. Raises Unreckonable when that one is no longer there."""
    if ruler.accrual is None:
        return None
    if isinstance(ruler.accrual, str):
        try:
            return load_accrual(ruler.accrual)
        except Refusal as refusal:
            raise Unreckonable(str(refusal), f"a tabela de acréscimos {ruler.accrual}") from None
    return ruler.accrual.model_copy(update={"jurisdiction": ruler.accrual.jurisdiction or ruler.jurisdiction})


def accrual_faults(ruler: Ruler) -> list[Fault]:
    """The faults of a ruler that names a table which isn't shipped: its name must mean the same wherever the ruler is
    read."""
    if not isinstance(ruler.accrual, str) or ruler.accrual in ACCRUALS.names():
        return _two_discounts(ruler)
    known = ", ".join(ACCRUALS.names())
    return [Fault(("accrual",), f"names {ruler.accrual}, which is not in accruals/; known are {known}")]


def _two_discounts(ruler: Ruler) -> list[Fault]:
    """The faults of an offer that meets a discount of the ruler's table on the same days. A faulty table's own faults
    are told elsewhere."""
    offer = ruler.offer
    table = ruler.accrual if isinstance(ruler.accrual, AccrualTable) else None
    if offer and isinstance(ruler.accrual, str):
        table = load_accrual(ruler.accrual)
    if offer is None or table is None:
        return []
    for discount in table.discounts:
        if discount.from_ <= offer.deadline_day and (discount.to is None or discount.to >= offer.from_):
            what = f"meets the discount {discount.name!r} of {table.accrual} on the same days: only one can hold"
            return [Fault(("offer", "from"), what)]
    return []
