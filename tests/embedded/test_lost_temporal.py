"""A running stack whose Temporal server loses its database, or its namespace, serves its cases again by itself."""

import asyncio
import os
import signal
import time
from collections.abc import Iterator
from pathlib import Path

import pytest
from temporalio.api.operatorservice.v1 import DeleteNamespaceRequest, ListSearchAttributesRequest
from temporalio.api.workflowservice.v1 import DescribeNamespaceRequest
from temporalio.client import Client
from temporalio.service import RPCError

from embedded.home import Home
from embedded.stack import Stack
from embedded.temporal import NAMESPACE, RETENTION
from workflows.build import build_id, current_build
from workflows.names import SEARCH_ATTRIBUTES

KNOWN = (build_id(), RETENTION.days, {*SEARCH_ATTRIBUTES})


@pytest.fixture(scope="module")
def stack(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Stack]:
    with Stack(Home(tmp_path_factory.mktemp("home"))) as stack:
        yield stack


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


async def known_by(address: str) -> tuple[str | None, int, set[str]] | None:
    """The build that it gives tasks to, the days for which it keeps histories, and the attributes cases are found by;
    None while it doesn't answer, or has no namespace."""
    try:
        client = await Client.connect(address)
        asked = DescribeNamespaceRequest(namespace=NAMESPACE)
        described = await client.workflow_service.describe_namespace(asked)
        kept = described.config.workflow_execution_retention_ttl.ToTimedelta()
        listed = await client.operator_service.list_search_attributes(ListSearchAttributesRequest(namespace=NAMESPACE))
        known = {name for name in listed.custom_attributes if name in SEARCH_ATTRIBUTES}
        return await current_build(client), kept.days, known
    except (RPCError, RuntimeError):
        return None
