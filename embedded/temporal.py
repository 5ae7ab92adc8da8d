"""Temporal's dev server from a wheel: durable on a file, searchable by our attributes, with the Web UI."""

import asyncio
import sysconfig
from collections.abc import Coroutine
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from datetime import timedelta
from pathlib import Path
from typing import Any, TypeVar

import yaml
from google.protobuf.duration_pb2 import Duration
from temporalio.api.enums.v1 import NamespaceState, TaskQueueType
from temporalio.api.namespace.v1 import NamespaceConfig
from temporalio.api.operatorservice.v1 import DeleteNamespaceRequest
from temporalio.api.taskqueue.v1 import TaskQueue
from temporalio.api.workflowservice.v1 import (
    DescribeNamespaceRequest,
    DescribeTaskQueueRequest,
    RegisterNamespaceRequest,
    UpdateNamespaceRequest,
    UpdateTaskQueueConfigRequest,
)
from temporalio.client import Client
from temporalio.service import RPCError, RPCStatusCode

from embedded.child import Child, environment
from embedded.home import REAL_DAY, Home, write_private
from models.errors import Refusal
from workflows.build import build_id, deployment, make_current, take_deployment
from workflows.client import register_search_attributes
from workflows.names import PROVIDERS, SEARCH_ATTRIBUTES, TASK_QUEUE, queue_of
from workflows.running import STUCK

T = TypeVar("T")

NAMESPACE = "default"

ENVIRONMENT = "regua"
"""The name of its settings in their file."""

# the dev server forgets closed cases after a day; a tax debt is remembered longer
RETENTION = timedelta(days=3650)

QUEUES = (TASK_QUEUE, *map(queue_of, PROVIDERS))


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


def keep_settings(address: str) -> bool:
    """Have the server as we need it: our namespace is there, closed cases are remembered, its attributes are known,
    this build is served, and no queue is throttled. A new server knows nothing of it, and whoever reaches one may have
    changed it. Says whether anything was otherwise. Raises RPCError and RuntimeError: it doesn't answer."""
    return _completed(_keep_settings(address))


async def _keep_settings(address: str) -> bool:
    client = await Client.connect(address)
    # each is asked for, whatever the others say
    changed = [
        await _keep_namespace(client),
        await register_search_attributes(client),
        await _keep_build(client),
        *[await _unthrottle(client, queue) for queue in QUEUES],
    ]
    return any(changed)


async def _keep_namespace(client: Client) -> bool:
    retention = Duration()
    retention.FromTimedelta(RETENTION)
    try:
        known = await client.workflow_service.describe_namespace(DescribeNamespaceRequest(namespace=NAMESPACE))
        if known.namespace_info.state != NamespaceState.NAMESPACE_STATE_REGISTERED:
            # one that is deprecated starts nothing, and stays so: it is made anew, and all that ran with it
            await client.operator_service.delete_namespace(DeleteNamespaceRequest(namespace=NAMESPACE))
        elif known.config.workflow_execution_retention_ttl == retention:
            return False
    except RPCError as error:
        if error.status is not RPCStatusCode.NOT_FOUND:
            raise
        made = RegisterNamespaceRequest(namespace=NAMESPACE, workflow_execution_retention_period=retention)
        with suppress(RPCError):
            await client.workflow_service.register_namespace(made)
    config = NamespaceConfig(workflow_execution_retention_ttl=retention)
    await client.workflow_service.update_namespace(UpdateNamespaceRequest(namespace=NAMESPACE, config=config))
    return True


async def _keep_build(client: Client) -> bool:
    """Make this build the current one, so that all that runs already goes on with the code that is here now."""
    build, known = build_id(), await deployment(client)
    routing = known.routing_config
    ramps = routing.HasField("ramping_deployment_version") or routing.ramping_version_percentage > 0
    if routing.current_deployment_version.build_id == build and not ramps and not known.manager_identity:
        return False
    if known.manager_identity:
        await take_deployment(client)
    await make_current(client, build)
    return True


async def _unthrottle(client: Client, queue: str) -> bool:
    """Take back a limit that somebody set on the activities of a queue: of none a second, nothing would ever be done.
    Temporal knows none of workflows."""
    kind = TaskQueueType.TASK_QUEUE_TYPE_ACTIVITY
    described = await client.workflow_service.describe_task_queue(
        DescribeTaskQueueRequest(
            namespace=NAMESPACE, task_queue=TaskQueue(name=queue), task_queue_type=kind, report_config=True
        )
    )
    config = described.config
    limits = (config.queue_rate_limit, config.fairness_keys_rate_limit_default)
    if not any(limit.HasField("rate_limit") for limit in limits):
        return False
    none = UpdateTaskQueueConfigRequest.RateLimitUpdate(reason="none but ours")
    await client.workflow_service.update_task_queue_config(
        UpdateTaskQueueConfigRequest(
            namespace=NAMESPACE,
            task_queue=queue,
            task_queue_type=kind,
            update_queue_rate_limit=none,
            update_fairness_key_rate_limit_default=none,
        )
    )
    return True


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
