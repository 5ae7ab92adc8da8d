"""Each fault of the whole, planted for real and alone, is told by the command, on the page and by the metrics."""

from __future__ import annotations

import asyncio
import html
import json
import os
import subprocess
import sys
from collections.abc import AsyncIterator, Callable
from contextlib import AsyncExitStack, asynccontextmanager
from datetime import UTC, datetime, timedelta
from functools import partial
from typing import Any

import pytest
from sqlalchemy import Engine, text
from temporalio import activity, workflow
from temporalio.client import Client
from temporalio.common import RetryPolicy
from temporalio.worker import UnsandboxedWorkflowRunner, Worker

from embedded.child import REPOSITORY
from models.roles import Role
from reports.status import Status, read_status
from storage.read_models import vitals
from storage.read_models.vitals import IDLE_AFTER, RECONCILER, RELAY
from tests.delivery_world import DeliveryWorld
from tests.payloads import KEYS
from tests.web.background.test_reconciler import TOLD_AFTER
from tests.web.console.console_world import browser, signed_in_as
from tests.workflows.town import cutting_histories
from web.background.leadership import connected, leads
from web.background.vitals import measured
from web.console.status import FIGURES
from workflows.client import connect_to
from workflows.names import TASK_QUEUE, case_workflow_id, queue_of

Connect = Callable[[], Any]


@activity.defn
async def fail() -> None:
    raise RuntimeError("a full disk")


@workflow.defn(name="TaxpayerRuler")
class Waits:
    """Stands for a case's workflow: it waits, or has the fault that its start names."""

    @workflow.run
    async def run(self, fault: str) -> None:
        match fault:
            case "task fails":
                raise RuntimeError("can't follow its history")
            case "activity fails":
                again = RetryPolicy(initial_interval=timedelta(milliseconds=10), backoff_coefficient=1)
                await workflow.execute_activity(fail, start_to_close_timeout=timedelta(hours=1), retry_policy=again)
            case "queue unserved":
                queue, wait = queue_of("sendgrid"), timedelta(hours=1)
                await workflow.execute_activity("send", task_queue=queue, start_to_close_timeout=wait)
        await workflow.wait_condition(lambda: False)


class World(DeliveryWorld):
    """A record and a Temporal with which nothing is wrong but what a test plants."""

    def __init__(self, engine: Engine, client: Client) -> None:
        super().__init__(engine)
        self.client = client

    def plant(self, sql: str) -> None:
        with self.engine.begin() as connection:
            connection.execute(text(sql))

    async def lives(self, fault: str = "") -> str:
        """A case with its workflow, which may have a fault."""
        case = self.case(self.taxpayer())
        self.plant(f"UPDATE cases SET revision = 1 WHERE id = '{case}'")
        await self.client.start_workflow("TaxpayerRuler", fault, id=case_workflow_id(case), task_queue=TASK_QUEUE)
        return case


@pytest.fixture(scope="module")
async def address() -> AsyncIterator[str]:
    async with cutting_histories(4096, f"{TOLD_AFTER}=2") as env:
        yield env.client.service_client.config.target_host


@pytest.fixture
async def world(engine: Engine, address: str) -> AsyncIterator[World]:
    client = await connect_to(address, KEYS)
    serving = Worker(
        client, task_queue=TASK_QUEUE, workflows=[Waits], activities=[fail], workflow_runner=UnsandboxedWorkflowRunner()
    )
    async with serving:
        yield World(engine, client)
        async for left in client.list_workflows('ExecutionStatus = "Running"'):
            await client.get_workflow_handle(left.id).terminate()


@asynccontextmanager
async def at_work(database: str, *locks: str) -> AsyncIterator[None]:
    """Processes that lead, as the relay and the reconciler do."""
    async with AsyncExitStack() as held:
        for lock in locks:
            assert await leads(await held.enter_async_context(connected(database)), lock)
        yield


async def overdue(world: World) -> None:
    case = await world.lives()
    world.plant(f"""UPDATE cases SET next_step = '{{"on": "2026-01-05"}}' WHERE id = '{case}'""")


async def missing(world: World) -> None:
    world.plant(f"UPDATE cases SET revision = 1 WHERE id = '{world.case(world.taxpayer())}'")


async def failing(world: World) -> None:
    await world.lives("task fails")


async def stuck(world: World) -> None:
    case = await world.lives("activity fails")
    world.plant(f"""UPDATE cases SET next_step = '{{"on": "2026-01-05"}}' WHERE id = '{case}'""")


async def unserved(world: World) -> None:
    await world.lives("queue unserved")


async def claimed(world: World) -> None:
    world.notice(await world.lives(), status="claimed", claimed_at=datetime.now(UTC) - timedelta(hours=2))


async def owed(world: World) -> None:
    case = await world.lives()
    world.plant(f"""INSERT INTO outbox ("case", name, payload, recorded_at)
                    VALUES ('{case}', 'memory_lost', '{{}}', now() - interval '2 hours')""")


