"""The rows of what taxpayers hold, benefits and assets, and how they are read: benefits.csv and assets.csv."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import NamedTuple

from models.intake.columns import of_our_own
from models.intake.fields import LONGEST_CODE, LONGEST_NAME, read_money, read_tax, read_text, read_who

BENEFITS_REQUIRED = ("tax_id", "code", "name")
BENEFITS_OPTIONAL = ("tax",)
ASSETS_REQUIRED = ("tax_id", "assets")


class BenefitRow(NamedTuple):
    tax_id: str
    key: str
    code: str
    name: str
    tax: str


class AssetsRow(NamedTuple):
    tax_id: str
    key: str
    assets: str


def benefit_reader(header: Sequence[str]) -> Callable[[list[str]], BenefitRow]:
    fields_of = of_our_own(header, BENEFITS_REQUIRED, BENEFITS_OPTIONAL)

    def read(fields: list[str]) -> BenefitRow:
        tax_id, code, name, tax = fields_of(fields)
        number, key = read_who(tax_id, "", "tax_id")
        return BenefitRow(
            number,
            key,
            read_text(code, "code", LONGEST_CODE),
            read_text(name, "name", LONGEST_NAME),
            read_tax(tax, "tax") if tax.strip() else "",
        )

    return read


def assets_reader(header: Sequence[str]) -> Callable[[list[str]], AssetsRow]:
    """The reader of what taxpayers are known to own, in reais."""
    fields_of = of_our_own(header, ASSETS_REQUIRED)

    def read(fields: list[str]) -> AssetsRow:
        tax_id, assets = fields_of(fields)
        number, key = read_who(tax_id, "", "tax_id")
        return AssetsRow(number, key, read_money(assets, "assets"))

    return read
