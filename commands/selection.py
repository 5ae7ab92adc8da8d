"""`--select KEY=VALUE`: whom a cohort takes in, for starts and schedules alike."""

from __future__ import annotations

from collections.abc import Sequence
from decimal import Decimal
from pathlib import Path
from typing import Annotated

import typer

from models.case.selection import Selection
from models.case.selection_keys import EXAMPLE, WrongSelection
from models.case.selection_keys import selection_of as read_selection
from models.errors import Refusal
from models.ruler.schema import Ruler
from models.taxid import read_number

Select = Annotated[
    list[str] | None,
    typer.Option(metavar="KEY=VALUE", help=f'Whom it takes in, for example "{EXAMPLE}"; default: everybody.'),
]


def selection_of(ruler: Ruler, written: Sequence[str], **options: Decimal | str | None) -> Selection:
    """The selection made of `KEY=VALUE` pairs, whose lists are files, and of options that are keys too. Raises
    BadParameter, and Refusal where the ruler isn't for that tax."""
    try:
        return read_selection(ruler, written, _listed, **options)
    except WrongSelection as wrong:
        raise typer.BadParameter(str(wrong), param_hint="--select") from None


def _listed(file: str) -> tuple[str, ...]:
    """The CPF and CNPJ of a file, one a line, however punctuated."""
    try:
        lines = Path(file).read_text(encoding="utf-8-sig").splitlines()
    except (OSError, UnicodeDecodeError) as error:
        raise Refusal(f"{file} can't be read as a list of CPF and CNPJ: {error}") from None
    return tuple(sorted({_tax_id(line, f"{file} line {n}") for n, line in enumerate(lines, start=1) if line.strip()}))


def _tax_id(written: str, where: str) -> str:
    try:
        return read_number(written.strip())
    except ValueError as wrong:
        raise Refusal(f"{where} {wrong}") from None
