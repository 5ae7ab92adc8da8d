"""`gazette …`: editals of formal notices that no personal means could serve, and their publication."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import UTC, date, datetime
from functools import partial
from operator import itemgetter
from pathlib import Path
from typing import Annotated

import typer

from commands.acting import By, credentials
from commands.console import Json, emit, say, table
from commands.imports import answering_database
from commands.listing import After, Limit, list_rows
from commands.typed import day
from commands.written import must_be_free, write
from operations.post import draw_edital, register_publication
from reports.edital import edital
from storage.contact.batches import ListedBatch, list_batches, read_batch, rulers_of

gazette = typer.Typer(no_args_is_help=True)

Text = Annotated[Path, typer.Argument(metavar="FILE", help="Where the text is written.")]
Number = Annotated[int, typer.Argument(metavar="EDITAL", help="Its number, as `gazette list` shows it.")]


def register(app: typer.Typer) -> None:
    app.add_typer(gazette, name="gazette")


@gazette.command()
def draw(file: Text, by: By, as_json: Json = False) -> None:
    """Write the edital of all notices that wait to be published: each is in one."""
    must_be_free(file)
    with answering_database() as engine:
        closed = draw_edital(engine, credentials(by), datetime.now(UTC))
        with engine.connect() as connection:
            rulers = rulers_of(connection, closed.batch)
    write(file, edital(closed.batch, rulers).encode())
    notices = len(closed.batch.notices)
    said = {"edital": closed.batch.id, "notices": notices, "withdrawn": closed.withdrawn, "waiting": closed.waiting}
    emit({**said, "file": str(file)}, as_json, lambda: say(f"edital {closed.batch.id} of {notices} notices: {file}"))


@gazette.command()
def copy(number: Number, file: Text, as_json: Json = False) -> None:
    """Write an edital once more, as it was."""
    must_be_free(file)
    with answering_database() as engine, engine.connect() as connection:
        found = read_batch(connection, "gazette", number)
        rulers = rulers_of(connection, found)
    write(file, edital(found, rulers).encode())
    said = {"edital": number, "notices": len(found.notices), "file": str(file)}
    emit(said, as_json, lambda: say(f"edital {number} of {len(found.notices)} notices: {file}"))


@gazette.command()
def published(
    number: Number,
    on: Annotated[date, typer.Option(parser=day, metavar="DATE", help="The day it was published.")],
    where: Annotated[str, typer.Option("--gazette", help="In which gazette.")],
    reference: Annotated[str, typer.Option(help="Its edition and page.")],
    by: By,
    as_json: Json = False,
) -> None:
    """Register that an edital was published: its notices are served when the law's time is over."""
    with answering_database() as engine:
        notices = register_publication(engine, credentials(by), number, where, on, reference, datetime.now(UTC))
    said = {"edital": number, "on": on, "gazette": where, "notices": notices}
    emit(said, as_json, lambda: say(f"edital {number} of {notices} notices, published on {on}"))


@gazette.command("list")
def list_all(limit: Limit = None, after: After = None, as_json: Json = False) -> None:
    """List the editals, the newest first."""
    with answering_database() as engine, engine.connect() as connection:
        list_rows("editals", "batch", partial(list_batches, connection, "gazette"), _show, limit, after, as_json)


def _show(found: Iterable[ListedBatch]) -> None:
    columns = ("batch", "closed_at", "closed_by", "notices", "left_on", "gazette", "served")
    table(columns, map(itemgetter(*columns), found))
