"""How commands speak: JSON or tables on stdout, progress and errors on stderr."""

import json
import sys
from collections.abc import Callable, Iterable
from typing import Annotated, Any

import typer
from rich.console import Console
from rich.table import Table

from models.errors import Refusal
from models.json_form import plain

Json = Annotated[bool, typer.Option("--json", help="Print JSON on stdout instead of a table.")]

out = Console(highlight=False)
err = Console(stderr=True, highlight=False)


def emit(data: Any, as_json: bool, readable: Callable[[], None]) -> None:
    """The result of a command: `data` as JSON, or what `readable` prints for people."""
    if as_json:
        json.dump(data, sys.stdout, default=plain, ensure_ascii=False, indent=2)
        sys.stdout.write("\n")
    else:
        readable()


def table(columns: Iterable[str], rows: Iterable[Iterable[Any]], title: str | None = None) -> None:
    grid = Table(title=title, title_justify="left")
    for column in columns:
        grid.add_column(column, overflow="fold")
    for row in rows:
        grid.add_row(*("" if cell is None else str(cell) for cell in row))
    out.print(grid)


def run(line: Callable[[], Any]) -> int:
    """The exit code of a process that is one command. 0: done; 1: refused, with one sentence on stderr; 2: wrong
    usage."""
    try:
        line()
    except SystemExit as end:
        return end.code if isinstance(end.code, int) else int(end.code is not None)
    except Refusal as refusal:
        return fail(str(refusal))
    return 0


def fail(sentence: str) -> int:
    err.print(f"error: {sentence}", style="red", markup=False, soft_wrap=True)
    return 1
