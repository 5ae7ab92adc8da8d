"""`taxpayers import`, `export`: debtors and debts, and what an import would do."""

from collections.abc import Callable, Sequence
from dataclasses import asdict
from datetime import UTC, date, datetime
from functools import partial
from pathlib import Path
from typing import Annotated

import typer

from commands.acting import By, credentials
from commands.console import SOME_NEED_PEOPLE, Json, emit, say, table
from commands.imports import File, answering_database, progress_of, show, take, today
from commands.typed import day
from embedded.home import home
from models.formats import tax_name
from models.intake.debts import DebtReader
from models.intake.extract import Layout, debt_reader
from models.intake.layout_map import mapped_reader
from models.intake.statement import Amounts, Statement
from operations.imports import export_taxpayers, import_taxpayers
from storage.intake.debts import foresee_debts
from storage.intake.files import look_over
from storage.intake.layout_maps import load_map
from storage.intake.preview import Foreseen
from storage.intake.rejects import Rejects

taxpayers = typer.Typer(no_args_is_help=True)


def register(app: typer.Typer) -> None:
    app.add_typer(taxpayers, name="taxpayers")


@taxpayers.command("import")
def import_(
    file: File,
    layout: Annotated[Layout | None, typer.Option(help="Detected from the header unless given.")] = None,
    snapshot_of: Annotated[
        str,
        typer.Option(
            metavar="SOURCE",
            help="The file is the whole of a source of yours, for example pgfn-fgts-al: debts that a former snapshot of"
            " it had and this one lacks are held.",
        ),
    ] = "",
    as_of: Annotated[
        date | None,
        typer.Option(
            parser=day, metavar="DATE", help="The day the extract is of; default: today, in a rehearsal its own."
        ),
    ] = None,
    amounts: Annotated[
        Amounts | None,
        typer.Option(
            help="What is left of each debt, or what was lodged before anything was paid. Default: as the source's"
            " former snapshot, else left for pgfn and lodged for regua."
        ),
    ] = None,
    expect_fewer: Annotated[
        bool, typer.Option("--expect-fewer", help="Take a snapshot that lacks more than a tenth, or damaged keys.")
    ] = False,
    layout_map: Annotated[
        Path | None,
        typer.Option("--map", metavar="FILE", help="A YAML file that says which columns of yours are ours."),
    ] = None,
    dry_run: Annotated[bool, typer.Option("--dry-run", help="Only say what would change, ten lines of each.")] = False,
    as_json: Json = False,
) -> None:
    """Import debtors and debts: Régua's own CSV, or PGFN's open data. Importing a file twice changes nothing."""
    mapped = load_map(layout_map) if layout_map else None
    source = snapshot_of.strip() or (mapped.snapshot_of if mapped else None)
    statement = Statement(amounts, as_of, source or None, expect_fewer)

    def reader_of(header: Sequence[str]) -> DebtReader:
        return mapped_reader(header, mapped) if mapped else debt_reader(header, today(), layout)

    if dry_run:
        foresee(file, reader_of, statement, as_json)
    else:
        take(file, reader_of, partial(import_taxpayers, statement=statement, now=datetime.now(UTC)), as_json)


@taxpayers.command()
def export(
    file: Annotated[Path, typer.Argument(metavar="FILE", help="The CSV file to write; it must not be there yet.")],
    by: By,
    snapshot_of: Annotated[str | None, typer.Option(metavar="SOURCE", help="Only the debts of this source.")] = None,
    tax: Annotated[str | None, typer.Option(help="Only the debts of this tax.")] = None,
    as_json: Json = False,
) -> None:
    """Write debtors and debts in the product's own layout, with their names: imported again they change nothing."""
    with answering_database() as engine:
        rows = export_taxpayers(engine, credentials(by), file, snapshot_of, tax_name(tax) if tax else None)
    emit({"file": str(file), "rows": rows}, as_json, lambda: say(f"{rows} rows in {file}"))


def foresee(file: Path, reader_of: Callable[[Sequence[str]], DebtReader], statement: Statement, as_json: bool) -> None:
    """Say what an import would do; its transaction is never committed."""
    source = look_over(file)
    read = reader_of(source.header)
    kept = home().rejects / f"{source.label}.csv"
    with (
        progress_of(source) as progress,
        Rejects(kept) as rejects,
        answering_database() as engine,
        engine.connect() as connection,
    ):
        imported, changes = foresee_debts(connection, source, read, rejects, progress, statement, datetime.now(UTC))
    kept_in = str(rejects.path) if rejects.path else None
    said = {**asdict(imported), "rejected": rejects.count, "remarks": rejects.remarks, "rejects_file": kept_in}

    def readable() -> None:
        show(said)
        for each in changes:
            show_lines(each)
        say("nothing was changed" if changes else "nothing would change")

    emit({"dry_run": True, **said, "changes": [asdict(each) for each in changes]}, as_json, readable)
    if rejects.count:
        raise typer.Exit(SOME_NEED_PEOPLE)


def show_lines(foreseen: Foreseen) -> None:
    shown = "" if foreseen.count == len(foreseen.lines) else f", the first {len(foreseen.lines)}"
    title = f"{foreseen.what}: {foreseen.kind}" if foreseen.kind else foreseen.what
    columns = ("line", "tax", "inscription", "was", "becomes")
    rows = [[each.get(column) for column in columns] for each in foreseen.lines]
    table(columns, rows, f"{title} ({foreseen.count}{shown})")
