"""`--select KEY=VALUE`: whom a cohort takes in, for starts and schedules alike."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from decimal import Decimal
from pathlib import Path
from typing import Annotated

import typer

from models.case.nobody import Lack, Missed, in_words
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

NOBODY: Mapping[Lack, str] = {
    Lack.RECORD: "there is no debt and no return on record: import an extract (`taxpayers import`)",
    Lack.TAX: "nothing on record is of the tax {taxes}; those there are: {what}",
    Lack.DEBTS: "{cases} taxpayers declare tax of which there is no debt: import the extract (`taxpayers import`)",
    Lack.OPEN: "nothing of {taxes} is open: import a newer extract (`taxpayers import`)",
    Lack.KEY: "nobody meets {what}; {cases} are named without it",
    Lack.ELSEWHERE: "{cases} have an open case in {what}: wait until these end, or end that cohort",
    Lack.DUE: "{cases} owe what isn't overdue yet: start it once it is",
    Lack.RETURNS: "of {cases} there is no return of the periods they owe for, and {ruler} goes by returns: import them"
    " (`filings import`)",
    Lack.AMOUNT: "{cases} owe less than the least that {ruler} asks for, {least}",
    Lack.EVIDENCE: "{cases} have nothing open of the kinds that {ruler} takes: see its `entry`",
}
"""The reasons for which nobody is taken in, and what to do."""


def nobody_in_words(missed: Sequence[Missed], ruler: Ruler, selection: Selection) -> str:
    taxes = selection.tax or " or ".join(ruler.taxes) or "any tax"
    return in_words(missed, NOBODY, ruler, taxes, {key: f"{key}={value}" for key, value in selection.told.items()})


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
    except OSError as error:
        raise Refusal(f"{file}, a list of CPF and CNPJ, can't be read: {error.strerror}") from None
    except UnicodeDecodeError:
        raise Refusal(f"{file}, a list of CPF and CNPJ, is no text in UTF-8: save it as that") from None
    return tuple(sorted({_tax_id(line, f"{file} line {n}") for n, line in enumerate(lines, start=1) if line.strip()}))


def _tax_id(written: str, where: str) -> str:
    try:
        return read_number(written.strip())
    except ValueError as wrong:
        raise Refusal(f"{where} {wrong}") from None
