"""Days, amounts and the domain's words as people type them, read everywhere alike, in English or Portuguese."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Callable, Mapping
from datetime import date
from decimal import Decimal
from difflib import get_close_matches
from typing import Annotated, Any, TypeVar

import typer

from models.as_typed import read_amount, read_day
from models.errors import Refusal
from models.percentages import share_of

Read = TypeVar("Read")

# an option's default passes through its parser too, as the value that it is


def day(written: str | date) -> date:
    """A day, as `read_day` reads it. Raises BadParameter."""
    return _told(read_day, str(written))


def amount(written: str | Decimal) -> Decimal:
    """Reais, as `read_amount` reads them. Raises BadParameter."""
    return _told(read_amount, str(written))


def some_amount(written: str) -> Decimal:
    """An amount of more than zero. Raises BadParameter."""
    if not (read := amount(written)):
        raise typer.BadParameter("must be more than zero")
    return read


def share(written: str) -> Decimal:
    """A share between 0 and 1, as in `6%`. Raises BadParameter."""
    return _told(share_of, written)


def _told(read: Callable[[str], Read], written: str) -> Read:
    try:
        return read(written)
    except Refusal as refused:
        raise typer.BadParameter(str(refused)) from None


Day = Annotated[date | None, typer.Option("--on", parser=day, metavar="DATE", help="The day; default: today.")]


def one_of(portuguese: Mapping[str, tuple[str, ...]], made: Callable[[str], Any] = str, *, help: str) -> Any:
    """An option for one of the words that `portuguese` has, typed in either language; `made` is what it becomes."""
    read = word(portuguese)
    return typer.Option(parser=lambda written: made(read(written)), metavar="|".join(portuguese), help=help)


def word(portuguese: Mapping[str, tuple[str, ...]]) -> Callable[[str], str]:
    """A parser for the words that `portuguese` has by their English names; case, accents, blanks, hyphens and
    underscores don't matter. It raises BadParameter with what is nearest to anything else, or with all there are."""
    names = {_folded(name): known for known, others in portuguese.items() for name in (known, *others)}

    def read(written: str) -> str:
        if known := names.get(_folded(written)):
            return known
        near = dict.fromkeys(names[match] for match in get_close_matches(_folded(written), names, cutoff=0.7))
        offered = ", ".join(" or ".join((known, *portuguese[known][:1])) for known in near or portuguese)
        raise typer.BadParameter(f"{written!r} is not known here; {'did you mean' if near else 'there are'} {offered}")

    return read


def _folded(word: str) -> str:
    plain = unicodedata.normalize("NFKD", word).encode("ascii", "ignore").decode()
    return " ".join(re.sub(r"[-_\s]+", " ", plain).lower().split())
