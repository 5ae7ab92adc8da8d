"""The row of one debtor of one debt, and how the product's own layout is read: taxpayers.csv."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import NamedTuple

from models.formats import tax_name
from models.intake.access_keys import ACCESS_KEYS, BETWEEN, IS
from models.intake.columns import of_our_own
from models.intake.fields import (
    LONGEST_CODE,
    LONGEST_NAME,
    ContactRefused,
    inscription_key,
    read_contacts,
    read_date,
    read_inscription,
    read_kind,
    read_money,
    read_owed,
    read_period,
    read_tax,
    read_text,
    read_uf,
    read_who,
    read_yes_no,
)
from models.intake.situation import situation_of
from models.intake.statement import Amounts

TAXPAYERS_REQUIRED = ("tax_id", "name", "uf", "tax", "inscription", "due", "amount")
TAXPAYERS_OPTIONAL = (
    *("email", "phone", "period", "situation", "litigation"),
    *("kind", "prescribes", "own", "assets", "registered_on"),
    *ACCESS_KEYS,
)


class DebtRow(NamedTuple):
    tax_id: str
    key: str
    name: str
    email: str
    phone: str
    uf: str
    tax: str
    inscription: str
    inscription_key: str
    period: str
    due: str
    litigation: str
    amount: str
    ground: str
    ended: str
    kind: str = ""
    prescribes: str = ""
    own: str = ""
    assets: str = ""
    registered_on: str = ""
    access_keys: str = ""
    """Each as `kind=value`, with `BETWEEN` between them."""


class About(NamedTuple):
    """The debts that a row may be about, as far as can be told of one that can't be read: each tax with each
    inscription."""

    taxes: tuple[str, ...]
    inscription_keys: tuple[str, ...]


@dataclass(frozen=True)
class DebtReader:
    """A layout's way to read the rows of a file."""

    read: Callable[[list[str]], DebtRow]
    """Raises Rejected, and ContactRefused."""
    about: Callable[[list[str]], About]
    """Says of a rejected row which debts it may be about."""
    columns_vary: bool = True
    """Somebody may have put another column in an inscription's place."""
    amounts: Amounts = "lodged"
    """The meaning of its amounts, unless somebody says otherwise."""

    def __call__(self, fields: list[str]) -> DebtRow:
        return self.read(fields)


def regua_reader(header: Sequence[str]) -> DebtReader:
    fields_of = of_our_own(header, TAXPAYERS_REQUIRED, TAXPAYERS_OPTIONAL)

    def read(fields: list[str]) -> DebtRow:
        tax_id, name, uf, tax, inscription, due, amount, *optional = fields_of(fields)
        email, phone, period, situation, litigation, kind, prescribes, own, assets, registered_on, *keys = optional
        name = read_text(name, "name", LONGEST_NAME)
        number, key = read_who(tax_id, name, "tax_id")
        email, phone, wrong = read_contacts(email, phone)
        inscription, known_by = read_inscription(inscription, "inscription")
        hold, ended = situation_of(situation.strip() or "em cobrança")
        owed, ended = read_owed(amount, "amount", ended)
        row = DebtRow(
            number,
            key,
            name,
            email,
            phone,
            read_uf(uf, "uf"),
            read_tax(tax, "tax"),
            inscription,
            known_by,
            read_period(period, "period") if period.strip() else "",
            read_date(due, "due") if due.strip() or not ended else "",
            read_yes_no(litigation, "litigation") if litigation.strip() else "f",
            owed,
            hold,
            ended,
            read_kind(kind, "kind") if kind.strip() else "",
            read_date(prescribes, "prescribes") if prescribes.strip() else "",
            read_yes_no(own, "own") if own.strip() else "",
            read_money(assets, "assets") if assets.strip() else "",
            read_date(registered_on, "registered_on") if registered_on.strip() else "",
            _access_keys(keys) if any(keys) else "",
        )
        if wrong:
            raise ContactRefused(wrong, row)
        return row

    names = [name.strip().lower() for name in header]
    places = names.index("tax"), names.index("inscription")

    def about(fields: list[str]) -> About:
        return about_row(fields, len(header), (places[0],), places[1])

    return DebtReader(read, about)


def _access_keys(keys: Sequence[str]) -> str:
    given = {kind: key for kind, key in zip(ACCESS_KEYS, keys, strict=True) if key.strip()}
    return BETWEEN.join(f"{kind}{IS}{read_text(key, kind, LONGEST_CODE)}" for kind, key in given.items())


def about_row(fields: list[str], width: int, taxes: Sequence[int], inscription: int) -> About:
    """The debts that a row may be about, which is in these columns; in a row of another width it may be in any."""
    in_place = len(fields) >= width and not any(fields[width:])
    named = [fields[place] for place in taxes] if in_place else fields
    numbered = [fields[inscription]] if in_place else fields
    return About(tuple(map(tax_name, named)), tuple(filter(None, map(inscription_key, numbered))))
