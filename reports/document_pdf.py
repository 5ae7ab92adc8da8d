"""A document as a PDF for a court's files: A4, numbered pages, an outline, and tags for who doesn't see it; the same
bytes from the same document."""

from __future__ import annotations

import math
import re
from collections.abc import Iterator
from io import BytesIO
from typing import Any
from xml.sax.saxutils import escape

from reportlab.lib.colors import HexColor
from reportlab.lib.pagesizes import A4
from reportlab.lib.styles import ParagraphStyle
from reportlab.lib.units import mm
from reportlab.pdfbase.pdfmetrics import stringWidth
from reportlab.platypus import (
    BaseDocTemplate,
    CondPageBreak,
    Flowable,
    Frame,
    KeepTogether,
    LongTable,
    PageBreak,
    PageTemplate,
)
from reportlab.platypus import Paragraph as Text

from channels.tagged_pdf import TaggedCanvas, TaggedRows, TaggedText
from models.typeface import BOLD, FONT
from reports.document import Block, Document, Entry, Facts, Grid, Paragraph, Picture, Section, Verbatim
from reports.drawing import HEAD, Box, Line, Words
from reports.heatmap import DARK, MUTED

ACCENT, RULE, PAPER = HexColor("#8f1420"), HexColor("#cfc8c9"), HexColor("#faf7f6")
MARGIN, FOOT = 16 * mm, 20 * mm
WIDTH = A4[0] - 2 * MARGIN
BEFORE = {"start": 0, "middle": 0.5, "end": 1}
"""How much of some words stands before their place."""
PADDING = 3
"""The padding of a table's cell."""
ANNEX = "texts"
"""The section that begins on a page of its own."""


def _style(size: float, **more: Any) -> ParagraphStyle:
    given = {"fontName": FONT, "fontSize": size, "leading": size * 1.38, "textColor": HexColor(DARK), "spaceAfter": 3}
    return ParagraphStyle(f"{size}{sorted(more)}", **{**given, "splitLongWords": 1, **more})


BODY = _style(9)
SMALL = _style(7.5)
CELL = _style(6.6, spaceAfter=0)
QUIET = _style(8, textColor=HexColor(MUTED))
TITLE = _style(15, role="H1", fontName=BOLD)
HEADING = _style(11.5, role="H2", fontName=BOLD, textColor=ACCENT, spaceBefore=10, spaceAfter=5)
ITEM = _style(9, role="H3", fontName=BOLD, spaceBefore=6, keepWithNext=1)
INSET = _style(7.5, leftIndent=10)
QUOTE = _style(
    7.2,
    backColor=PAPER,
    borderColor=RULE,
    borderWidth=0.5,
    borderPadding=5,
    leftIndent=6,
    rightIndent=6,
    spaceBefore=9,
    spaceAfter=10,
)
FRAMED = _style(8, borderColor=ACCENT, borderWidth=0.75, borderPadding=5, spaceBefore=6, spaceAfter=8)


def pdf(document: Document) -> bytes:
    """The PDF's bytes."""
    out = BytesIO()
    _Paper(out, document).build(list(_story(document)), canvasmaker=TaggedCanvas)
    return out.getvalue()


class _Paper(BaseDocTemplate):  # type: ignore[misc]
    """The pages' foot, and the outline."""

    def __init__(self, out: BytesIO, document: Document) -> None:
        super().__init__(
            out,
            pagesize=A4,
            title=document.title,
            author=document.authority,
            subject="Por que este contribuinte está aqui",
            creator="Régua",
            lang="pt-BR",
            invariant=1,
            displayDocTitle=1,
        )
        frame = Frame(MARGIN, FOOT, WIDTH, A4[1] - MARGIN - FOOT, 0, 0, 0, 0)
        self.addPageTemplates(PageTemplate(frames=[frame]))
        self._foot_note = document.foot

    def beforeDocument(self) -> None:
        self.canv.foot = self._foot

    def _foot(self, canvas: TaggedCanvas, page: int, pages: int) -> None:
        canvas.saveState()
        canvas.setFont(FONT, 6.8)
        canvas.setFillColor(HexColor(MUTED))
        canvas.setStrokeColor(RULE)
        canvas.line(MARGIN, FOOT - 8, A4[0] - MARGIN, FOOT - 8)
        canvas.drawString(MARGIN, FOOT - 18, self._foot_note)
        canvas.drawRightString(A4[0] - MARGIN, FOOT - 18, f"página {page} de {pages}")
        canvas.restoreState()

    def afterFlowable(self, flowable: Flowable) -> None:
        if key := getattr(flowable, "bookmark", None):
            self.canv.bookmarkPage(key)
            self.canv.addOutlineEntry(flowable.getPlainText(), key, level=flowable.depth)


