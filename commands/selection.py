"""`--select KEY=VALUE`: whom a cohort takes in, for starts and schedules alike."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping, Sequence
from decimal import Decimal
from pathlib import Path
from typing import Annotated, Any

import typer

from commands.percentages import share_of
from commands.typed import amount, day
from models.case.selection import Person, Reach, Selection
from models.contact.channel import CHANNELS
from models.contact.habits import DayPart
from models.errors import Refusal
from models.formats import fold, tax_name
from models.proof.holdout import Habit
from models.ruler.schema import Ruler
from models.states import STATES
from models.taxid import read_number

PAIRS = re.compile(r"[\s,]*\s[\s,]*|,(?=[A-Za-z_-]+=)")
"""The separator between two of them: a value may have a comma of its own."""
EXAMPLE = "min-amount=1000 uf=AL tax=ICMS"

Select = Annotated[
    list[str] | None,
    typer.Option(metavar="KEY=VALUE", help=f'Whom it takes in, for example "{EXAMPLE}"; default: everybody.'),
]


def _state(written: str) -> str:
    if written.upper() not in STATES:
        raise typer.BadParameter(f"{written!r} is no Brazilian state; write for example AL")
    return written.upper()


def _number(written: str) -> int:
    if not re.fullmatch(r"\d{1,5}", written, re.ASCII):
        raise typer.BadParameter(f"{written!r} is no number of days or times; write for example 30")
    return int(written)


def _among(*words: str) -> Callable[[str], str]:
    def read(written: str) -> str:
        if written.lower() not in words:
            raise typer.BadParameter(f"{written!r} is none of {', '.join(words)}")
        return written.lower()

    return read


def _truth(written: str) -> bool:
    return _among("yes", "no")(written) == "yes"


def _several(*words: str) -> Callable[[str], tuple[str, ...]]:
    read = _among(*words)
    return lambda written: tuple(map(read, written.split(",")))


def _municipality(written: str) -> str:
    if not (name := fold(written)):
        raise typer.BadParameter(f"{written!r} is no name; write for example Maceió or São_Miguel_dos_Campos")
    return name


def _postcodes(written: str) -> tuple[str, ...]:
    found = tuple(re.sub(r"[.-]", "", each) for each in written.split(","))
    if not all(re.fullmatch(r"\d{2,8}", each, re.ASCII) for each in found):
        raise typer.BadParameter(f"{written!r} is no beginning of a CEP; write for example 57020-000 or 570,571")
    return found


def _listed(file: str) -> tuple[str, ...]:
    """The CPF and CNPJ of a file, one a line, however punctuated."""
    try:
        lines = Path(file).read_text(encoding="utf-8-sig").splitlines()
    except (OSError, UnicodeDecodeError) as error:
        raise typer.BadParameter(f"{file} can't be read as a list of CPF and CNPJ: {error}") from None
    return tuple(sorted({_tax_id(line, f"{file} line {n}") for n, line in enumerate(lines, start=1) if line.strip()}))


def _tax_id(written: str, where: str) -> str:
    try:
        return read_number(written.strip())
    except ValueError as wrong:
        raise typer.BadParameter(f"{where} {wrong}") from None


KEYS: Mapping[str, Callable[[str], Any]] = {
    "min-amount": amount,
    "max-amount": amount,
    "uf": _state,
    "municipality": _municipality,
    "postcode": _postcodes,
    "tax": tax_name,
    "due-from": day,
    "due-until": day,
    "min-age": _number,
    "max-age": _number,
    "registered-from": day,
    "registered-until": day,
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
    "only": _listed,
    "exclude": _listed,
}
"""Key → how its value is read."""


def selection_of(ruler: Ruler, written: Sequence[str], **options: Decimal | str | None) -> Selection:
    """The selection made of `KEY=VALUE` pairs with blanks or commas between them, and of options that are keys too.
    Raises BadParameter, and Refusal where the ruler isn't for that tax."""
    asked = {key: str(value) for name, value in options.items() if value and (key := name.replace("_", "-"))}
    for pair in filter(None, PAIRS.split(" ".join(written).strip(" ,"))):
        key, _, value = pair.partition("=")
        key = key.lower().replace("_", "-")
        if key not in KEYS or not value:
            raise _bad(f'{pair!r} is no KEY=VALUE; write for example "{EXAMPLE}". Keys are {", ".join(KEYS)}')
        if key in asked:
            raise _bad(f'{key} is there twice; write for example "{EXAMPLE}"')
        asked[key] = value
    found = Selection(**{key.replace("-", "_"): _read(key, value) for key, value in asked.items()})
    if ends := found.reversed_keys:
        low, high = (each.replace("_", "-") for each in ends)
        raise _bad(f"{low} lies above {high}: nobody is between them")
    taxes = [tax_name(known) for known in ruler.taxes]
    if found.tax and taxes and found.tax not in taxes:
        raise Refusal(f"{ruler.label} is for {', '.join(taxes)}, not for {found.tax}")
    return found


def _read(key: str, value: str) -> Any:
    try:
        return KEYS[key](value)
    except (typer.BadParameter, Refusal) as wrong:
        raise _bad(f"{key}: {wrong}") from None


def _bad(selection: str) -> typer.BadParameter:
    return typer.BadParameter(selection, param_hint="--select")
