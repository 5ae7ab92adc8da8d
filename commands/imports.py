"""`filings`, `benefits`, `contacts import`: what the authority knows besides debts; `sample`: a set to try with."""

from collections.abc import Callable, Iterator, Sequence
from contextlib import ExitStack, contextmanager
from dataclasses import asdict
from datetime import UTC, date, datetime
from functools import partial
from pathlib import Path
from typing import Annotated, Any, TypeVar

import psycopg
import typer
from rich.progress import BarColumn, Progress, TaskProgressColumn, TextColumn, TimeRemainingColumn
from sqlalchemy import Engine
from sqlalchemy.exc import DBAPIError

from commands.acting import credentials
from commands.console import SOME_NEED_PEOPLE, Json, emit, err, say, table
from commands.services import database
from commands.typed import day
from embedded.home import home
from models.errors import Refusal
from models.intake.benefits import benefit_reader
from models.intake.contacts import contact_reader
from models.intake.filings import filing_reader
from operations.imports import import_bulk_contacts, import_held_benefits, import_returns
from operations.operation import Credentials
from rehearsal.sample import FEWEST, MOST, generate
from storage.engine import AWAY
from storage.intake.files import SourceFile, TextFile, look_over
from storage.intake.rejects import Rejects

File = Annotated[Path, typer.Argument(metavar="FILE", help="A CSV file; docs/data.md lists its columns.")]
Day = Annotated[
    date | None, typer.Option("--date", parser=day, metavar="DATE", help="The day it is told from; default: today.")
]

filings = typer.Typer(no_args_is_help=True)
benefits = typer.Typer(no_args_is_help=True)
contacts = typer.Typer(no_args_is_help=True)


def register(app: typer.Typer) -> None:
    app.add_typer(filings, name="filings")
    app.add_typer(benefits, name="benefits")
    app.add_typer(contacts, name="contacts")
    app.command()(sample)


@contacts.callback()
@filings.callback()
@benefits.callback()
def group() -> None:
    """Keep `import` a subcommand while it is the only one."""


@filings.command("import")
def import_returns_(file: File, as_json: Json = False) -> None:
    """Import returns by period; a newer one supersedes the former and moves its taxpayer's open case."""
    take(file, filing_reader, import_returns, as_json)


@benefits.command("import")
def import_benefits_(file: File, as_json: Json = False) -> None:
    """Import the tax benefits that taxpayers hold; the taxpayers come first."""
    take(file, benefit_reader, import_held_benefits, as_json)


@contacts.command("import")
def import_contacts_(file: File, as_json: Json = False) -> None:
    """Import e-mails, telephones, Messenger ids and postal addresses; those of taxpayers not known here aren't kept."""
    merge = partial(import_bulk_contacts, now=datetime.now(UTC))
    take(file, lambda header: contact_reader(header, today()), merge, as_json)


def sample(
    folder: Annotated[Path, typer.Argument(metavar="DIR", help="Where the three files go; made if need be.")],
    number: Annotated[int, typer.Option("--taxpayers", min=FEWEST, max=MOST, help="How many taxpayers.")] = 60,
    seed: Annotated[int, typer.Option(help="The same seed and date, the same files.")] = 1,
    on: Day = None,
    as_json: Json = False,
) -> None:
    """Write a small invented set that leads to all eight hypotheses of alagoas-icms, and to registered debts."""
    made = generate(number, seed, on or today())
    try:
        folder.mkdir(parents=True, exist_ok=True)
        for name, content in made.files().items():
            (folder / name).write_text(content, encoding="utf-8")
    except OSError as error:
        raise Refusal(f"{folder} can't be written to: {error.strerror}") from None
    files = {name.removesuffix(".csv"): str(folder / name) for name in made.files()}
    said = {"date": made.date, "files": files, **made.counts(), "hypotheses": made.hypotheses()}
    emit(said, as_json, lambda: show(said))


# ---- one import

R = TypeVar("R")
"""The reader of a file's rows."""
Merge = Callable[[Engine, Credentials, SourceFile, R, Rejects, Callable[[int], None]], Any]


def take(file: Path, reader_of: Callable[[Sequence[str]], R], merge: Merge[R], as_json: bool) -> None:
    """All of the file in one transaction, or nothing; rejected rows are set aside for the analyst."""
    source = look_over(file)
    read = reader_of(source.header)
    kept = home().rejects / f"{source.label}.csv"
    with progress_of(source) as progress, Rejects(kept) as rejects, answering_database() as engine:
        imported = asdict(merge(engine, credentials(), source, read, rejects, progress))
    kept_in = str(rejects.path) if rejects.path else None
    said = {**imported, "rejected": rejects.count, "remarks": rejects.remarks, "rejects_file": kept_in}
    emit(said, as_json, lambda: show(said))
    if rejects.count:
        raise typer.Exit(SOME_NEED_PEOPLE)


@contextmanager
def answering_database() -> Iterator[Engine]:
    """An engine on the database, whose refusals are told without its message, which may hold a row's values."""
    with ExitStack() as ends:
        try:
            engine = database()
            ends.callback(engine.dispose)
            yield engine
        except DBAPIError as error:
            raise Refusal(_refused(getattr(error.orig, "sqlstate", None))) from None
        except psycopg.Error as error:
            raise Refusal(_refused(error.sqlstate)) from None


def _refused(sqlstate: str | None) -> str:
    if sqlstate is None or sqlstate.startswith(AWAY):
        return "the database does not answer; see `python starter.py stack status`"
    if sqlstate in ("42P01", "42703"):
        return "the database has not the tables of this version; `python starter.py stack up` makes them"
    return f"the database refused it (SQLSTATE {sqlstate}), a fault of ours; nothing was changed"


@contextmanager
def progress_of(source: TextFile) -> Iterator[Callable[[int], None]]:
    """By bytes read, for people who watch."""
    columns = (TextColumn("{task.description}"), BarColumn(), TaskProgressColumn(), TimeRemainingColumn())
    with Progress(*columns, console=err, transient=True, disable=not err.is_terminal) as bar:
        task = bar.add_task(source.path.name, total=source.size)

        def progress(read: int) -> None:
            merging = "merging…" if read == source.size else source.path.name
            bar.update(task, completed=read, description=merging)

        yield progress


def show(said: dict[str, object]) -> None:
    table(("", ""), flat(said))
    if said.get("rejects_file"):
        say(f"the rows to look at, and why: {said['rejects_file']}")


def flat(said: dict[str, object]) -> Iterator[tuple[str, object]]:
    for name, value in said.items():
        if isinstance(value, dict):
            yield from ((f"{name}: {key}", inner) for key, inner in value.items())
        elif name != "rejects_file":
            yield name, value


def today() -> date:
    return datetime.now(UTC).astimezone().date()
