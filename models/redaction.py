"""Redaction, which keeps a person out of a text: the name, the tax id and the addresses, however they are written in
it."""

from __future__ import annotations

import re
from functools import cached_property
from typing import Annotated

from pydantic import BaseModel, ConfigDict, Field

from models.contact.sms import transliterate
from models.taxid import mask

NAME, ADDRESS, LINK = "[nome omitido]", "[endereço omitido]", "[ligação pessoal omitida]"

PERSONAL_LINK = re.compile(r"https?://\S+/[pau]/\S+")
"""Opens what one taxpayer owes, and nobody else's: `channels.links`."""

CLIPPED = 140
"""Characters of a name by which it is known also where a message cut it."""


class Person(BaseModel):
    model_config = ConfigDict(frozen=True)

    tax_id: Annotated[str, Field(min_length=1)]
    name: str
    addresses: tuple[str, ...] = ()

    def redacted(self, text: str) -> str:
        for pattern, instead in self._patterns:
            text = pattern.sub(instead, text)
        return text

    @cached_property
    def _patterns(self) -> tuple[tuple[re.Pattern[str], str], ...]:
        """The patterns of all that tells of the person, in the order they are looked for, and the words instead."""
        addresses = sorted({a for a in self.addresses if a.strip()}, key=len, reverse=True)
        # an SMS is written without accents
        names = dict.fromkeys((self.name, transliterate(self.name)))
        return (
            (PERSONAL_LINK, LINK),
            *((_address(address), ADDRESS) for address in addresses),
            (_number(self.tax_id), mask(self.tax_id)),
            *((_name(name), NAME) for name in names if name.strip()),
        )


def _number(number: str) -> re.Pattern[str]:
    """A pattern for a number with whatever punctuation people put between its characters."""
    return re.compile(r"[\s./-]*".join(map(re.escape, number)), re.IGNORECASE)


def _address(address: str) -> re.Pattern[str]:
    digits = re.sub(r"\D", "", address)
    if "@" in address or len(digits) < len(address) - 1:
        return re.compile(re.escape(address), re.IGNORECASE)
    # a telephone number with or without the country's code
    national = digits[-11:] if digits.startswith("55") else digits
    return re.compile(r"(?:\+?55[\s.-]*)?" + r"[\s().-]*".join(national))


def _name(name: str) -> re.Pattern[str]:
    """Over line breaks and whatever else a message made spaces of; one cut short, with what is left of its tail."""
    words = "".join(c if c.isprintable() else " " for c in name).split()
    whole = r"\s+".join(map(re.escape, words))
    if len(" ".join(words)) <= CLIPPED:
        return re.compile(rf"(?<!\w){whole}(?!\w)", re.IGNORECASE)
    head = r"\s+".join(map(re.escape, " ".join(words)[:CLIPPED].split()))
    return re.compile(rf"(?<!\w)(?:{whole}|{head}[^…\n]{{0,10}}…)", re.IGNORECASE)
