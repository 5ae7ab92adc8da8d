"""The row of one taxpayer's contacts, and how it is read: contacts.csv."""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence
from datetime import date
from typing import NamedTuple

from models.errors import Refusal
from models.intake.columns import of_our_own
from models.intake.fields import (
    LONGEST_NAME,
    ContactRefused,
    Rejected,
    read_contacts,
    read_date,
    read_text,
    read_who,
    read_yes_no,
)

CONTACTS_REQUIRED = ("tax_id",)
KINDS = ("email", "phone", "messenger", "address")
CONTACTS_OPTIONAL = ("name", *KINDS, "consent", "source", "date")
SOURCE = "contacts import"

SEVERAL = re.compile(r"\s*[;,|/]\s*")
"""Stands between the e-mails or the telephones of one taxpayer."""
BETWEEN = "\x1f"
"""Stands between them once they are read."""


class ContactRow(NamedTuple):
    tax_id: str
    key: str
    email: str
    phone: str
    messenger: str
    address: str
    consent: str
    source: str
    said_on: str


def contact_reader(header: Sequence[str], today: date) -> Callable[[list[str]], ContactRow]:
    """The reader for a file with that header. Raises Refusal: it has no column of a contact."""
    fields_of = of_our_own(header, CONTACTS_REQUIRED, CONTACTS_OPTIONAL)
    if not {name.strip().lower() for name in header} & {*KINDS}:
        raise Refusal(f"the header has none of {', '.join(KINDS)}; docs/data.md lists the columns")

    def read(fields: list[str]) -> ContactRow:
        tax_id, name, emails, phones, messenger, address, consent, source, said_on = fields_of(fields)
        number, key = read_who(tax_id, name, "tax_id")
        told = read_date(said_on, "date") if said_on.strip() else today.isoformat()
        if told > today.isoformat():
            raise Rejected("date is in the future")
        email, wrong_emails = _several(emails, lambda one: read_contacts(one, "")[::2])
        phone, wrong_phones = _several(phones, lambda one: read_contacts("", one)[1:])
        row = ContactRow(
            number,
            key,
            email,
            phone,
            read_text(messenger, "messenger", LONGEST_NAME) if messenger.strip() else "",
            read_text(address, "address", LONGEST_NAME) if address.strip() else "",
            read_yes_no(consent, "consent") if consent.strip() else "",
            read_text(source, "source", LONGEST_NAME) if source.strip() else SOURCE,
            told,
        )
        if wrong := "; ".join(dict.fromkeys((*wrong_emails, *wrong_phones))):
            raise ContactRefused(wrong, row)
        return row

    return read


def _several(written: str, read: Callable[[str], tuple[str, str]]) -> tuple[str, list[str]]:
    """The contacts of a field, and what is wrong with those that are none."""
    pairs = [read(one) for one in SEVERAL.split(written.strip()) if one]
    return BETWEEN.join(dict.fromkeys(found for found, _ in pairs if found)), [wrong for _, wrong in pairs if wrong]
