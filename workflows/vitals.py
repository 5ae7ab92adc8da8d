"""The vitals of the engine, as Temporal tells of them: what is missing, fails, is stuck, and is served by nobody."""

from __future__ import annotations

from collections.abc import Collection
from typing import TypedDict

from temporalio.api.enums.v1 import TaskQueueType
from temporalio.api.taskqueue.v1 import TaskQueue
from temporalio.api.workflowservice.v1 import DescribeTaskQueueRequest
from temporalio.client import Client

from workflows.names import PROVIDERS, TASK_QUEUE, case_workflow_id, queue_of
from workflows.running import count, describe, failing, running
from workflows.start import WORKFLOW

LOOKED_AT = 20
"""Overdue cases of which is asked whether an activity is stuck."""


class EngineVitals(TypedDict):
    missing_workflows: int
    """Cases, agreements and communications that should have one and haven't."""
    failing_workflows: int
    """Whose tasks fail: they stand still."""
    stuck_activities: int
    """Activities of the first overdue cases that failed again and again."""
    unserved_queues: list[str]
    """Queues with work, or the main one, that no worker asks."""


async def read_engine_vitals(client: Client, living: dict[str, int], overdue: Collection[str]) -> EngineVitals:
    """Ask Temporal. `living` says how many workflows there should be of a type, `overdue` which cases are late."""
    missing = failed = 0
    for kind, wanted in living.items():
        missing += max(0, wanted - await count(client, running(kind)))
        failed += await count(client, failing(kind))
    looked_at = map(case_workflow_id, list(overdue)[:LOOKED_AT])
    described = [await describe(client, workflow_id, WORKFLOW) for workflow_id in looked_at]
    return {
        "missing_workflows": missing,
        "failing_workflows": failed,
        "stuck_activities": sum(each.stuck for each in described),
        "unserved_queues": [
            queue for queue in (TASK_QUEUE, *map(queue_of, PROVIDERS)) if await _is_unserved(client, queue)
        ],
    }


async def _is_unserved(client: Client, queue: str) -> bool:
    """Whether work waits there that nobody asks for; the main queue should be asked whatever waits."""
    for kind in (TaskQueueType.TASK_QUEUE_TYPE_WORKFLOW, TaskQueueType.TASK_QUEUE_TYPE_ACTIVITY):
        asked = DescribeTaskQueueRequest(
            namespace=client.namespace, task_queue=TaskQueue(name=queue), task_queue_type=kind, report_stats=True
        )
        answer = await client.workflow_service.describe_task_queue(asked, retry=True)
        waits = queue == TASK_QUEUE or answer.stats.approximate_backlog_count > 0
        if waits and not answer.pollers:
            return True
    return False
