"""A letter as a PDF of A4 pages, folded for a window envelope: addressee and code of the receipt above, then the words.
The same bytes from the same letter."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from io import BytesIO
from typing import Any
from xml.sax.saxutils import escape

from reportlab.graphics.barcode.code128 import Code128
from reportlab.lib.pagesizes import A4
from reportlab.lib.styles import ParagraphStyle
from reportlab.lib.units import mm
from reportlab.platypus import BaseDocTemplate, Frame, PageTemplate

from channels.tagged_pdf import TaggedCanvas, TaggedText
from models.contact.postal_address import postal_address
from models.typeface import BOLD, FONT

MARGIN, FOOT = 22 * mm, 18 * mm
WIDTH = A4[0] - 2 * MARGIN
WINDOW = 55 * mm
"""From the top of the first page to the first line of the addressee; DL and C5 envelopes show what is below."""
TEXT = 92 * mm
"""From the top of the first page to its text, below the first fold."""


def _style(size: float, role: str = "P", **more: Any) -> ParagraphStyle:
    given = {"fontName": FONT, "fontSize": size, "leading": size * 1.4, "spaceAfter": size * 0.7, "splitLongWords": 1}
    return ParagraphStyle(f"{size}{role}{sorted(more)}", role=role, **{**given, **more})


SUBJECT, BODY = _style(11, "H1", fontName=BOLD, spaceAfter=10), _style(9.5)
ADDRESSEE, SENDER = _style(10, spaceAfter=0), _style(9, fontName=BOLD, spaceAfter=0)


@dataclass(frozen=True)
class LetterPages:
    """The words of a letter, and where it goes."""

    authority: str
    addressee: str
    address: str
    subject: str
    body: str
    code: str | None = None
    """Its return receipt's (models/contact/receipt_code.py); none: it isn't posted, as in a rehearsal."""


def letter_pdf(letter: LetterPages) -> bytes:
    """The letter as a PDF."""
    out = BytesIO()
    _Paper(out, letter).build(list(_story(letter)), canvasmaker=TaggedCanvas)
    return out.getvalue()


class _Paper(BaseDocTemplate):  # type: ignore[misc]
    def __init__(self, out: BytesIO, letter: LetterPages) -> None:
        super().__init__(
            out,
            pagesize=A4,
            title=letter.subject,
            author=letter.authority,
            creator="Régua",
            lang="pt-BR",
            invariant=1,
            displayDocTitle=1,
        )
        first = Frame(MARGIN, FOOT, WIDTH, A4[1] - TEXT - FOOT, 0, 0, 0, 0)
        rest = Frame(MARGIN, FOOT, WIDTH, A4[1] - MARGIN - FOOT, 0, 0, 0, 0)
        self.addPageTemplates(
            [
                PageTemplate("first", [first], onPage=self._head, onPageEnd=self._foot, autoNextPageTemplate="rest"),
                PageTemplate("rest", [rest], onPageEnd=self._foot),
            ]
        )
        self._letter = letter

    def _head(self, canvas: TaggedCanvas, _: BaseDocTemplate) -> None:
        letter = self._letter
        top = A4[1] - MARGIN
        _block(canvas, [letter.authority], SENDER, top)
        _block(canvas, [letter.addressee, *_lines_of(letter.address)], ADDRESSEE, A4[1] - WINDOW)
        if letter.code:
            with canvas.artifact():
                bars = Code128(letter.code, barWidth=0.32 * mm, barHeight=12 * mm, quiet=0)
                bars.drawOn(canvas, A4[0] - MARGIN - bars.width, top - 12 * mm)
            with canvas.marked("P"):
                canvas.setFont(FONT, 9)
                canvas.drawRightString(A4[0] - MARGIN, top - 16 * mm, letter.code)

    def _foot(self, canvas: TaggedCanvas, _: BaseDocTemplate) -> None:
        with canvas.artifact():
            canvas.setFont(FONT, 7)
            canvas.drawString(MARGIN, FOOT - 6 * mm, self._letter.code or "sem valor postal: ensaio")
            canvas.drawRightString(A4[0] - MARGIN, FOOT - 6 * mm, f"página {self.page}")


def _lines_of(address: str) -> tuple[str, ...]:
    """The lines of an address; of one that is none, as a rehearsal may have, what is there."""
    try:
        return postal_address(address).lines
    except ValueError:
        return (address,) if address else ()


def _block(canvas: TaggedCanvas, lines: list[str], style: ParagraphStyle, top: float) -> None:
    """Draw a block of lines from `top` down, no wider than an envelope's window."""
    block = TaggedText("<br/>".join(map(_plain, lines)), style)
    _, height = block.wrapOn(canvas, 95 * mm, A4[1])
    block.drawOn(canvas, MARGIN, top - height)


def _story(letter: LetterPages) -> Iterator[TaggedText]:
    yield TaggedText(_plain(letter.subject), SUBJECT)
    for paragraph in letter.body.strip().split("\n\n"):
        yield TaggedText("<br/>".join(map(_plain, paragraph.splitlines())), BODY)


def _plain(words: str) -> str:
    """The text as the markup of paragraphs has it, without the control characters that XML can't hold."""
    return escape("".join(c if c.isprintable() else " " for c in words))
