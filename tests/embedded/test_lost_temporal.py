"""A running stack whose Temporal server loses its database, or its namespace, serves its cases again by itself."""

import asyncio
import os
import signal
import subprocess
import time
from collections.abc import Iterator
from pathlib import Path

import psycopg
import pytest
from temporalio.api.enums.v1 import NamespaceState, TaskQueueType
from temporalio.api.operatorservice.v1 import DeleteNamespaceRequest, ListSearchAttributesRequest
from temporalio.api.taskqueue.v1 import TaskQueue
from temporalio.api.workflowservice.v1 import (
    DeprecateNamespaceRequest,
    DescribeNamespaceRequest,
    DescribeTaskQueueRequest,
)
from temporalio.client import Client
from temporalio.service import RPCError

from embedded.home import Home
from embedded.stack import Stack
from embedded.temporal import NAMESPACE, RETENTION, program
from workflows.build import build_id, deployment
from workflows.names import SEARCH_ATTRIBUTES, TASK_QUEUE

KNOWN = ((build_id(), "", ""), RETENTION.days, {*SEARCH_ATTRIBUTES}, set[str]())


@pytest.fixture(scope="module")
def stack(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Stack]:
    with Stack(Home(tmp_path_factory.mktemp("home")), workers=2) as stack:
        yield stack


def test_as_many_workers_serve_as_were_asked_for(stack: Stack) -> None:
    deadline = time.monotonic() + 60
    while len(pollers := asyncio.run(workers_of(stack.services.temporal))) < 2:
        assert time.monotonic() < deadline, pollers
        time.sleep(0.1)


async def workers_of(address: str) -> set[str]:
    client = await Client.connect(address)
    question = DescribeTaskQueueRequest(
        namespace=NAMESPACE,
        task_queue=TaskQueue(name=TASK_QUEUE),
        task_queue_type=TaskQueueType.TASK_QUEUE_TYPE_WORKFLOW,
    )
    return {poller.identity for poller in (await client.workflow_service.describe_task_queue(question)).pollers}


def test_a_new_temporal_server_is_told_what_it_must_know(stack: Stack) -> None:
    [server] = [child for child in stack.children if child.name == "temporal"]
    assert server.pid
    os.kill(server.pid, signal.SIGKILL)
    for file in Path(stack.home).glob("temporal.db*"):
        file.unlink()
    until_it_is_known(stack)


def test_a_namespace_that_somebody_deleted_is_there_again(stack: Stack) -> None:
    asyncio.run(delete_namespace(stack.services.temporal))
    assert asyncio.run(known_by(stack.services.temporal)) is None
    until_it_is_known(stack)


def test_a_namespace_that_somebody_deprecated_starts_workflows_again(stack: Stack) -> None:
    """Temporal takes back no such state."""
    asyncio.run(deprecate_namespace(stack.services.temporal))
    assert asyncio.run(known_by(stack.services.temporal)) is None
    until_it_is_known(stack)


