"""Traces of people where there should be none: their data, in every way that it could have been written."""

import json
from collections.abc import Iterable, Sequence

from models.taxid import formatted

COUNTRY = "+55"


def written(tax_id: str, name: str, email: str | None, phone: str | None) -> tuple[bytes, ...]:
    """A person's data in the spellings that a program would give it."""
    parts = {tax_id, formatted(tax_id), name, json.dumps(name)[1:-1]}
    if email:
        parts.add(email)
    if phone:
        national = phone.removeprefix(COUNTRY)
        parts |= {national, f"({national[:2]}) {national[2:-4]}-{national[-4:]}"}
    return tuple(part.lower().encode() for part in parts)


def traces(text: bytes, people: Iterable[Sequence[bytes]]) -> list[bytes]:
    """The parts of these people that are found, in upper or lower case."""
    low = text.lower()
    return [part for person in people for part in person if part in low]