def _story(document: Document) -> Iterator[Flowable]:
    yield _text(document.authority, QUIET)
    yield _text(document.title, TITLE)
    yield _text(document.notice, FRAMED)
    for number, section in enumerate(document.sections, start=1):
        yield PageBreak() if section.key == ANNEX else CondPageBreak(30 * mm)
        yield _marked(_text(f"{number}. {section.title}", HEADING), section.key, 0)
        yield from _blocks(section)


def _blocks(section: Section) -> Iterator[Flowable]:
    for n, block in enumerate(section.blocks):
        yield from _block(block, f"{section.key}-{n}")


def _block(block: Block, key: str) -> Iterator[Flowable]:
    match block:
        case Paragraph():
            yield _text(block.text, BODY)
        case Facts():
            yield from _facts(block.pairs, BODY)
        case Grid():
            yield _grid(block)
        case Entry():
            yield CondPageBreak(25 * mm)
            yield _marked(_text(f"{block.number}. {block.heading}", ITEM), key, 1)
            yield _text(block.reason, BODY)
            yield from _facts(block.facts, INSET)
            for line in block.led_to:
                yield _text(f"• {line}", INSET)
        case Verbatim():
            yield CondPageBreak(30 * mm)
            yield _marked(_text(block.heading, ITEM), key, 1)
            yield from _facts(block.facts, SMALL)
            yield TaggedText(_lines(block.text), QUOTE)
        case Picture():
            yield KeepTogether([_Drawn(block), _text(block.description, QUIET)])


def _facts(pairs: tuple[tuple[str, str], ...], style: ParagraphStyle) -> Iterator[Flowable]:
    for name, value in pairs:
        yield TaggedText(f"<b>{_plain(name)}:</b> {_plain(value)}", style)


def _grid(grid: Grid) -> Flowable:
    widths = _widths(grid)
    heading = [Text(f"<b>{_plain(column)}</b>", CELL) for column in grid.columns]
    rows = [[_cell(cell, width) for cell, width in zip(row, widths, strict=True)] for row in grid.rows]
    look = [
        ("FONT", (0, 1), (-1, -1), CELL.fontName, CELL.fontSize, CELL.leading),
        ("TEXTCOLOR", (0, 1), (-1, -1), CELL.textColor),
        ("VALIGN", (0, 0), (-1, -1), "TOP"),
        ("LINEBELOW", (0, 0), (-1, -1), 0.4, RULE),
        ("BACKGROUND", (0, 0), (-1, 0), PAPER),
        *((f"{side}PADDING", (0, 0), (-1, -1), PADDING) for side in ("LEFT", "RIGHT", "TOP", "BOTTOM")),
    ]
    return LongTable(
        [heading, *rows],
        widths,
        style=look,
        repeatRows=1,
        splitInRow=1,
        spaceBefore=4,
        spaceAfter=8,
        renderCB=TaggedRows(),
    )


def _cell(words: str, width: float) -> str | Text:
    """The words as they are where they fit on one line, since a table sets those ten times as fast as a paragraph."""
    line = " ".join(_printable(words).split())
    fits = float(stringWidth(line, FONT, CELL.fontSize)) + 2 * PADDING <= width
    return line if fits else Text(escape(line), CELL)


