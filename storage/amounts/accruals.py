"""Tables of accrual: the one that a ruler goes by, a file of the analyst, or one by its name."""

from models.assets import Texts, accrual_file
from models.errors import Unreckonable
from models.money.accrual_table import AccrualTable
from models.money.tables import read_accrual
from models.ruler.schema import Ruler
from models.yaml_file import Fault
from storage.catalogue import ACCRUALS, SHIPPED


def load_accrual(name_or_path: str, texts: Texts = SHIPPED) -> AccrualTable:
    """Load a table. Refuses a faulty one with all its faults, one a line."""
    return ACCRUALS.table(name_or_path, read_accrual, texts)


def accrual_of(ruler: Ruler) -> AccrualTable | None:
    """The table of a ruler that has its tables (`models.assets.with_tables`); none: nothing is added to a debt. Raises
    Unreckonable where the table it names was not there when it was frozen."""
    if isinstance(ruler.accrual, str):
        what = f"{ruler.label} names the accrual table {ruler.accrual}, which was not there when it was frozen"
        raise Unreckonable(what, f"a tabela de acréscimos {ruler.accrual}")
    return ruler.accrual


def accrual_faults(ruler: Ruler, texts: Texts) -> list[Fault]:
    """The faults of a ruler that names a table which isn't there or is faulty, or whose offer meets a discount."""
    if not isinstance(ruler.accrual, str):
        return _two_discounts(ruler, ruler.accrual)
    file = accrual_file(ruler.accrual)
    if file not in texts:
        known = ", ".join(ACCRUALS.names(texts))
        return [Fault(("accrual",), f"names {ruler.accrual}, which is not in accruals/; known are {known}")]
    read = read_accrual(texts[file])
    faulty = [Fault(("accrual",), f"{file}: {fault}") for fault in read.faults]
    return faulty or _two_discounts(ruler, read.table)


def _two_discounts(ruler: Ruler, table: AccrualTable | None) -> list[Fault]:
    """The faults of an offer that meets a discount of the ruler's table on the same days."""
    offer = ruler.offer
    if offer is None or table is None:
        return []
    for discount in table.discounts:
        if discount.from_ <= offer.deadline_day and (discount.to is None or discount.to >= offer.from_):
            what = f"meets the discount {discount.name!r} of {table.accrual} on the same days: only one can hold"
            return [Fault(("offer", "from"), what)]
    return []
