"""`letter …`: batches of letters for the postal service, and what their receipts (AR) say."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import UTC, datetime
from functools import partial
from operator import itemgetter
from pathlib import Path
from typing import Annotated

import typer

from commands.acting import By, credentials
from commands.console import Json, emit, say, table
from commands.imports import answering_database, take
from commands.listing import After, Limit, list_rows
from commands.typed import Day, one_of
from commands.written import must_be_free, write
from models.contact.post import WORDS, Outcome
from models.intake.outcomes import outcome_reader
from operations.post import import_outcomes, post_letters, register_letter
from storage.contact.batches import ListedBatch, list_batches, read_batch, rulers_of

letter = typer.Typer(no_args_is_help=True)

Zip = Annotated[Path, typer.Argument(metavar="FILE", help="Where the zip is written: the PDFs and an index.")]


def register(app: typer.Typer) -> None:
    app.add_typer(letter, name="letter")


@letter.command()
def post(file: Zip, by: By, as_json: Json = False) -> None:
    """Close all letters that wait into a batch for the postal service: each is in one, and posted by that."""
    from reports.postal_batch import postal_batch

    must_be_free(file)
    with answering_database() as engine:
        closed = post_letters(engine, credentials(by), datetime.now(UTC))
        with engine.connect() as connection:
            rulers = rulers_of(connection, closed.batch)
    write(file, postal_batch(closed.batch, rulers))
    letters = len(closed.batch.notices)
    said = {"batch": closed.batch.id, "letters": letters, "withdrawn": closed.withdrawn, "waiting": closed.waiting}
    emit({**said, "file": str(file)}, as_json, lambda: say(f"batch {closed.batch.id} with {letters} letters: {file}"))


@letter.command()
def copy(
    batch: Annotated[int, typer.Argument(metavar="BATCH", help="As `letter list` shows it.")],
    file: Zip,
    as_json: Json = False,
) -> None:
    """Write the file of a batch once more, as it was."""
    from reports.postal_batch import postal_batch

    must_be_free(file)
    with answering_database() as engine, engine.connect() as connection:
        found = read_batch(connection, "letter", batch)
        rulers = rulers_of(connection, found)
    write(file, postal_batch(found, rulers))
    said = {"batch": batch, "letters": len(found.notices), "file": str(file)}
    emit(said, as_json, lambda: say(f"batch {batch} with {len(found.notices)} letters: {file}"))


@letter.command()
def outcome(
    code: Annotated[str, typer.Argument(metavar="CODE", help="Of the receipt, as it stands under its bars.")],
    became: Annotated[Outcome, one_of(WORDS, Outcome, help="What became of the letter.")],
    by: By,
    on: Day = None,
    undated: Annotated[bool, typer.Option("--undated", help="Handed over, and the receipt has no date.")] = False,
    as_json: Json = False,
) -> None:
    """Register what became of a letter: handed over, it serves on the date of receipt."""
    if became is Outcome.DELIVERED and (on is None) is not undated:
        raise typer.BadParameter("say the day of receipt, or --undated where the receipt has none", param_hint="--on")
    with answering_database() as engine:
        new = register_letter(engine, credentials(by), code, became, datetime.now(UTC), on)
    done = f"letter {code}: {became}" + (f" on {on}" if on else "") + ("" if new else ", as is on record already")
    emit({"code": code, "outcome": became, "on": on, "new": new}, as_json, lambda: say(done))


@letter.command("import")
def import_(
    file: Annotated[Path, typer.Argument(metavar="FILE", help="The postal service's list: code;outcome;date.")],
    as_json: Json = False,
) -> None:
    """Import what became of letters from the postal service's list of returns."""
    take(file, outcome_reader, partial(import_outcomes, now=datetime.now(UTC)), as_json)


@letter.command("list")
def list_all(limit: Limit = None, after: After = None, as_json: Json = False) -> None:
    """List the batches that were posted, the newest first."""
    with answering_database() as engine, engine.connect() as connection:
        list_rows("batches", "batch", partial(list_batches, connection, "letter"), _show, limit, after, as_json)


def _show(found: Iterable[ListedBatch]) -> None:
    columns = ("batch", "closed_at", "closed_by", "notices", "served", "lost")
    table(columns, map(itemgetter(*columns), found))
