"""`task …`: what people have to do: calls, objections, requests for instalments."""

from datetime import UTC, datetime
from typing import Annotated

import typer

from commands.acting import By, credentials
from commands.console import Json, emit, out, table
from commands.imports import answering_database
from models.formats import day
from models.words import TASKS
from operations.tasks import finish_task
from storage.case.cohorts import read_cohort
from storage.case.tasks import open_tasks

task = typer.Typer(no_args_is_help=True, help="What people have to do.")


def register(app: typer.Typer) -> None:
    app.add_typer(task, name="task")


@task.command(name="list")
def list_tasks(
    cohort: Annotated[str | None, typer.Option(help="Only of this cohort.")] = None,
    kind: Annotated[str | None, typer.Option(help=f"Only of one kind: {', '.join(TASKS)}.")] = None,
    json: Json = False,
) -> None:
    """List what is still to be done: of cases near prescription first, then the most urgent."""
    if kind is not None and kind not in TASKS:
        raise typer.BadParameter(f"there is no kind {kind!r}; known are {', '.join(TASKS)}", param_hint="--kind")
    with answering_database() as engine, engine.connect() as connection:
        if cohort is not None:
            read_cohort(connection, cohort)
        found = open_tasks(connection, datetime.now(UTC), cohort, kind)
    rows = [
        (row["id"], row["case"], TASKS.get(row["kind"], row["kind"]), day(row["due"]), row["what"]) for row in found
    ]
    emit({"tasks": found}, json, lambda: table(["task", "case", "kind", "due", "what"], rows))


@task.command()
def done(
    task: Annotated[int, typer.Argument(metavar="ID", help="As `task list` shows it.")],
    by: By,
    json: Json = False,
) -> None:
    """Mark a task as done."""
    with answering_database() as engine:
        finish_task(engine, who := credentials(by), task)
    emit({"task": task, "done_by": who.name}, json, lambda: out.print(f"task {task} done"))
