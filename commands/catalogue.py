"""`catalogue …`: an authority's own rulers, policies, tables and templates, as published versions."""

from pathlib import Path
from typing import Annotated

import typer

from commands.acting import By, credentials
from commands.console import Json, complain, emit, say, table
from commands.imports import answering_database
from models.assets import PublishedKind
from models.errors import Refusal
from operations.catalogue import Entry, entries, examples, export, import_texts
from storage.published import Version, newest_versions

catalogue = typer.Typer(no_args_is_help=True)

Kind = Annotated[PublishedKind | None, typer.Option(help="Only this kind.")]
Number = Annotated[int | None, typer.Option("--version", min=1, help="That version; default: the newest.")]
Name = Annotated[str, typer.Argument(help="As `catalogue list` shows it.")]


def register(app: typer.Typer) -> None:
    app.add_typer(catalogue, name="catalogue")


@catalogue.command("import")
def import_(
    file: Annotated[
        Path, typer.Argument(metavar="FILE|DIR", help="A YAML file, or a folder with rulers/, templates/ … in it.")
    ],
    by: By,
    note: Annotated[str, typer.Option(help="What is new, for whoever reads the list.")] = "",
    as_json: Json = False,
) -> None:
    """Publish a new version of each thing that has changed. With one fault nothing is published."""
    with answering_database() as engine:
        done = import_texts(engine, credentials(by), file, note)
    columns = ("kind", "name", "version", "state")
    told = [{**_told(each.version), "state": "published" if each.is_new else "unchanged"} for each in done]
    emit({"published": told}, as_json, lambda: table(columns, ([row[column] for column in columns] for row in told)))


@catalogue.command("list")
def list_(kind: Kind = None, as_json: Json = False) -> None:
    """List what is published, in its newest version, and the examples that are shipped."""
    with answering_database() as engine, engine.connect() as connection:
        versions = newest_versions(connection, kind)
    known = {(version.kind, version.name) for version in versions}
    told = [_told(version) for version in versions]
    told += [_example(*each) for each in examples() if each not in known and kind in (None, each[0])]
    emit({"catalogue": told}, as_json, lambda: table(("kind", "name", "version", "by", "on", "note"), map(_line, told)))


@catalogue.command()
def show(name: Name, kind: Kind = None, version: Number = None, as_json: Json = False) -> None:
    """Show what a name stands for: its texts, and who published them."""
    found = _found(name, kind, version)

    def readable() -> None:
        for entry in found:
            for file, text in sorted(entry.texts.items()):
                say(f"# {file} · {_state(entry)}")
                say(text)

    emit({"entries": [{**_shown(entry), "texts": dict(entry.texts)} for entry in found]}, as_json, readable)


@catalogue.command("export")
def export_(
    name: Name,
    to: Annotated[Path, typer.Option(metavar="DIR", help="A folder; it is made if it isn't there.")],
    kind: Kind = None,
    version: Number = None,
    as_json: Json = False,
) -> None:
    """Write what a name stands for as files, to be changed and imported again. Examples are a good beginning."""
    found = _found(name, kind, version)
    try:
        files = export(found, to)
    except OSError as error:
        raise Refusal(f"{to} can't be written: {error.strerror}") from None
    told = {"entries": [_shown(entry) for entry in found], "files": [str(file) for file in files]}
    emit(told, as_json, lambda: complain(f"wrote {len(files)} files into {to}"))


def _line(told: dict[str, object]) -> list[object]:
    on = f"{told['published_at']:%Y-%m-%d}" if told["published_at"] else None
    return [told["kind"], told["name"], told["version"], told["published_by"], on, told["note"]]


def _found(name: str, kind: PublishedKind | None, version: int | None) -> list[Entry]:
    with answering_database() as engine:
        return entries(engine, name, kind, version)


def _shown(entry: Entry) -> dict[str, object]:
    return _told(entry.version) if entry.version else _example(entry.kind, entry.name)


def _told(version: Version) -> dict[str, object]:
    return {
        "kind": version.kind,
        "name": version.name,
        "version": version.version,
        "digest": version.digest,
        "published_by": version.published_by,
        "published_at": version.published_at,
        "note": version.note,
    }


def _example(kind: PublishedKind, name: str) -> dict[str, object]:
    nobody = dict.fromkeys(("version", "digest", "published_by", "published_at"))
    return {"kind": kind, "name": name, **nobody, "note": "example"}


def _state(entry: Entry) -> str:
    if entry.version is None:
        return "a shipped example"
    return f"version {entry.version.version}, published by {entry.version.published_by}"
