"""Lists as commands show them: a page on a terminal, all that was asked for as JSON, written as it is read."""

from __future__ import annotations

import json
import sys
from collections.abc import Callable, Iterator
from itertools import chain, islice
from typing import TYPE_CHECKING, Annotated

import typer

from commands.console import as_harmless_json, complain

if TYPE_CHECKING:
    from storage.paging import Page
    from storage.rows import RowT

PAGE = 100
"""Rows that a terminal gets at once."""

Limit = Annotated[
    int | None,
    typer.Option("--limit", min=1, help=f"Rows at most. Without it {PAGE} as a table, and all there are as JSON."),
]
After = Annotated[str | None, typer.Option("--after", help="Go on after the row with this id, the last one shown.")]


def list_rows(
    name: str,
    key: str,
    read: Callable[[Page], Iterator[RowT]],
    show: Callable[[list[RowT]], None],
    limit: int | None,
    after: str | None,
    as_json: bool,
) -> None:
    """Show one page of the rows that `read` finds, as `{name: […], "next": id}` or as what `show` makes of them.

    `key` is the column by which a row is named as the cursor. Raises Refusal when the list has no row `after`.
    """
    from storage.paging import Page

    most = limit if as_json or limit else PAGE
    rows = read(Page(limit=most + 1 if most else None, after=after))
    if as_json:
        _write(name, key, rows, most)
        return
    found = list(rows)
    show(found[:most])
    if most and len(found) > most:
        complain(f"{most} of more are shown; --after {found[most - 1][key]} shows the next")


def _write(name: str, key: str, rows: Iterator[RowT], most: int | None) -> None:
    """JSON, a row a line, without holding them all. The first is read before anything is written: it may be refused."""
    first = list(islice(rows, 1))
    last, more = None, False
    sys.stdout.write(f'{{"{name}": [')
    for n, row in enumerate(chain(first, rows)):
        if n == most:
            # the one row more that was asked for; reading on to the end closes the cursor
            more = True
            continue
        sys.stdout.write(",\n" if n else "\n")
        sys.stdout.write(as_harmless_json(row))
        last = str(row[key])
    sys.stdout.write(f'\n], "next": {json.dumps(last if more else None)}}}\n')
