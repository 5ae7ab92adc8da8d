"""`cohort migrate`: a running cohort goes over to another version of its ruler, once people saw what comes of it."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from typing import Annotated, Any

import typer
from rich.progress import Progress, TextColumn

from commands.acting import By, credentials
from commands.cohort import cohort
from commands.console import Json, emit, err, say, table
from commands.imports import answering_database
from embedded.home import find_services
from models.case.ruler_change import Outcome
from models.formats import money
from models.ruler.schema import Ruler
from operations.catalogue import in_force
from operations.cohorts import migrate_cohort
from operations.rulers import load_ruler
from storage.case.ruler_change import Foreseen, foresee_migration


def register(app: typer.Typer) -> None:
    """Register the command beside the others of `cohort`."""


@cohort.command()
def migrate(
    name: str,
    ruler: Annotated[str, typer.Option(help="The ruler to go over to: its file, or its name.")],
    by: By,
    dry_run: Annotated[bool, typer.Option("--dry-run", help="Only say who would move, wait or repeat.")] = False,
    json: Json = False,
) -> None:
    """Let a running cohort's open cases, and those to come, go by another version of its ruler."""
    now = datetime.now(UTC)
    with answering_database() as engine, _progress(name) as advance:
        bundle = load_ruler(ruler, in_force(engine))
        if dry_run:
            foreseen = foresee_migration(engine, name, bundle, now, advance("foreseeing"))
        else:
            done = advance("foreseeing"), advance("migrating")
            providers = find_services().providers
            foreseen = migrate_cohort(engine, credentials(by), name, bundle, now, *done, providers)
    read = bundle.ruler
    emit(_told(foreseen, read, dry_run), json, lambda: _show(foreseen, read, dry_run))


@contextmanager
def _progress(name: str) -> Iterator[Callable[[str], Callable[[int], None]]]:
    """A line for each thing that is done to the cases of a cohort."""
    columns = (TextColumn("{task.description}"), TextColumn("{task.completed} cases"))
    with Progress(*columns, console=err, transient=True, disable=not err.is_terminal) as bar:

        def advance(doing: str) -> Callable[[int], None]:
            task = bar.add_task(f"{doing} {name}", total=None)
            return lambda cases: bar.advance(task, cases)

        yield advance


def _told(foreseen: Foreseen, ruler: Ruler, dry_run: bool) -> dict[str, Any]:
    return {
        "cohort": foreseen.cohort.name,
        "from": foreseen.cohort.frozen.ruler.label,
        "to": ruler.label,
        "dry_run": dry_run,
        "cells": [
            {
                "hypothesis": alike.ahead[0],
                "stage": alike.ahead[1],
                "to_hypothesis": alike.then[0],
                "to_stage": alike.then[1],
                "outcome": alike.outcome,
                "cases": count,
                "owed": foreseen.owed[alike],
            }
            for alike, count in sorted(foreseen.cases.items(), key=str)
        ],
        **{str(outcome): foreseen.total(outcome) for outcome in Outcome},
        "control": foreseen.control,
    }


def _show(foreseen: Foreseen, ruler: Ruler, dry_run: bool) -> None:
    said = _told(foreseen, ruler, dry_run)
    columns = ["next, before", "next, after", "outcome", "cases", "owed"]
    rows = [
        (
            _cell(row["hypothesis"], row["stage"]),
            _cell(row["to_hypothesis"], row["to_stage"]),
            row["outcome"],
            row["cases"],
            money(row["owed"]),
        )
        for row in said["cells"]
    ]
    table(columns, rows, f"{said['cohort']} · {said['from']} → {said['to']}")
    say(", ".join(f"{said[outcome]} {outcome}" for outcome in Outcome))
    if foreseen.control:
        say(f"{foreseen.control} cases are held out: nobody contacts them on either ruler")
    say("nothing was changed" if dry_run else f"{said['cohort']} goes by {said['to']} from now on")


def _cell(hypothesis: str | None, stage: str | None) -> str:
    return f"{hypothesis or 'not on the map yet'} {stage or ''}".strip()
