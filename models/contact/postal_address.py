"""Postal addresses as sources write them: one line, with the postcode (CEP) by which a letter finds its way."""

from __future__ import annotations

import re
from typing import NamedTuple

from models.states import STATES

POSTCODE = re.compile(r"(?:\bCEP\b\W*)?(?<!\d)(\d{2})\.?(\d{3})-?(\d{3})(?!\d)", re.IGNORECASE | re.ASCII)
SEPARATOR = re.compile(r"\s*[,;/]\s*|\s+[-–]\s+|\s*[-–]\s*(?=[A-Z]{2}$)")
EDGES = " ,;-–/"


class PostalAddress(NamedTuple):
    street: str
    """All that stands before the city: street, number, district; the whole where no city can be told."""
    city: str
    state: str
    """Its two letters; empty with the city where they can't be told."""
    postcode: str
    """As `57000-000`."""

    @property
    def lines(self) -> tuple[str, ...]:
        """The lines of it on an envelope."""
        place = f"{self.city}/{self.state}" if self.city else ""
        return tuple(line for line in (self.street, f"{self.postcode} {place}".strip()) if line)


def postal_address(written: str) -> PostalAddress:
    """Read an address. Raises ValueError, whose message doesn't repeat it: it has no postcode, or more than one."""
    line = " ".join(written.split())
    found = list(POSTCODE.finditer(line))
    if len(found) != 1:
        raise ValueError("is not an address that a letter finds: write it with its one CEP, as 57000-000")
    code = found[0]
    rest = f"{line[: code.start()].strip(EDGES)}, {line[code.end() :].strip(EDGES)}".strip(EDGES)
    if not rest:
        raise ValueError("is a CEP alone: write street, number, city and state too")
    postcode = "{}{}-{}".format(*code.groups())
    marks = list(SEPARATOR.finditer(rest))
    if len(marks) < 2 or (state := rest[marks[-1].end() :]) not in STATES:
        return PostalAddress(rest, "", "", postcode)
    city = rest[marks[-2].end() : marks[-1].start()]
    return PostalAddress(rest[: marks[-2].start()], city, state, postcode)
