"""The columns of a layout, found in a file by its header."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from operator import itemgetter

from models.errors import Refusal
from models.intake.fields import Rejected

Fields = Callable[[list[str]], tuple[str, ...]]
"""Takes a row's fields in the order of its layout. Raises Rejected when the row has another number of them."""


def of_our_own(header: Sequence[str], required: Sequence[str], optional: Sequence[str] = ()) -> Fields:
    """The columns of a layout of the product's own, in which an unknown one is a mistake. Raises Refusal."""
    names = [name.strip().lower() for name in header]
    unknown = [name for name in names if name and name not in required and name not in optional]
    if unknown and not set(required) - set(names):
        raise Refusal(f"the header has a column that isn't known here: {unknown[0]!r}; docs/data.md lists the columns")
    return in_order(names, required, optional)


def in_order(header: Sequence[str], required: Sequence[str], optional: Sequence[str] = ()) -> Fields:
    """Take a row's fields in the order required, optional, whatever the file's order; "" for an absent column. Raises
    Refusal when a required column is missing, or any is there twice."""
    width = len(header)
    for name in header:
        if name and list(header).count(name) > 1:
            raise Refusal(f"the header has the column {name} twice")
    missing = [name for name in required if name not in header]
    if missing:
        raise Refusal(f"the header lacks {', '.join(missing)}; docs/data.md lists the columns")
    pick: Fields = itemgetter(*(header.index(name) if name in header else width for name in (*required, *optional)))

    def fields_of(fields: list[str]) -> tuple[str, ...]:
        if len(fields) != width:
            if len(fields) < width or any(fields[width:]):
                raise Rejected(f"has {len(fields)} columns, the header {width}")
            del fields[width:]
        fields.append("")
        return pick(fields)

    return fields_of
