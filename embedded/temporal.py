"""Temporal's dev server from a wheel: durable on a file, searchable by our attributes, with the Web UI."""

import asyncio
import sysconfig
from collections.abc import Coroutine
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from pathlib import Path
from typing import Any, TypeVar

import yaml
from google.protobuf.duration_pb2 import Duration
from temporalio.api.enums.v1 import TaskQueueType
from temporalio.api.namespace.v1 import NamespaceConfig
from temporalio.api.taskqueue.v1 import TaskQueue
from temporalio.api.workflowservice.v1 import (
    DescribeNamespaceRequest,
    DescribeTaskQueueRequest,
    RegisterNamespaceRequest,
    UpdateNamespaceRequest,
)
from temporalio.client import Client
from temporalio.service import RPCError, RPCStatusCode

from embedded.child import Child, environment
from embedded.home import REAL_DAY, Home, write_private
from models.errors import Refusal
from workflows.build import build_id, make_current
from workflows.client import register_search_attributes
from workflows.names import SEARCH_ATTRIBUTES
from workflows.running import STUCK

T = TypeVar("T")

NAMESPACE = "default"

ENVIRONMENT = "regua"
"""The name of its settings in their file."""

# the dev server forgets closed cases after a day; a tax debt is remembered longer
RETENTION = timedelta(days=3650)


def program() -> str:
    path = Path(sysconfig.get_path("scripts"), "temporal")
    if not path.exists():
        raise Refusal("Temporal is not installed here; run `make install`")
    return str(path)


def server(
    home: Home, port: int, ui_port: int, http_port: int, metrics_port: int, day_seconds: float, codec: str
) -> Child:
    """The server process, killed when we die: a write-ahead log survives that, and a slow goodbye would keep the file
    locked.

    `codec` is where the Web UI has payloads decrypted; whoever opens the UI is told that address. It holds a key, so
    the server reads it from a file: a command line is for everybody on the machine.
    """
    write_private(home.temporal_settings, yaml.safe_dump({"env": {ENVIRONMENT: {"ui-codec-endpoint": codec}}}))
    command = [program(), "--env", ENVIRONMENT, "--env-file", str(home.temporal_settings)]
    command += ["server", "start-dev", "--ip", "127.0.0.1", "--log-level", "warn"]
    command += ["--db-filename", str(home.temporal_db), "--ui-disable-news-fetch"]
    command += ["--port", str(port), "--ui-port", str(ui_port)]
    command += ["--http-port", str(http_port), "--metrics-port", str(metrics_port)]
    for pragma in ("journal_mode=wal", "synchronous=normal"):
        command += ["--sqlite-pragma", pragma]
    for name, kind in SEARCH_ATTRIBUTES.items():
        command += ["--search-attribute", f"{name}={kind}"]
    command += settings(day_seconds)
    return Child(
        name="temporal",
        command=command,
        log=home.logs / "temporal.log",
        env=environment(TEMPORAL_VERSION_CHECK_DISABLED="1"),
    )


def settings(day_seconds: float) -> list[str]:
    """The command-line words that set the server's dynamic configuration."""
    # cohorts take turns (workflows.start.fair_to); turns are taken within a partition of a queue, so there is one. What
    # an older start left in the others is still read
    values = ["matching.enableFairness=true", "matching.numTaskqueueWritePartitions=1"]
    # after so many attempts a workflow task that fails is seen by the reconciler
    values.append(f"system.numConsecutiveWorkflowTaskProblemsToTriggerSearchAttribute={STUCK}")
    if day_seconds < REAL_DAY:
        # timers are otherwise late by up to a second, which is days on a compressed clock
        values.append('history.timerProcessorMaxTimeShift="1ms"')
    return [word for value in values for word in ("--dynamic-config-value", value)]


def _completed(work: Coroutine[Any, Any, T]) -> T:
    """The result of a coroutine, also where an event loop is running: whoever tends a stack may be in one."""
    with ThreadPoolExecutor(1) as apart:
        return apart.submit(asyncio.run, work).result()


def answers(address: str) -> bool:
    return _completed(_namespace_is_there(address))


async def _namespace_is_there(address: str) -> bool:
    try:
        client = await Client.connect(address)
        await client.workflow_service.describe_namespace(DescribeNamespaceRequest(namespace=NAMESPACE))
    except (RPCError, RuntimeError):
        return False
    return True


def keep_namespace(address: str) -> None:
    """Have our namespace there, with its attributes, and closed cases remembered. A new server makes another, and
    whoever reaches it may have deleted ours."""
    _completed(_keep_namespace(address))


async def _keep_namespace(address: str) -> None:
    retention = Duration()
    retention.FromTimedelta(RETENTION)
    config = NamespaceConfig(workflow_execution_retention_ttl=retention)
    client = await Client.connect(address)
    made = RegisterNamespaceRequest(namespace=NAMESPACE, workflow_execution_retention_period=retention)
    try:
        await client.workflow_service.register_namespace(made)
    except RPCError as error:
        if error.status is not RPCStatusCode.ALREADY_EXISTS:
            raise
    await client.workflow_service.update_namespace(UpdateNamespaceRequest(namespace=NAMESPACE, config=config))
    await register_search_attributes(client)


def serve_this_build(address: str) -> None:
    """Make this build the current one, so that what runs already goes on with the code that is here now, as does what
    runs next."""
    _completed(_make_current(address))


async def _make_current(address: str) -> None:
    await make_current(await Client.connect(address), build_id())


def has_worker(address: str, task_queue: str) -> bool:
    return _completed(_has_poller(address, task_queue))


async def _has_poller(address: str, task_queue: str) -> bool:
    question = DescribeTaskQueueRequest(
        namespace=NAMESPACE,
        task_queue=TaskQueue(name=task_queue),
        task_queue_type=TaskQueueType.TASK_QUEUE_TYPE_WORKFLOW,
    )
    try:
        client = await Client.connect(address)
        answer = await client.workflow_service.describe_task_queue(question)
    except (RPCError, RuntimeError):
        return False
    return bool(answer.pollers)