async def quarantined(world: World) -> None:
    world.plant("""INSERT INTO quarantined_items (digest, sealed, reason, arrived_at, last_arrived_at)
                   VALUES ('\\x01', '\\x01', 'no amount', now(), now())""")


async def import_failed(world: World) -> None:
    world.plant("""INSERT INTO audit_log (actor, authenticated, command, outcome)
                   VALUES ('ana', false, 'filings import', 'refused')""")


FAULTS = {
    overdue: ("overdue_cases", "1 cases are overdue"),
    missing: ("missing_workflows", "1 cases, agreements or communications have no workflow"),
    failing: ("failing_workflows", "1 workflows stand still: their tasks fail"),
    stuck: ("stuck_activities", "1 activities of overdue cases fail again and again"),
    unserved: ("unserved_queues", "regua-sendgrid is served by no worker"),
    claimed: ("notices_claimed_long", "1 notices were claimed long ago and have not left"),
    owed: ("owed_signal_seconds", "seconds is how long a signal has been owed"),
    quarantined: ("quarantined_payments", "1 items of payment callbacks wait in the quarantine"),
    import_failed: ("failing_imports", "filings import failed when it was tried last"),
}


@pytest.fixture
def connect(address: str) -> Connect:
    return partial(connect_to, address, KEYS)


@pytest.fixture(autouse=True)
def _services(monkeypatch: pytest.MonkeyPatch, database: str, address: str) -> None:
    monkeypatch.setenv("DATABASE_URL", database)
    monkeypatch.setenv("TEMPORAL_ADDRESS", address)


def commanded() -> dict[str, Any]:
    command = [sys.executable, "starter.py", "status", "--json"]
    done = subprocess.run(command, cwd=REPOSITORY, env=os.environ, capture_output=True, check=True)
    return dict(json.loads(done.stdout))


async def told_until(world: World, connect: Connect, name: str) -> Status:
    """The status, once it says it: Temporal's list comes a moment after what it lists."""
    async with asyncio.timeout(60):
        while not measured(status := await read_status(world.engine, connect)).get(name):  # noqa: ASYNC110 - another process tells of it
            await asyncio.sleep(0.1)
    return status


async def page_of(world: World, connect: Connect) -> str:
    async with browser(world.engine, signed_in_as(world.engine, "dora", Role.AGENT), temporal=connect) as http:
        return html.unescape((await http.get("/console/status")).text)


def marked(page: str, name: str) -> bool:
    row = page[page.index(f">{FIGURES[name][0]}<") :]
    return "atenção" in row[: row.index("</tr>")]


async def test_where_nothing_is_planted_nothing_is_wrong(world: World, database: str, connect: Connect) -> None:
    await world.lives()
    async with at_work(database, RELAY, RECONCILER), asyncio.timeout(60):
        while (status := await read_status(world.engine, connect))["wrong"]:  # noqa: ASYNC110 - another process tells it
            await asyncio.sleep(0.1)
        assert "atenção" not in await page_of(world, connect)
    assert measured(status)["temporal_answers"] == 1


@pytest.mark.parametrize("plant", FAULTS, ids=lambda fault: fault.__name__)
async def test_a_fault_is_told_in_each_place(world: World, database: str, connect: Connect, plant: Any) -> None:
    name, sentence = FAULTS[plant]
    async with at_work(database, RELAY, RECONCILER):
        await plant(world)
        status = await told_until(world, connect, name)
        said, page = await asyncio.to_thread(commanded), await page_of(world, connect)
    assert measured(status)[name] > 0
    assert not said["ok"]
    assert any(sentence in wrong for wrong in said["wrong"]), said["wrong"]
    assert marked(page, name)


@pytest.mark.parametrize("absent", [RELAY, RECONCILER])
async def test_a_relay_or_reconciler_that_is_absent_is_named(
    world: World, database: str, connect: Connect, absent: str
) -> None:
    name = absent.removeprefix("regua ")
    async with at_work(database, *{RELAY, RECONCILER} - {absent}):
        status = await told_until(world, connect, "idle_work")
        said, page = await asyncio.to_thread(commanded), await page_of(world, connect)
    assert measured(status)["idle_work"] == 1
    assert f"{name} is at work in no process" in said["wrong"]
    assert marked(page, "idle_work")


async def test_a_relay_that_hangs_is_idle_though_it_leads(
    world: World, database: str, connect: Connect, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(vitals, "IDLE_AFTER", {**IDLE_AFTER, RELAY: timedelta(milliseconds=1)})
    async with at_work(database, RELAY, RECONCILER):
        status = await told_until(world, connect, "idle_work")
    assert status["record"]["idle_work"] == ["relay"]


async def test_a_temporal_that_is_away_is_told_and_nobody_blamed_for_it(world: World, connect: Connect) -> None:
    """The relay and the reconciler let go of their locks while it is."""

    async def away() -> Client:
        raise RuntimeError("not there")

    status = await read_status(world.engine, away)
    assert status["wrong"] == ["Temporal does not answer"]
    assert measured(status)["temporal_answers"] == 0
    assert marked(await page_of(world, away), "temporal_answers")
