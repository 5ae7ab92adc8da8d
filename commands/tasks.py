"""`task …`: what people have to do: calls, objections, requests for instalments."""

from datetime import UTC, datetime
from functools import partial
from operator import itemgetter
from typing import Annotated

import typer

from commands.acting import By, credentials
from commands.console import Json, emit, say, table
from commands.imports import answering_database
from commands.listing import After, Limit, list_rows
from commands.portuguese import TASKS
from commands.typed import one_of
from operations.tasks import finish_task
from storage.case.cohorts import read_cohort
from storage.case.tasks import OpenTask, open_tasks

task = typer.Typer(no_args_is_help=True)


def register(app: typer.Typer) -> None:
    app.add_typer(task, name="task")


@task.command(name="list")
def list_tasks(
    cohort: Annotated[str | None, typer.Option(help="Only of this cohort.")] = None,
    kind: Annotated[str | None, one_of(TASKS, help="Only of one kind.")] = None,
    limit: Limit = None,
    after: After = None,
    json: Json = False,
) -> None:
    """List what is still to be done: of cases near prescription first, then the most urgent."""
    columns = ("id", "case", "kind", "due", "what")

    def show(found: list[OpenTask]) -> None:
        table(columns, map(itemgetter(*columns), found))

    with answering_database() as engine, engine.connect() as connection:
        if cohort is not None:
            read_cohort(connection, cohort)
        read = partial(open_tasks, connection, datetime.now(UTC), cohort, kind)
        list_rows("tasks", "id", read, show, limit, after, json)


@task.command()
def done(
    task: Annotated[int, typer.Argument(metavar="ID", help="As `task list` shows it.")],
    by: By,
    json: Json = False,
) -> None:
    """Mark a task as done."""
    with answering_database() as engine:
        finish_task(engine, who := credentials(by), task)
    emit({"task": task, "done_by": who.name}, json, lambda: say(f"task {task} done"))
