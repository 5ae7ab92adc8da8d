"""How commands speak: JSON or tables on stdout, progress and errors on stderr; in English, at the reader's own hour."""

from __future__ import annotations

import json
import re
import sys
from collections.abc import Callable, Iterable, Iterator, Sequence
from datetime import datetime
from decimal import Decimal
from functools import cache
from typing import TYPE_CHECKING, Annotated, Any

import typer

from models.errors import Refusal
from models.json_form import plain

if TYPE_CHECKING:
    from rich.console import Console

    out: Console
    err: Console

Json = Annotated[bool, typer.Option("--json", help="Print JSON on stdout instead of a table.")]


def __getattr__(name: str) -> Any:
    """`out` and `err`, made when they are first asked for: drawing takes longer to load than many a command to run."""
    if name not in ("out", "err"):
        raise AttributeError(name)
    return _console(name == "err")


@cache
def _console(stderr: bool) -> Console:
    from rich.console import Console
    from rich.segment import Segment

    class Harmless(Console):
        """Draws what rich means by a style, and nothing that a text means by a control character."""

        def render(self, *what: Any, **how: Any) -> Iterator[Segment]:
            for segment in super().render(*what, **how):
                yield segment if segment.control else segment._replace(text=harmless(segment.text))

    return Harmless(stderr=stderr, highlight=False)


def say(sentence: str) -> None:
    """One line on stdout, however long."""
    print(harmless(sentence))


def complain(sentence: str) -> None:
    """One line on stderr, for what isn't the result."""
    print(harmless(sentence), file=sys.stderr)


def draw(what: Any) -> None:
    """Something of rich's on stdout."""
    _console(False).print(what)


def emit(data: Any, as_json: bool, readable: Callable[[], None]) -> None:
    """The result of a command: `data` as JSON, or what `readable` prints for people."""
    if as_json:
        sys.stdout.write(as_harmless_json(data, indent=2) + "\n")
    else:
        readable()


def as_harmless_json(data: Any, indent: int | None = None) -> str:
    """JSON that says all that the data holds, and that a terminal may show."""
    return json.dumps(data, default=plain, ensure_ascii=False, indent=indent).translate(ESCAPED)


# ---- what a terminal obeys

CONTROLS = {
    *range(0x20),
    *range(0x7F, 0xA0),
    *(0x061C, 0x200E, 0x200F, 0x2028, 0x2029),
    *range(0x202A, 0x202F),
    *range(0x2066, 0x206A),
    *range(0xD800, 0xE000),
} - {ord("\n"), ord("\t")}
"""Control characters (C0, C1), those that turn the direction of writing, and what is no character. Whatever is shown
may have been typed by somebody else."""
SHOWN = dict.fromkeys(CONTROLS, "\N{REPLACEMENT CHARACTER}")
ESCAPED = {code: f"\\u{code:04x}" for code in CONTROLS}


def harmless(text: str) -> str:
    """A text without what the terminal of its reader would obey."""
    return text.translate(SHOWN)


# ---- tables

BORDERS = 3
"""The width a column takes besides its content; the table takes one more."""


def table(columns: Iterable[str], rows: Iterable[Iterable[Any]], title: str | None = None) -> None:
    """Rows for people. No id, date or amount is broken over two lines: what is too wide for the terminal is listed row
    by row instead."""
    head, values = [column.replace("_", " ") for column in columns], [list(row) for row in rows]
    cells = [[shown(value) for value in row] for row in values]
    room = _console(False).width - BORDERS * len(head) - 1
    least = [max(map(_unbroken, column)) for column in zip(head, *values, strict=True)]
    if sum(least) > room:
        _list(head, cells, title)
        return
    from rich.table import Table
    from rich.text import Text

    most = [max(map(len, column)) for column in zip(head, *cells, strict=True)]
    grid = Table(title=title, title_justify="left")
    for column, width in zip(head, _widths(least, most, room), strict=True):
        grid.add_column(column, width=width)
    for row in cells:
        grid.add_row(*map(Text, row))
    _console(False).print(grid)


def shown(value: Any) -> str:
    """A value as people read it: instants at local time to the second, dates in ISO form, money as R$ 1.234,56."""
    if value is None:
        return ""
    if isinstance(value, bool):
        return "yes" if value else "no"
    if isinstance(value, datetime):
        return f"{value.astimezone():%Y-%m-%d %H:%M:%S}"
    if isinstance(value, Decimal):
        from models.formats import money

        return money(value)
    if isinstance(value, list | tuple):
        return ", ".join(map(shown, value))
    return str(value)


def _unbroken(value: Any) -> int:
    """How wide a cell must be: only sentences may be broken, between their words."""
    return max(map(len, value.split()), default=0) if isinstance(value, str) else len(shown(value))


def _widths(least: Sequence[int], most: Sequence[int], room: int) -> list[int]:
    """Each column gets what its longest word takes; what is left goes to those that want more, modest ones first."""
    widths, left = list(least), room - sum(least)
    wanting = sorted(range(len(widths)), key=lambda column: most[column] - least[column])
    for served, column in enumerate(wanting):
        more = min(most[column] - least[column], left // (len(wanting) - served))
        widths[column] += more
        left -= more
    return widths


def _list(head: Sequence[str], rows: Sequence[Sequence[str]], title: str | None) -> None:
    if title:
        say(title)
    indent = max(map(len, head))
    for row in rows:
        say("")
        for name, cell in zip(head, row, strict=True):
            if cell:
                say(f"{name:>{indent}}  {cell}")


# ---- the end of a command

SOME_NEED_PEOPLE = 3
"""The exit code of what was done, but for lines that people have to look at."""


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


ENDLESS = re.compile(r"(\S{60})\S{940,}")
"""A word that is longer than any path."""


def fail(sentence: str) -> int:
    """An error on stderr; of a word without an end it tells the beginning. The exit code."""
    told = ENDLESS.sub(r"\1…", sentence)
    _console(True).print(f"error: {told}", style="red", markup=False, soft_wrap=True)
    return 1


def unreachable(error: Exception) -> str | None:
    """One sentence for people when it was the database, Temporal or a file that didn't answer; None for any other
    error."""
    kind = type(error)
    if isinstance(error, OSError) and error.filename is not None:
        return f"{error.filename}: {error.strerror}"
    if kind.__module__ == "sqlalchemy.exc" and kind.__name__ == "OperationalError":
        return "the database does not answer; see `python starter.py stack status`"
    if kind.__module__ == "temporalio.service" and kind.__name__ == "RPCError":
        status = getattr(error, "status", None)
        return f"Temporal answered {getattr(status, 'name', 'nothing')}; see `python starter.py stack status`"
    return None
