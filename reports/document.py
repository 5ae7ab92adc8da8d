"""A document as plain values: sections of blocks. HTML, PDF and terminal only set what was decided before."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import asdict, dataclass, fields, is_dataclass, replace
from typing import Any, TypeVar

from reports.drawing import Drawing


@dataclass(frozen=True)
class Paragraph:
    text: str


@dataclass(frozen=True)
class Facts:
    """Names and values."""

    pairs: tuple[tuple[str, str], ...]


@dataclass(frozen=True)
class Grid:
    columns: tuple[str, ...]
    rows: tuple[tuple[str, ...], ...]


@dataclass(frozen=True)
class Entry:
    """One item of a chronology: what was decided, on what, by which rule, and what it led to."""

    number: int
    kind: str
    """The journal's own word, for machines."""
    on: str
    """ISO day of the case."""
    heading: str
    reason: str
    facts: tuple[tuple[str, str], ...]
    led_to: tuple[str, ...]


@dataclass(frozen=True)
class Verbatim:
    """Words as they were written or sent, line for line."""

    heading: str
    facts: tuple[tuple[str, str], ...]
    text: str


@dataclass(frozen=True)
class Picture:
    drawing: Drawing
    description: str


Block = Paragraph | Facts | Grid | Entry | Verbatim | Picture


@dataclass(frozen=True)
class Section:
    key: str
    """In English, for machines; unique in its document."""
    title: str
    blocks: tuple[Block, ...]


@dataclass(frozen=True)
class Document:
    case: str
    title: str
    authority: str
    notice: str
    """How confidential it is, or how binding."""
    foot: str
    """At the foot of each page on paper."""
    sections: tuple[Section, ...]


T = TypeVar("T")


def rewritten(part: T, rewrite: Callable[[str], str]) -> T:
    """The block with every text in it rewritten, however deep."""
    made: Any = part
    if isinstance(part, str):
        made = rewrite(part)
    elif isinstance(part, tuple):
        made = tuple(rewritten(item, rewrite) for item in part)
    elif is_dataclass(part) and not isinstance(part, type):
        made = replace(part, **{field.name: rewritten(getattr(part, field.name), rewrite) for field in fields(part)})
    return made  # type: ignore[no-any-return]


def as_data(document: Document) -> dict[str, object]:
    """The document as JSON has it: each block with its kind, a picture by its description alone."""
    return {
        "case": document.case,
        "title": document.title,
        "authority": document.authority,
        "notice": document.notice,
        "sections": [
            {"key": section.key, "title": section.title, "blocks": [_block(block) for block in section.blocks]}
            for section in document.sections
        ],
    }


def _block(block: Block) -> dict[str, object]:
    if isinstance(block, Picture):
        return {"block": "picture", "description": block.description}
    return {"block": type(block).__name__.lower(), **asdict(block)}
