"""A tagged PDF by reportlab's canvas: what is a heading, a paragraph, a table or a picture is said in the file itself
(ISO 32000-1, 14.8), in reading order, so that a screen reader can tell it.

A flowable is drawn inside `marked`, with the role of its element; what says nothing, such as lines and page numbers, in
`artifact`.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any

from reportlab.pdfbase.pdfdoc import PDFArray, PDFDictionary, PDFName, PDFObjectReference, PDFPage, PDFString
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
        self._write_structure()
        super().save()

    def _write_structure(self) -> None:
        """Write the tree of elements, and from each page's content back to its elements."""
        document, pages = self._doc, self._doc.Pages.pages
        places: dict[int, PDFObjectReference] = {}
        tree = PDFDictionary({"Type": PDFName("StructTreeRoot")})
        root = document.Reference(tree)
        tree["K"] = self._element(self._root, root, pages, places)
        parents: list[Any] = []
        for number, (page, elements) in enumerate(zip(pages, self._marked, strict=False)):
            page.__NoDefault__ = [*PDFPage.__NoDefault__, "StructParents", "Tabs"]
            page.StructParents, page.Tabs = number, PDFName("S")
            parents += [number, PDFArray([places[id(element)] for element in elements])]
        tree["ParentTree"] = PDFDictionary({"Nums": PDFArray(parents)})
        tree["ParentTreeNextKey"] = len(self._marked)
        document.Catalog.StructTreeRoot = tree
        document.Catalog.MarkInfo = PDFDictionary({"Marked": "true"})

    def _element(
        self, element: _Element, parent: Any, pages: list[PDFPage], places: dict[int, PDFObjectReference]
    ) -> PDFObjectReference:
        written = PDFDictionary({"Type": PDFName("StructElem"), "S": PDFName(element.role), "P": parent})
        places[id(element)] = me = self._doc.Reference(written)
        if element.role == "TH":
            written["A"] = PDFDictionary({"O": PDFName("Table"), "Scope": PDFName("Column")})
        if element.alternative:
            written["Alt"] = PDFString(element.alternative)
        written["K"] = PDFArray([self._child(child, me, pages, places) for child in element.children])
        return me

    def _child(
        self, child: _Element | _Content, parent: Any, pages: list[PDFPage], places: dict[int, PDFObjectReference]
    ) -> Any:
        if isinstance(child, _Element):
            return self._element(child, parent, pages, places)
        page = self._doc.Reference(pages[child.page])
        return PDFDictionary({"Type": PDFName("MCR"), "Pg": page, "MCID": child.number})


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
