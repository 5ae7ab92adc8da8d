"""The HTML of an e-mail, made from its plain text: the same words, so that neither says what the other doesn't."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from itertools import groupby

from channels.rendering import Message, Words
from models.assets import MAIL

URL = re.compile(r"https?://[^\s<>\"]*[^\s<>\".,;:!?)]")
ITEM = "- "

CONTENT = "email/content.html.j2"


@dataclass(frozen=True)
class Letterhead:
    """Whose mail it is, and the only addresses that become links in it: a taxpayer's name may look like another."""

    authority: str
    site: str
    pay_pages: str | None
    """The beginning of links to what is owed (`Links.pay_pages`); the mail's own gets a button."""


@dataclass(frozen=True)
class Piece:
    text: str
    is_link: bool = False


@dataclass(frozen=True)
class Block:
    """A paragraph or a list, line by line."""

    is_list: bool
    lines: tuple[tuple[Piece, ...], ...]
    button: str | None
    """Where its button leads."""


def mail_html(message: Message, head: Letterhead, words: Words) -> str:
    """An e-mail as HTML. It needs no image, no font and no style sheet, and is as wide as the screen up to 600
    pixels."""
    return _made(MAIL, message, head, words)


def mail_content(message: Message, head: Letterhead, words: Words) -> str:
    """The visible content of a mail, to be part of another page."""
    return _made(CONTENT, message, head, words)


def _made(template: str, message: Message, head: Letterhead, words: Words) -> str:
    blocks = [block for text in message.body.strip().split("\n\n") for block in _blocks(text, head)]
    return words.get_template(template).render(subject=message.subject, head=head, blocks=blocks)


def _blocks(text: str, head: Letterhead) -> Iterator[Block]:
    for is_list, group in groupby(_whole_lines(text), key=lambda line: line.startswith(ITEM)):
        lines = tuple(tuple(_pieces(line.removeprefix(ITEM), head)) for line in group)
        pay = [
            p.text for line in lines for p in line if p.is_link and head.pay_pages and p.text.startswith(head.pay_pages)
        ]
        yield Block(is_list, lines, pay[0] if pay else None)


def _whole_lines(text: str) -> Iterator[str]:
    """Join each indented line to the item before it."""
    lines: list[str] = []
    for line in text.split("\n"):
        if line.startswith("  ") and lines:
            lines[-1] += f"\n{line.strip()}"
        else:
            lines.append(line)
    yield from lines


def _pieces(line: str, head: Letterhead) -> Iterator[Piece]:
    end = 0
    for found in URL.finditer(line):
        if _is_ours(found[0], head):
            yield Piece(line[end : found.start()])
            yield Piece(found[0], is_link=True)
            end = found.end()
    yield Piece(line[end:])


def _is_ours(url: str, head: Letterhead) -> bool:
    return url == head.site or bool(head.pay_pages and url.startswith(head.pay_pages))
