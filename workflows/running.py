"""Workflows of a kind, as Temporal tells of them: how many run, which, and how one stands."""

from __future__ import annotations

from collections.abc import AsyncIterator, Iterable
from contextlib import suppress
from dataclasses import dataclass
from datetime import UTC, datetime
from enum import StrEnum

from temporalio.api.common.v1 import WorkflowExecution
from temporalio.api.enums.v1 import WorkflowExecutionStatus
from temporalio.api.workflowservice.v1 import (
    CountWorkflowExecutionsRequest,
    DescribeWorkflowExecutionRequest,
    ListWorkflowExecutionsRequest,
)
from temporalio.client import Client
from temporalio.service import RPCError, RPCStatusCode

from workflows.names import TASK_QUEUE

PAGE = 1000

STUCK = 3
"""Attempts after which a workflow's task, or an activity, is not going to succeed by itself."""


class How(StrEnum):
    RUNS = "runs"
    ENDED = "ended"
    LOST = "lost"
    """Temporal knows nothing of it."""
    ANOTHER = "another"
    """Something else runs by its id."""


@dataclass(frozen=True)
class Described:
    how: How
    started: datetime | None = None
    failed: bool = False
    """By its own code, as a workflow says that it can't go on."""
    attempts: int = 0
    """Attempts at the task that it is at."""
    stuck: int = 0
    """Activities that failed again and again."""


def running(kind: str, beginning: str = "") -> str:
    """The query for the workflows of a kind that our workers serve, or for those whose ids begin so."""
    ours = f"WorkflowType = '{kind}' AND TaskQueue = '{TASK_QUEUE}' AND ExecutionStatus = 'Running'"
    return f"{ours} AND WorkflowId STARTS_WITH '{beginning}'" if beginning else ours


def others(kind: str, beginnings: Iterable[str]) -> str:
    """The query for those whose ids begin in no such way."""
    return " AND ".join([running(kind), *(f"WorkflowId NOT STARTS_WITH '{beginning}'" for beginning in beginnings)])


def failing(kind: str) -> str:
    """The query for those whose tasks fail."""
    return f"{running(kind)} AND TemporalReportedProblems IS NOT NULL"


def halted(kind: str) -> str:
    """The query for those that somebody pinned to a build, or whose activities he paused; ours never are."""
    return f"{running(kind)} AND (TemporalWorkflowVersioningBehavior = 'Pinned' OR TemporalPauseInfo IS NOT NULL)"


async def count(client: Client, query: str) -> int:
    asked = CountWorkflowExecutionsRequest(namespace=client.namespace, query=query)
    # a namespace answers so many such questions a second, whoever asks: the rest wait
    return int((await client.workflow_service.count_workflow_executions(asked, retry=True)).count)


async def ids(client: Client, query: str) -> AsyncIterator[str]:
    """The ids of the workflows that a query finds."""
    token = b""
    while True:
        asked = ListWorkflowExecutionsRequest(
            namespace=client.namespace, page_size=PAGE, next_page_token=token, query=query
        )
        page = await client.workflow_service.list_workflow_executions(asked, retry=True)
        for found in page.executions:
            yield found.execution.workflow_id
        token = page.next_page_token
        if not token:
            return


async def describe(client: Client, workflow_id: str, kind: str) -> Described:
    """Say how the newest workflow of an id stands, which should be of a kind that our workers serve."""
    execution = WorkflowExecution(workflow_id=workflow_id)
    asked = DescribeWorkflowExecutionRequest(namespace=client.namespace, execution=execution)
    try:
        answer = await client.workflow_service.describe_workflow_execution(asked, retry=True)
    except RPCError as error:
        if error.status is RPCStatusCode.NOT_FOUND:
            return Described(How.LOST)
        raise
    info = answer.workflow_execution_info
    started = info.start_time.ToDatetime(UTC)
    if info.status != WorkflowExecutionStatus.WORKFLOW_EXECUTION_STATUS_RUNNING:
        failed = info.status == WorkflowExecutionStatus.WORKFLOW_EXECUTION_STATUS_FAILED
        return Described(How.ENDED, started, failed)
    ours = info.type.name == kind and answer.execution_config.task_queue.name == TASK_QUEUE
    stuck = sum(pending.attempt >= STUCK for pending in answer.pending_activities)
    attempts = answer.pending_workflow_task.attempt
    return Described(How.RUNS if ours else How.ANOTHER, started, attempts=attempts, stuck=stuck)


async def terminate(client: Client, workflow_id: str) -> None:
    """End a workflow that the record says otherwise of, if it runs."""
    with suppress(RPCError):
        await client.get_workflow_handle(workflow_id).terminate("the record says otherwise")
