"""`case explain`: why a taxpayer is where he is, told from the record alone."""

from pathlib import Path
from typing import Annotated

import typer

from commands.acting import credentials
from commands.case import case as case_commands
from commands.console import Json, complain, emit, out
from commands.imports import answering_database
from models.errors import Refusal
from operations.cases import reveal_dossier
from reports.document import Document, as_data
from reports.explanation import explain as explanation_of
from storage.read_models.dossier import read_dossier


def register(app: typer.Typer) -> None:
    """Register the command beside the others of `case`."""


@case_commands.command()
def explain(
    case: str,
    html: Annotated[Path | None, typer.Option(metavar="FILE", help="Write it as one HTML file.")] = None,
    pdf: Annotated[Path | None, typer.Option(metavar="FILE", help="Write it as a PDF, to be filed.")] = None,
    reveal: Annotated[bool, typer.Option("--reveal", help="With the tax id, the name and the addresses.")] = False,
    as_json: Json = False,
) -> None:
    """Why is this taxpayer here? Every decision with its evidence, rule, notice and proof; always the same bytes."""
    with answering_database() as engine:
        dossier = reveal_dossier(engine, credentials(), case) if reveal else read_dossier(engine, case)
    document = explanation_of(dossier, reveal)
    if html is not None:
        _write(html, _as_html(document))
    if pdf is not None:
        _write(pdf, _as_pdf(document))
    if as_json or not (html or pdf):
        emit(as_data(document), as_json, lambda: _show(document))


def _as_html(document: Document) -> bytes:
    from reports.document_html import html

    return html(document)


def _as_pdf(document: Document) -> bytes:
    from reports.document_pdf import pdf

    return pdf(document)


def _show(document: Document) -> None:
    from reports.document_terminal import show

    show(document, out)


def _write(file: Path, content: bytes) -> None:
    """Write a file into a folder that is made if it isn't there."""
    try:
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_bytes(content)
    except (OSError, ValueError) as error:
        reason = getattr(error, "strerror", None) or str(error)
        raise Refusal(f"{str(file)!r} can't be written: {reason}") from None
    complain(f"wrote {file}")