def _widths(grid: Grid) -> list[float]:
    """The widths of a table's columns: as wide as their words; where the page is too narrow, no narrower than the
    longest one, and more room goes to columns with more to say."""
    columns = list(zip(grid.columns, *grid.rows, strict=True))
    whole = [max(_width(cell) for cell in column) for column in columns]
    if sum(whole) <= WIDTH:
        return [width * WIDTH / sum(whole) for width in whole]
    least = [max(_width(word) for cell in column for word in UNBROKEN.findall(cell) or [""]) for column in columns]
    if sum(least) >= WIDTH:
        return [width * WIDTH / sum(least) for width in least]
    shares = [math.sqrt(want - low) for want, low in zip(whole, least, strict=True)]
    spare = WIDTH - sum(least)
    return [low + spare * share / sum(shares) for low, share in zip(least, shares, strict=True)]


UNBROKEN = re.compile(r"R\$ \S+|\S+")


def _width(words: str) -> float:
    return float(stringWidth(words, BOLD, CELL.fontSize)) + 2 * PADDING + 1


class _Drawn(Flowable):  # type: ignore[misc]
    """A picture scaled to the page's width; its y grows downwards, the PDF's upwards."""

    def __init__(self, picture: Picture) -> None:
        super().__init__()
        drawing = picture.drawing
        self.drawing, self.description = drawing, picture.description
        self.scale = min(1.0, WIDTH / drawing.width, (A4[1] - MARGIN - FOOT - 20 * mm) / drawing.height)
        self.width, self.height = drawing.width * self.scale, drawing.height * self.scale

    def drawOn(self, canvas: TaggedCanvas, x: float, y: float, _sW: float = 0) -> None:
        with canvas.marked("Figure", self.description):
            super().drawOn(canvas, x, y, _sW)

    def draw(self) -> None:
        canvas = self.canv
        canvas.translate(0, self.height)
        canvas.scale(self.scale, self.scale)
        for shape in self.drawing.shapes:
            match shape:
                case Box():
                    canvas.setFillColor(HexColor(shape.fill))
                    canvas.setStrokeColor(HexColor(shape.stroke))
                    canvas.setLineWidth(shape.thick)
                    canvas.roundRect(shape.x, -shape.y - shape.height, shape.width, shape.height, 3, fill=1)
                case Line():
                    self._arrow(shape)
                case Words():
                    canvas.setFillColor(HexColor(shape.fill))
                    canvas.setFont(BOLD if shape.bold else FONT, shape.size)
                    width = stringWidth(shape.text, BOLD if shape.bold else FONT, shape.size)
                    canvas.drawString(shape.x - width * BEFORE[shape.anchor], -shape.y, shape.text)

    def _arrow(self, line: Line) -> None:
        canvas, (x1, y1), (x2, y2) = self.canv, line.start, line.end
        canvas.setStrokeColor(HexColor(line.stroke))
        canvas.setFillColor(HexColor(line.stroke))
        canvas.setLineWidth(1.2)
        canvas.line(x1, -y1, x2, -y2)
        canvas.saveState()
        canvas.translate(x2, -y2)
        canvas.rotate(-math.degrees(math.atan2(y2 - y1, x2 - x1)))
        head = canvas.beginPath()
        head.moveTo(0, 0)
        head.lineTo(-HEAD, HEAD / 2)
        head.lineTo(-HEAD, -HEAD / 2)
        head.close()
        canvas.drawPath(head, fill=1, stroke=0)
        canvas.restoreState()


def _marked(heading: Any, key: str, depth: int) -> Flowable:
    heading.bookmark, heading.depth = key, depth
    return heading


def _text(words: str, style: ParagraphStyle) -> Any:
    return TaggedText(_plain(words), style)


def _lines(text: str) -> str:
    """Verbatim text line for line, each as far in as it was written."""
    kept = []
    for line in text.splitlines():
        words = line.lstrip(" ")
        kept.append("\u00a0" * (len(line) - len(words)) + _plain(words))
    return "<br/>".join(kept)


def _plain(words: str) -> str:
    """The text as the markup of paragraphs has it, without the control characters that XML can't hold."""
    return escape(_printable(words))


def _printable(words: str) -> str:
    return words if words.isprintable() else "".join(c if c.isprintable() else " " for c in words)
