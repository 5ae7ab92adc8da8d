"""Acts on the tasks that people have."""

from __future__ import annotations

from operations.operation import Act, operation
from storage.case.tasks import finish


@operation("task done")
def finish_task(act: Act, task: int) -> None:
    """Mark a task as done."""
    finish(act.engine, task, act.by)
