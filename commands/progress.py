"""How far the start of a cohort has come, on stderr, as its workflow tells it."""

import asyncio
from datetime import timedelta

from rich.progress import BarColumn, MofNCompleteColumn, Progress, TaskID, TextColumn, TimeRemainingColumn
from temporalio.client import WorkflowHandle, WorkflowQueryFailedError
from temporalio.service import RPCError

from commands.console import err
from workflows.cohort_ruler import CohortRuler
from workflows.effects import StartCursor

EVERY_SECOND = timedelta(seconds=1)


async def watch(name: str, handle: WorkflowHandle[CohortRuler, StartCursor]) -> StartCursor:
    """Watch until every case is started. Raises WorkflowFailureError."""
    result = asyncio.ensure_future(handle.result())
    columns = (
        TextColumn("starting {task.description}"),
        BarColumn(),
        MofNCompleteColumn(),
        TextColumn("{task.fields[rate]:.0f}/s, {task.fields[left]} left, {task.fields[failed]} to try again"),
        TimeRemainingColumn(),
    )
    with Progress(*columns, console=err, transient=True) as shown:
        bar = shown.add_task(name, total=None, rate=0.0, left="?", failed=0)
        while not (await asyncio.wait({result}, timeout=EVERY_SECOND.total_seconds()))[0]:
            try:
                reached = await handle.query(CohortRuler.progress, rpc_timeout=EVERY_SECOND)
            except (RPCError, WorkflowQueryFailedError):
                # no worker answers just now; what was shown stays
                continue
            _show(shown, bar, reached)
    return await result


def _show(shown: Progress, bar: TaskID, reached: StartCursor) -> None:
    if reached.total:
        shown.update(
            bar,
            completed=reached.seen,
            total=reached.total,
            rate=shown.tasks[bar].speed or 0.0,
            left=reached.left,
            failed=reached.failed,
        )