@pytest.mark.parametrize(
    "words",
    [
        ("worker", "deployment", "set-current-version", "--deployment-name", "regua", "--build-id", "nobody-s",
         "--allow-no-pollers", "--yes"),
        ("worker", "deployment", "set-ramping-version", "--deployment-name", "regua", "--build-id", "nobody-s",
         "--percentage", "100", "--allow-no-pollers", "--yes"),
        ("worker", "deployment", "manager-identity", "set", "--deployment-name", "regua", "--manager-identity", "me",
         "--yes"),
        ("operator", "search-attribute", "remove", "--name", "CaseStatus", "--yes"),
        ("operator", "namespace", "update", "--namespace", "default", "--retention", "1d"),
        ("task-queue", "config", "set", "--task-queue", TASK_QUEUE, "--task-queue-type", "activity",
         "--queue-rps-limit", "0", "--queue-rps-limit-reason", "x"),
        ("task-queue", "config", "set", "--task-queue", TASK_QUEUE, "--task-queue-type", "activity",
         "--fairness-key-rps-limit-default", "0", "--fairness-key-rps-limit-reason", "x"),
    ],
)  # fmt: skip
def test_what_somebody_set_otherwise_is_set_back_and_on_record(stack: Stack, words: tuple[str, ...]) -> None:
    """By any of them all cases would stand still for good, or be forgotten, and nothing would say so."""
    until_it_is_known(stack)
    before = recorded(stack)
    done = subprocess.run(
        [program(), *words, "--address", stack.services.temporal], capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, done.stderr
    assert asyncio.run(known_by(stack.services.temporal)) != KNOWN
    until_it_is_known(stack)
    assert recorded(stack) == before + 1


def recorded(stack: Stack) -> int:
    with psycopg.connect(stack.services.database) as connection:
        [count] = connection.execute(
            "SELECT count(*) FROM audit_log WHERE command = 'temporal settings' AND outcome = 'refused'"
        ).fetchone() or [0]
    return int(count)


def until_it_is_known(stack: Stack) -> None:
    deadline = time.monotonic() + 60
    while asyncio.run(known_by(stack.services.temporal)) != KNOWN:
        assert time.monotonic() < deadline, "not within its deadline"
        asyncio.run(tended(stack))
        time.sleep(0.2)


async def tended(stack: Stack) -> None:
    """As the demo does, whose days pass on an event loop."""
    stack.tend()


async def delete_namespace(address: str) -> None:
    client = await Client.connect(address)
    await client.operator_service.delete_namespace(DeleteNamespaceRequest(namespace=NAMESPACE))


async def deprecate_namespace(address: str) -> None:
    client = await Client.connect(address)
    await client.workflow_service.deprecate_namespace(DeprecateNamespaceRequest(namespace=NAMESPACE))


async def known_by(address: str) -> tuple[tuple[str, str, str], int, set[str], set[str]] | None:
    """The build that it gives tasks to, the one beside it and who alone may change that; the days for which it keeps
    histories, the attributes cases are found by, and the limits of the queue; None while it doesn't answer, or has no
    namespace that starts anything."""
    try:
        client = await Client.connect(address)
        asked = DescribeNamespaceRequest(namespace=NAMESPACE)
        described = await client.workflow_service.describe_namespace(asked)
        if described.namespace_info.state != NamespaceState.NAMESPACE_STATE_REGISTERED:
            return None
        kept = described.config.workflow_execution_retention_ttl.ToTimedelta()
        listed = await client.operator_service.list_search_attributes(ListSearchAttributesRequest(namespace=NAMESPACE))
        known = {name for name in listed.custom_attributes if name in SEARCH_ATTRIBUTES}
        served = await deployment(client)
        current, ramping = (
            version.build_id
            for version in (
                served.routing_config.current_deployment_version,
                served.routing_config.ramping_deployment_version,
            )
        )
        return (current, ramping, served.manager_identity), kept.days, known, await limits(client)
    except (RPCError, RuntimeError):
        return None


async def limits(client: Client) -> set[str]:
    asked = DescribeTaskQueueRequest(
        namespace=NAMESPACE,
        task_queue=TaskQueue(name=TASK_QUEUE),
        task_queue_type=TaskQueueType.TASK_QUEUE_TYPE_ACTIVITY,
        report_config=True,
    )
    config = (await client.workflow_service.describe_task_queue(asked)).config
    known = {"queue": config.queue_rate_limit, "key": config.fairness_keys_rate_limit_default}
    return {name for name, limit in known.items() if limit.HasField("rate_limit")}


def test_a_stack_starts_whose_namespace_was_deprecated_before(tmp_path: Path) -> None:
    with Stack(Home(tmp_path)) as stack:
        asyncio.run(deprecate_namespace(stack.services.temporal))
    with Stack(Home(tmp_path)) as stack:
        until_it_is_known(stack)
