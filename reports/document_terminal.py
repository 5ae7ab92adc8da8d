"""A document on a terminal."""

from __future__ import annotations

from collections.abc import Iterator

from rich.console import Console, RenderableType
from rich.markup import escape
from rich.padding import Padding
from rich.panel import Panel
from rich.rule import Rule
from rich.table import Table
from rich.text import Text

from reports.document import Block, Document, Entry, Facts, Grid, Paragraph, Picture, Verbatim


def show(document: Document, console: Console) -> None:
    console.print(Text(document.title, "bold"), Text(document.authority), Text(document.notice, "dim"), sep="\n")
    for number, section in enumerate(document.sections, start=1):
        console.print(Rule(f"{number}. {escape(section.title)}", align="left"))
        for block in section.blocks:
            console.print(*_block(block), sep="\n")


def _block(block: Block) -> Iterator[RenderableType]:
    match block:
        case Paragraph():
            yield Text(block.text)
        case Facts():
            yield _facts(block.pairs)
        case Grid():
            grid = Table(*map(escape, block.columns), show_lines=True)
            for row in block.rows:
                grid.add_row(*map(Text, row))
            yield grid
        case Entry():
            yield Text(f"{block.number}. {block.heading}", "bold")
            yield Padding(Text(block.reason), (0, 0, 0, 3))
            yield Padding(_facts(block.facts), (0, 0, 0, 3))
            for line in block.led_to:
                yield Padding(Text(f"• {line}"), (0, 0, 0, 3))
        case Verbatim():
            yield Text(block.heading, "bold")
            yield _facts(block.facts)
            yield Panel(Text(block.text.strip("\n")))
        case Picture():
            yield Text(block.description)


def _facts(pairs: tuple[tuple[str, str], ...]) -> RenderableType:
    grid = Table.grid(padding=(0, 1))
    grid.add_column(style="dim", max_width=28)
    grid.add_column(overflow="fold")
    for name, value in pairs:
        grid.add_row(Text(name), Text(value))
    return grid
