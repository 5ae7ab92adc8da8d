"""`case explain`: why a taxpayer is where he is, told from the record alone."""

from typing import Annotated

import typer

from commands.acting import credentials
from commands.case import case as case_commands
from commands.console import Json, emit, out
from commands.documents import Html, Pdf, write_document
from commands.imports import answering_database
from operations.cases import reveal_dossier
from reports.document import Document, as_data
from reports.explanation import explain as explanation_of
from storage.read_models.dossier import read_dossier


def register(app: typer.Typer) -> None:
    """Register the command beside the others of `case`."""


@case_commands.command()
def explain(
    case: str,
    html: Html = None,
    pdf: Pdf = None,
    reveal: Annotated[bool, typer.Option("--reveal", help="With the tax id, the name and the addresses.")] = False,
    as_json: Json = False,
) -> None:
    """Why is this taxpayer here? Every decision with its evidence, rule, notice and proof; always the same bytes."""
    with answering_database() as engine:
        dossier = reveal_dossier(engine, credentials(), case) if reveal else read_dossier(engine, case)
    document = explanation_of(dossier, reveal)
    write_document(document, html, pdf)
    if as_json or not (html or pdf):
        emit(as_data(document), as_json, lambda: _show(document))


def _show(document: Document) -> None:
    from reports.document_terminal import show

    show(document, out)
