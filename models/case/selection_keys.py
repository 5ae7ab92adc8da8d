"""The keys of a selection as people write them, `min-amount=1000 uf=AL`, at a terminal or on a page."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping, Sequence
from decimal import Decimal
from typing import Any

from models.as_typed import read_amount, read_day
from models.case.selection import Person, Reach, Selection
from models.contact.channel import CHANNELS
from models.contact.habits import DayPart
from models.errors import Refusal
from models.formats import fold, tax_name
from models.percentages import share_of
from models.proof.holdout import Habit
from models.ruler.schema import Ruler
from models.states import STATES

PAIRS = re.compile(r"[\s,]*\s[\s,]*|,(?=[A-Za-z_-]+=)")
"""The separator between two of them: a value may have a comma of its own."""
EXAMPLE = "min-amount=1000 uf=AL tax=ICMS"
LISTS = ("only", "exclude")
"""The keys whose value names a list of people, wherever that is kept."""

Listed = Callable[[str], tuple[str, ...]]
"""A reader of such a list: CPF and CNPJ without punctuation. Raises Refusal."""


class WrongSelection(Refusal):
    """A selection that isn't written as one."""


def _state(written: str) -> str:
    if written.upper() not in STATES:
        raise Refusal(f"{written!r} is no Brazilian state; write for example AL")
    return written.upper()


def _number(written: str) -> int:
    if not re.fullmatch(r"\d{1,5}", written, re.ASCII):
        raise Refusal(f"{written!r} is no number of days or times; write for example 30")
    return int(written)


def _among(*words: str) -> Callable[[str], str]:
    def read(written: str) -> str:
        if written.lower() not in words:
            raise Refusal(f"{written!r} is none of {', '.join(words)}")
        return written.lower()

    return read


def _truth(written: str) -> bool:
    return _among("yes", "no")(written) == "yes"


def _several(*words: str) -> Callable[[str], tuple[str, ...]]:
    read = _among(*words)
    return lambda written: tuple(map(read, written.split(",")))


def _municipality(written: str) -> str:
    if not (name := fold(written)):
        raise Refusal(f"{written!r} is no name; write for example Maceió or São_Miguel_dos_Campos")
    return name


def _postcodes(written: str) -> tuple[str, ...]:
    found = tuple(re.sub(r"[.-]", "", each) for each in written.split(","))
    if not all(re.fullmatch(r"\d{2,8}", each, re.ASCII) for each in found):
        raise Refusal(f"{written!r} is no beginning of a CEP; write for example 57020-000 or 570,571")
    return found


KEYS: Mapping[str, Callable[[str], Any]] = {
    "min-amount": read_amount,
    "max-amount": read_amount,
    "uf": _state,
    "municipality": _municipality,
    "postcode": _postcodes,
    "tax": tax_name,
    "due-from": read_day,
    "due-until": read_day,
    "min-age": _number,
    "max-age": _number,
    "registered-from": read_day,
    "registered-until": read_day,
    "litigation": _truth,
    "protested": _truth,
    "person": _among(*Person),
    "reach": _among(*Reach),
    "benefits": _truth,
    "broken-agreements": _number,
    "habits": _several(*Habit),
    "paid-after": _several(*CHANNELS),
    "opened": _several(*CHANNELS),
    "answered": _several(*CHANNELS),
    "active": _among(*DayPart),
    "top-share": share_of,
}
"""Key → how its value is read."""


def selection_of(ruler: Ruler, written: Sequence[str], listed: Listed, **options: Decimal | str | None) -> Selection:
    """The selection made of `KEY=VALUE` pairs with blanks or commas between them, and of options that are keys too.
    Raises WrongSelection, and Refusal where the ruler isn't for that tax."""
    asked = {key: str(value) for name, value in options.items() if value and (key := name.replace("_", "-"))}
    for pair in filter(None, PAIRS.split(" ".join(written).strip(" ,"))):
        key, _, value = pair.partition("=")
        key = key.lower().replace("_", "-")
        if key not in (*KEYS, *LISTS) or not value:
            known = ", ".join((*KEYS, *LISTS))
            raise WrongSelection(f'{pair!r} is no KEY=VALUE; write for example "{EXAMPLE}". Keys are {known}')
        if key in asked:
            raise WrongSelection(f'{key} is there twice; write for example "{EXAMPLE}"')
        asked[key] = value
    readers = {**KEYS, **dict.fromkeys(LISTS, listed)}
    found = Selection(**{key.replace("-", "_"): _read(readers[key], key, value) for key, value in asked.items()})
    if ends := found.reversed_keys:
        low, high = (each.replace("_", "-") for each in ends)
        raise WrongSelection(f"{low} lies above {high}: nobody is between them")
    taxes = [tax_name(known) for known in ruler.taxes]
    if found.tax and taxes and found.tax not in taxes:
        raise Refusal(f"{ruler.label} is for {', '.join(taxes)}, not for {found.tax}")
    return found


def _read(read: Callable[[str], Any], key: str, value: str) -> Any:
    try:
        return read(value)
    except Refusal as wrong:
        raise WrongSelection(f"{key}: {wrong}") from None
