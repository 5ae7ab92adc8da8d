"""Days, amounts and the domain's words as people type them, read everywhere alike, in English or Portuguese."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Callable, Mapping
from datetime import date
from decimal import Decimal
from difflib import get_close_matches
from typing import Annotated, Any

import typer

from commands.percentages import share_of
from models.errors import Refusal

EARLIEST, LATEST = 1900, 2200
LARGEST = Decimal(10**12)
"""One trillion reais and more is a typing error."""

ISO = re.compile(r"(?P<year>\d{4})-(?P<month>\d\d)-(?P<day>\d\d)", re.ASCII)
BRAZILIAN = re.compile(r"(?P<day>\d{1,2})/(?P<month>\d{1,2})/(?P<year>\d{4})", re.ASCII)
POINT = re.compile(r"\d+(?:\.\d{1,2})?", re.ASCII)
COMMA = re.compile(r"(?:\d+|\d{1,3}(?:\.\d{3})+),\d{1,2}|\d{1,3}(?:\.\d{3}){2,}", re.ASCII)


# an option's default passes through its parser too, as the value that it is


def day(written: str | date) -> date:
    """`23/11/2026` or `2026-11-23`. Raises BadParameter, also outside 1900–2200."""
    text = str(written).strip()
    found = ISO.fullmatch(text) or BRAZILIAN.fullmatch(text)
    if found is None:
        raise typer.BadParameter(f"{written!r} is not a date; write 23/11/2026 or 2026-11-23")
    year, month, of_month = int(found["year"]), int(found["month"]), int(found["day"])
    if not EARLIEST <= year <= LATEST:
        raise typer.BadParameter(f"{text!r} is outside the years {EARLIEST} to {LATEST}")
    try:
        return date(year, month, of_month)
    except ValueError:
        raise typer.BadParameter(f"{text!r} is a day that doesn't exist") from None


def amount(written: str | Decimal) -> Decimal:
    """Reais to the cent, zero or more: `1000`, `1000.00`, `1000,00` or `1.000,00`. Raises BadParameter."""
    text = str(written).strip()
    if COMMA.fullmatch(text):
        text = text.replace(".", "").replace(",", ".")
    elif not POINT.fullmatch(text):
        raise typer.BadParameter(f"{written!r} is not an amount; write 1000.00 or 1.000,00")
    if (read := Decimal(text)) >= LARGEST:
        raise typer.BadParameter(f"{written!r} is one trillion or more")
    return read.quantize(Decimal("0.01"))


def some_amount(written: str) -> Decimal:
    """An amount of more than zero. Raises BadParameter."""
    if not (read := amount(written)):
        raise typer.BadParameter("must be more than zero")
    return read


def share(written: str) -> Decimal:
    """A share between 0 and 1, as in `6%`. Raises BadParameter."""
    try:
        return share_of(written)
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
