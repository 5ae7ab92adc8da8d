"""A running stack whose Temporal server loses its database serves its cases again, without anybody's doing."""

import asyncio
import os
import signal
import time
from pathlib import Path

from temporalio.api.workflowservice.v1 import DescribeNamespaceRequest
from temporalio.client import Client

from embedded.home import Home
from embedded.stack import Stack
from embedded.temporal import NAMESPACE, RETENTION
from workflows.build import build_id, current_build


def test_a_new_temporal_server_is_told_what_it_must_know(tmp_path: Path) -> None:
    with Stack(Home(tmp_path)) as stack:
        [server] = [child for child in stack.children if child.name == "temporal"]
        assert server.pid
        os.kill(server.pid, signal.SIGKILL)
        for file in tmp_path.glob("temporal.db*"):
            file.unlink()
        deadline = time.monotonic() + 60
        while True:
            asyncio.run(tended(stack))
            if asyncio.run(known_by(stack.services.temporal)) == (build_id(), RETENTION.days):
                break
            assert time.monotonic() < deadline, "not within its deadline"
            time.sleep(0.2)


async def tended(stack: Stack) -> None:
    """As the demo does, whose days pass on an event loop."""
    stack.tend()


async def known_by(address: str) -> tuple[str | None, int] | None:
    """The build that it gives tasks to, and the days for which it keeps histories; None while it doesn't answer."""
    try:
        client = await Client.connect(address)
        asked = DescribeNamespaceRequest(namespace=NAMESPACE)
        described = await client.workflow_service.describe_namespace(asked)
        kept = described.config.workflow_execution_retention_ttl.ToTimedelta()
        return await current_build(client), kept.days
    except RuntimeError:
        return None
