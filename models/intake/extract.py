"""The layouts in which an authority delivers debts, known by their headers; docs/data.md explains them to analysts."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from datetime import date
from typing import Literal, TypeVar

from models.errors import Refusal
from models.intake.benefits import AssetsRow, BenefitRow
from models.intake.contacts import ContactRow
from models.intake.debts import DebtReader, DebtRow, regua_reader
from models.intake.filings import FilingRow
from models.intake.pgfn import pgfn_reader

Layout = Literal["regua", "pgfn"]

Row = TypeVar("Row", DebtRow, FilingRow, BenefitRow, AssetsRow, ContactRow)
Reader = Callable[[list[str]], Row]
"""Reads the fields of one row; raises Rejected, and ContactRefused."""


def debt_reader(header: Sequence[str], today: date, layout: Layout | None = None) -> DebtReader:
    """The reader for a file with that header; a Refusal when the header is not of `layout`, or of none."""
    found = _layout_of(header)
    if layout is not None and found != layout:
        is_of = f"it is of the layout {found}" if found else "it is of no layout known here"
        raise Refusal(f"the header is not of the layout {layout}: {is_of}")
    if found == "pgfn":
        return pgfn_reader(header, today)
    if found == "regua":
        return regua_reader(header)
    raise Refusal(
        "the header is of no layout known here: Régua's begins with tax_id, PGFN's with CPF_CNPJ (docs/data.md)"
    )


def _layout_of(header: Sequence[str]) -> Layout | None:
    names = {name.strip().lower() for name in header}
    if "cpf_cnpj" in names:
        return "pgfn"
    return "regua" if "tax_id" in names else None
