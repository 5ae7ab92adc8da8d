"""The row of one return by period, and how it is read: filings.csv."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import NamedTuple

from models.intake.columns import of_our_own
from models.intake.fields import (
    LONGEST_NAME,
    ContactRefused,
    Rejected,
    read_contacts,
    read_date,
    read_money,
    read_period,
    read_tax,
    read_text,
    read_who,
)

FILINGS_REQUIRED = ("tax_id", "tax", "period", "due", "status")
FILINGS_OPTIONAL = (
    *("name", "email", "phone"),
    *("filed_on", "declared", "assessed", "paid", "paid_on", "corrected", "corrected_on"),
)


class FilingRow(NamedTuple):
    tax_id: str
    key: str
    name: str
    email: str
    phone: str
    tax: str
    period: str
    due: str
    status: str
    filed_on: str
    declared: str
    assessed: str
    paid: str
    paid_on: str
    corrected: str
    corrected_on: str


def filing_reader(header: Sequence[str]) -> Callable[[list[str]], FilingRow]:
    fields_of = of_our_own(header, FILINGS_REQUIRED, FILINGS_OPTIONAL)

    def read(fields: list[str]) -> FilingRow:
        values = [value.strip() for value in fields_of(fields)]
        tax_id, tax, period, due, status, name, email, phone = values[:8]
        filed_on, declared, assessed, paid, paid_on, corrected, corrected_on = values[8:]
        name = read_text(name, "name", LONGEST_NAME) if name else ""
        number, key = read_who(tax_id, name, "tax_id")
        email, phone, wrong = read_contacts(email, phone)
        row = FilingRow(
            number,
            key,
            name,
            email,
            phone,
            read_tax(tax, "tax"),
            read_period(period, "period"),
            read_date(due, "due"),
            status.lower(),
            read_date(filed_on, "filed_on") if filed_on else "",
            read_money(declared, "declared") if declared else "",
            read_money(assessed, "assessed") if assessed else "",
            read_money(paid, "paid") if paid else "0",
            read_date(paid_on, "paid_on") if paid_on else "",
            read_money(corrected, "corrected") if corrected else "",
            read_date(corrected_on, "corrected_on") if corrected_on else "",
        )
        _check_filing(row)
        if wrong:
            raise ContactRefused(wrong, row)
        return row

    return read


def _check_filing(row: FilingRow) -> None:
    """Refuse a return whose columns contradict each other; ISO dates compare as text."""
    if row.status in ("filed", "late"):
        _check_filed(row)
    elif row.status in ("missing", "not_required"):
        for column in ("filed_on", "declared", "corrected", "corrected_on"):
            if getattr(row, column):
                raise Rejected(f"{column} is given, but the return is {row.status}")
    else:
        raise Rejected("status is none of filed, late, missing, not_required" if row.status else "status is missing")
    if bool(row.paid_on) != bool(row.paid.strip("0.")):
        raise Rejected("paid_on is given without paid" if row.paid_on else "paid_on is missing")


def _check_filed(row: FilingRow) -> None:
    if not row.declared:
        raise Rejected(f"declared is missing, but the return is {row.status}")
    if row.status == "late" and not row.filed_on:
        raise Rejected("filed_on is missing, but the return is late")
    if row.status == "late" and row.filed_on <= row.due:
        raise Rejected("filed_on is not after due, but the return is late")
    if row.status == "filed" and row.filed_on > row.due:
        raise Rejected("filed_on is after due: the return is late")
    if bool(row.corrected) != bool(row.corrected_on):
        raise Rejected("corrected and corrected_on go together: one of them is missing")
    if row.corrected and row.corrected_on < row.filed_on:
        raise Rejected("corrected_on is before filed_on")
