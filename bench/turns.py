"""Turns: a small cohort that comes due behind the backlog of a big one doesn't wait for the big one's end."""

from __future__ import annotations

import asyncio
import time
from datetime import UTC, datetime, timedelta

from temporalio.api.enums.v1 import TaskQueueType
from temporalio.api.taskqueue.v1 import TaskQueue
from temporalio.api.workflowservice.v1 import DescribeTaskQueueRequest
from temporalio.client import Client

from bench.climb import LAST_DAYS, PATIENCE_SECONDS
from bench.figures import Figure, at_most
from bench.ground import LOOKED_EVERY, MONDAY, Ground, clock_of
from commands.cohort import start_cohort
from models.errors import Refusal
from workflows.names import TASK_QUEUE

MOST = 0.1
"""Were turns taken once, as many would leave before the last of the few as there are of these, one in a hundred; but a
notice waits in line twice, for its workflow and for its activity."""

STARTED_A_SECOND = 25
"""How many cases are surely started."""
SENT_A_SECOND = 10
"""And how many notices surely sent."""
HEAD_START = timedelta(seconds=10)


async def turn_figures(ground: Ground) -> list[Figure]:
    """What a restart finds: the notices of both cohorts came due while the worker was away, those of the few last."""
    crowd, few = ground.scale.crowd, ground.scale.few
    due = datetime.now(UTC) + HEAD_START + timedelta(seconds=(crowd + few) / STARTED_A_SECOND)
    day = timedelta(seconds=ground.scale.day_seconds)
    client = await ground.client()
    for name, count, begins in (("crowd", crowd, due), ("few", few, due + day)):
        ground.debtors(name, count)
        clock = clock_of(ground.scale.day_seconds, MONDAY, begins, LAST_DAYS[1])
        await (await start_cohort(client, ground.cohort(name, clock))).result()
    await ground.until(lambda: ground.ask(SEEN) == crowd + few, PATIENCE_SECONDS)
    [worker] = [child for child in ground.stack.children if child.name == "worker"]
    worker.stop()
    await _are_in_line(client, crowd + few - ground.ask(SENT))
    worker.start()
    await ground.until(lambda: ground.ask(SENT) == crowd + few, crowd / SENT_A_SECOND + PATIENCE_SECONDS)
    return [at_most(MOST, f"of {crowd:,} notices in line leave before {few} behind them", ground.ask(BEFORE) / crowd)]


async def _are_in_line(client: Client, notices: int) -> None:
    """As many workflow tasks as that wait for a worker. Raises Refusal when it takes too long."""
    asked = DescribeTaskQueueRequest(
        namespace=client.namespace,
        task_queue=TaskQueue(name=TASK_QUEUE),
        task_queue_type=TaskQueueType.TASK_QUEUE_TYPE_WORKFLOW,
        report_stats=True,
    )
    deadline = time.monotonic() + PATIENCE_SECONDS
    while (await client.workflow_service.describe_task_queue(asked)).stats.approximate_backlog_count < notices:
        if time.monotonic() > deadline:
            raise Refusal(f"{notices} notices did not come due within {PATIENCE_SECONDS:.0f} s")
        await asyncio.sleep(LOOKED_EVERY)


SEEN = "SELECT count(*) FROM cases WHERE cohort IN ('crowd', 'few') AND revision > 0"

SENT = """
SELECT count(*) FROM notices JOIN cases ON cases.id = notices.case
WHERE cohort IN ('crowd', 'few') AND sent_at IS NOT NULL
"""

BEFORE = """
SELECT count(*) FROM notices JOIN cases ON cases.id = notices.case
WHERE cohort = 'crowd' AND sent_at < (
    SELECT max(sent_at) FROM notices JOIN cases ON cases.id = notices.case WHERE cohort = 'few')
"""
