"""Documents that a command writes beside what it prints: one HTML file, one PDF."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from commands.console import complain
from models.errors import Refusal
from reports.document import Document

Html = Annotated[Path | None, typer.Option("--html", metavar="FILE", help="Write it as one HTML file.")]
Pdf = Annotated[Path | None, typer.Option("--pdf", metavar="FILE", help="Write it as a PDF.")]


def write_document(document: Document, html: Path | None, pdf: Path | None) -> None:
    """Write a document where it is asked for. Raises Refusal where that can't be."""
    if html is not None and html == pdf:
        raise Refusal(f"--html and --pdf are both {str(html)!r}; give them files of their own")
    if html is not None:
        from reports.document_html import html as set_html

        _write(html, set_html(document))
    if pdf is not None:
        from reports.document_pdf import pdf as set_pdf

        _write(pdf, set_pdf(document))


def _write(file: Path, content: bytes) -> None:
    """Write a file into a folder that is made if it isn't there."""
    try:
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_bytes(content)
    except (OSError, ValueError) as error:
        reason = getattr(error, "strerror", None) or str(error)
        raise Refusal(f"{str(file)!r} can't be written: {reason}") from None
    complain(f"wrote {file}")
