"""A tagged PDF by reportlab's canvas: what is a heading, a paragraph, a table or a picture is said in the file itself
(ISO 32000-1, 14.8), in reading order, so that a screen reader can tell it.

A flowable is drawn inside `marked`, with the role of its element; what says nothing, such as lines and page numbers, in
`artifact`.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any

from reportlab.pdfbase.pdfdoc import PDFArray, PDFDictionary, PDFDocument, PDFName, PDFObject, PDFPage, PDFString
from reportlab.pdfgen.canvas import Canvas
from reportlab.platypus import Paragraph
from reportlab.platypus.tables import TableRenderCB


@dataclass
class _Element:
    """An element of the structure: its role, and what is in it, other elements or marked content."""

    role: str
    alternative: str | None = None
    children: list[_Element | _Content] = field(default_factory=list)


@dataclass(frozen=True)
class _Content:
    """A stretch of a page's stream, by its number there."""

    page: int
    number: int


class TaggedCanvas(Canvas):  # type: ignore[misc]
    """A canvas that keeps the structure of what is drawn, and writes it when it is saved."""

    def __init__(self, *given: Any, **more: Any) -> None:
        super().__init__(*given, **more)
        self._root = _Element("Document")
        self._open = [self._root]
        self._marked: list[list[_Element]] = []
        """By page, the element of each stretch of marked content."""
        self.foot: Callable[[TaggedCanvas, int, int], None] | None = None
        """Draws the foot of a page, given its number and how many there are, once that is known."""

    @contextmanager
    def element(self, role: str) -> Iterator[None]:
        """An element that others are drawn in."""
        self.begin(role)
        yield
        self.end()

    @contextmanager
    def marked(self, role: str, alternative: str | None = None) -> Iterator[None]:
        """An element whose content is drawn here; `alternative` says in words what a picture shows."""
        self.begin(role, alternative)
        self.mark()
        yield
        self.unmark()
        self.end()

    @contextmanager
    def artifact(self) -> Iterator[None]:
        self.mark_artifact()
        yield
        self.unmark()

    def begin(self, role: str, alternative: str | None = None) -> None:
        """Begin an element, in two calls where a library calls back at either end."""
        element = _Element(role, alternative)
        self._open[-1].children.append(element)
        self._open.append(element)

    def end(self) -> None:
        self._open.pop()

    def mark(self) -> None:
        """Begin content of the element that is open."""
        page = self.getPageNumber() - 1
        self._marked += [[] for _ in range(len(self._marked), page + 1)]
        element, number = self._open[-1], len(self._marked[page])
        self._marked[page].append(element)
        element.children.append(_Content(page, number))
        self._code.append(f"/{element.role} <</MCID {number}>> BDC")

    def mark_artifact(self) -> None:
        """Begin what no reader needs."""
        self._code.append("/Artifact BMC")

    def unmark(self) -> None:
        self._code.append("EMC")

    def save(self) -> None:
        if self._code:
            self.showPage()
        if self.foot:
            self._draw_feet(self.foot)
        self._write_structure()
        super().save()

    def _draw_feet(self, foot: Callable[[TaggedCanvas, int, int], None]) -> None:
        pages = self._doc.Pages.pages
        for number, page in enumerate(pages, start=1):
            with self.artifact():
                foot(self, number, len(pages))
            page.stream += "\n".join([*self._code, ""])
            self._code.clear()

    def _write_structure(self) -> None:
        """Write the tree of elements, and from each page's content back to its elements."""
        document, pages = self._doc, self._doc.Pages.pages
        places: dict[int, bytes] = {}
        tree = PDFDictionary({"Type": PDFName("StructTreeRoot")})
        root = self._place(tree)
        tree["K"] = self._write(self._root, root, [self._place(page) for page in pages], places)
        parents: list[Any] = []
        for number, (page, elements) in enumerate(zip(pages, self._marked, strict=False)):
            page.__NoDefault__ = [*PDFPage.__NoDefault__, "StructParents", "Tabs"]
            page.StructParents, page.Tabs = number, PDFName("S")
            parents += [number, PDFArray([places[id(element)] for element in elements])]
        tree["ParentTree"] = PDFDictionary({"Nums": PDFArray(parents)})
        tree["ParentTreeNextKey"] = len(self._marked)
        document.Catalog.StructTreeRoot = document.Reference(tree)
        document.Catalog.MarkInfo = PDFDictionary({"Marked": "true"})

    def _place(self, written: PDFObject) -> bytes:
        """The place of an object in the file, as others refer to it."""
        return bytes(self._doc.Reference(written).format(self._doc))

    def _write(self, element: _Element, parent: bytes, pages: list[bytes], places: dict[int, bytes]) -> bytes:
        """Write an element and those in it; its place."""
        written = _Written()
        places[id(element)] = me = self._place(written)
        children = b" ".join(
            self._write(child, me, pages, places)
            if isinstance(child, _Element)
            else b"<< /Type /MCR /Pg %b /MCID %d >>" % (pages[child.page], child.number)
            for child in element.children
        )
        more = b" /A << /O /Table /Scope /Column >>" if element.role == "TH" else b""
        if element.alternative:
            more += b" /Alt " + PDFString(element.alternative).format(self._doc)
        written.words = b"<< /Type /StructElem /S /%b /P %b /K [ %b ]%b >>" % (
            element.role.encode(),
            parent,
            children,
            more,
        )
        return me


class _Written(PDFObject):  # type: ignore[misc]
    """An object of the file in its own words: a table has many, and reportlab writes dictionaries slowly."""

    words = b""

    def format(self, document: PDFDocument) -> bytes:
        return self.words


class TaggedText(Paragraph):  # type: ignore[misc]
    """A paragraph that is an element; its style says the role, which a part on the next page keeps."""

    def drawOn(self, canvas: TaggedCanvas, x: float, y: float, _sW: float = 0) -> None:
        with canvas.marked(getattr(self.style, "role", "P")):
            super().drawOn(canvas, x, y, _sW)


class TaggedRows(TableRenderCB):  # type: ignore[misc]
    """Called back by a table as it is drawn (`renderCB`); its first row is the heading of its columns."""

    def startTable(self, table: Any) -> None:
        table.canv.begin("Table")

    def endTable(self, table: Any) -> None:
        table.canv.end()

    def startBG(self, table: Any) -> None:
        table.canv.mark_artifact()

    def endBG(self, table: Any) -> None:
        table.canv.unmark()

    def startRow(self, table: Any, row: int) -> None:
        table.canv.begin("TR")
        self._role = "TH" if row < table.repeatRows else "TD"

    def endRow(self, table: Any) -> None:
        table.canv.end()

    def startCell(self, table: Any, *_: Any) -> None:
        table.canv.begin(self._role)
        table.canv.mark()

    def endCell(self, table: Any) -> None:
        table.canv.unmark()
        table.canv.end()

    def startLines(self, table: Any) -> None:
        table.canv.mark_artifact()

    def endLines(self, table: Any) -> None:
        table.canv.unmark()
