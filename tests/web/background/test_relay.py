"""The relay against a real Temporal server and a real PostgreSQL, each of which goes away for a while."""

import asyncio
import sysconfig
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from datetime import date
from decimal import Decimal
from functools import partial
from pathlib import Path

import anyio
import pytest
from sqlalchemy import Engine, insert, text
from temporalio import workflow
from temporalio.client import Client, WorkflowExecutionStatus
from temporalio.common import SearchAttributeKey
from temporalio.service import RPCError
from temporalio.testing import WorkflowEnvironment
from temporalio.worker import UnsandboxedWorkflowRunner, Worker

from embedded.ports import free_ports
from models.events import CohortStateChanged, Event, PaymentReceived, PaymentReversed, RulerChanged
from storage.outbox import enqueue
from storage.schema import outbox
from tests.payloads import CONVERTER, KEYS
from tests.web.pix_world import World, until
from web.background.relay import Relay
from workflows.client import connect_to
from workflows.effects import CaseStart
from workflows.names import SEARCH_ATTRIBUTES, TASK_QUEUE, case_workflow_id
from workflows.start import start_case


@workflow.defn(name="TaxpayerRuler")
class Listener:
    """Remembers what it is told, until it is let go."""

    @workflow.init
    def __init__(self, start: CaseStart) -> None:
        self.heard: list[str] = []
        self.done = False

    @workflow.run
    async def run(self, start: CaseStart) -> None:
        await workflow.wait_condition(lambda: self.done)

    @workflow.signal
    def payment_received(self, event: PaymentReceived) -> None:
        self.heard.append(f"+{event.payment}")

    @workflow.signal
    def payment_reversed(self, event: PaymentReversed) -> None:
        self.heard.append(f"-{event.payment}")

    @workflow.signal
    def cohort_state_changed(self, event: CohortStateChanged) -> None:
        self.heard.append("cohort")

    @workflow.signal
    def ruler_changed(self, event: RulerChanged) -> None:
        self.heard.append("changed")

    @workflow.signal
    def let_go(self) -> None:
        self.done = True

    @workflow.query
    def told(self) -> list[str]:
        return self.heard


@asynccontextmanager
async def temporal(port: int | None = None, database: Path | None = None) -> AsyncIterator[str]:
    """The address of a dev server with a worker for the listeners."""
    server = await WorkflowEnvironment.start_local(
        port=port,
        data_converter=CONVERTER,
        search_attributes=[
            SearchAttributeKey.for_keyword(n) for n, kind in SEARCH_ATTRIBUTES.items() if kind == "Keyword"
        ],
        dev_server_existing_path=str(Path(sysconfig.get_path("scripts"), "temporal")),
        dev_server_database_filename=str(database) if database else None,
        dev_server_log_level="error",
    )
    async with server:
        worker = Worker(
            server.client,
            task_queue=TASK_QUEUE,
            workflows=[Listener],
            workflow_runner=UnsandboxedWorkflowRunner(),
        )
        async with worker:
            yield server.client.service_client.config.target_host


@pytest.fixture(scope="module")
async def address() -> AsyncIterator[str]:
    async with temporal() as address:
        yield address


@pytest.fixture
async def client(address: str) -> Client:
    return await connect_to(address, KEYS)


@pytest.fixture
def world(engine: Engine) -> World:
    return World(engine)


@asynccontextmanager
async def relaying(
    database: str, engine: Engine, address: str, relays: int = 1, poll_seconds: float = 0.1
) -> AsyncIterator[None]:
    async with anyio.create_task_group() as tasks:
        for _ in range(relays):
            tasks.start_soon(Relay(database, engine, partial(connect_to, address, KEYS), poll_seconds).run)
        yield
        tasks.cancel_scope.cancel()


def received(payment: int) -> PaymentReceived:
    return PaymentReceived(payment=payment, amount=Decimal("10.00"), on=date(2026, 3, 1))


def promise(engine: Engine, case: str, *events: Event) -> None:
    with engine.begin() as connection:
        for event in events:
            enqueue(connection, [case], event)


async def all_delivered(world: World) -> bool:
    return world.rows("SELECT count(*) FROM outbox WHERE delivered_at IS NULL") == [(0,)]


async def told(client: Client, case: str) -> list[str]:
    heard: list[str] = await client.get_workflow_handle(case_workflow_id(case)).query("told")
    return heard


async def has_workflow(client: Client, case: str) -> bool:
    try:
        await client.get_workflow_handle(case_workflow_id(case)).describe()
    except RPCError:
        return False
    return True


async def run_cases(world: World, client: Client, count: int) -> Sequence[str]:
    cases = [world.case(world.taxpayer()) for _ in range(count)]
    await asyncio.gather(*(start_case(client, case, "real", "icms v1") for case in cases))
    return cases


async def test_each_case_is_told_once_and_in_order(
    world: World, engine: Engine, database: str, address: str, client: Client
) -> None:
    cases = await run_cases(world, client, 30)
    early = {case: [received(n) for n in range(3)] for case in cases}
    for case, events in early.items():
        promise(engine, case, *events)
    async with relaying(database, engine, address, relays=3):
        await until(partial(all_delivered, world))
        for case in cases:
            promise(engine, case, received(3), PaymentReversed(**received(3).model_dump()))
        await until(partial(all_delivered, world))
    for case in cases:
        assert await told(client, case) == ["+0", "+1", "+2", "+3", "-3"]


async def test_a_taxpayers_own_news_passes_what_a_whole_cohort_is_told(
    world: World, engine: Engine, database: str, address: str, client: Client
) -> None:
    paying, *others = await run_cases(world, client, 5)
    for case in (*others, paying):
        promise(engine, case, CohortStateChanged(), RulerChanged(ruler="icms v2"))
    promise(engine, paying, received(1))
    async with relaying(database, engine, address):
        await until(partial(all_delivered, world))
    assert await told(client, paying) == ["+1", "cohort", "changed"]


async def test_a_commit_wakes_it(world: World, engine: Engine, database: str, address: str, client: Client) -> None:
    (case,) = await run_cases(world, client, 1)
    async with relaying(database, engine, address, poll_seconds=3600):
        for transition in range(2):
            promise(engine, case, received(transition))
            await until(partial(all_delivered, world))


async def test_a_case_not_started_yet_is_started_with_it(
    world: World, engine: Engine, database: str, address: str, client: Client
) -> None:
    case = world.case(world.taxpayer())
    promise(engine, case, received(1), received(2))
    async with relaying(database, engine, address):
        await until(partial(all_delivered, world))
    await start_case(client, case, "real", "icms v1")
    assert await told(client, case) == ["+1", "+2"]
    described = await client.get_workflow_handle(case_workflow_id(case)).describe()
    assert await described.static_summary() == "real · icms v1"
    attributes = {pair.key.name: pair.value for pair in described.typed_search_attributes}
    assert attributes.items() >= {"Cohort": "real", "Ruler": "icms v1", "CaseStatus": "running"}.items()


async def test_a_case_opened_again_is_started_again(
    world: World, engine: Engine, database: str, address: str, client: Client
) -> None:
    (case,) = await run_cases(world, client, 1)
    handle = client.get_workflow_handle(case_workflow_id(case))
    await handle.signal("let_go")
    await handle.result()
    promise(engine, case, PaymentReversed(**received(7).model_dump()))
    async with relaying(database, engine, address):
        await until(partial(all_delivered, world))
    assert await told(client, case) == ["-7"]
    assert (await handle.describe()).status == WorkflowExecutionStatus.RUNNING


@pytest.mark.parametrize(
    "state",
    [
        {"status": "resolved", "closed": "2026-03-01"},
        {"status": "cancelled", "closed": "2026-03-01"},
        {"status": "control"},
    ],
)
async def test_a_case_without_a_workflow_to_come_is_not_started(
    world: World, engine: Engine, database: str, address: str, client: Client, state: dict[str, str]
) -> None:
    case = world.case(world.taxpayer(), **state)
    promise(engine, case, received(1))
    async with relaying(database, engine, address):
        await until(partial(all_delivered, world))
    assert not await has_workflow(client, case)


async def test_one_case_that_fails_holds_no_other_up(
    world: World, engine: Engine, database: str, address: str, client: Client
) -> None:
    failing, fine = await run_cases(world, client, 2)
    with engine.begin() as connection:
        connection.execute(insert(outbox).values(case=failing, name="from_a_newer_version", payload={}))
    promise(engine, failing, received(1))
    promise(engine, fine, received(2))

    async def fine_is_told() -> bool:
        return await told(client, fine) == ["+2"]

    async with relaying(database, engine, address):
        await until(fine_is_told)
    assert await told(client, failing) == []
    assert world.rows('SELECT count(*) FROM outbox WHERE delivered_at IS NULL AND "case" = ' + f"'{failing}'") == [(2,)]


async def test_a_lost_database_connection_is_made_again(
    world: World, engine: Engine, database: str, address: str, client: Client
) -> None:
    (case,) = await run_cases(world, client, 1)
    async with relaying(database, engine, address):
        for transition in range(3):
            promise(engine, case, received(transition))
            await until(partial(all_delivered, world))
            with engine.connect() as connection:
                connection.execute(
                    text(
                        "SELECT pg_terminate_backend(pid) FROM pg_stat_activity"
                        " WHERE datname = current_database() AND pid <> pg_backend_pid()"
                    )
                )
        promise(engine, case, received(3))
        await until(partial(all_delivered, world))
    assert await told(client, case) == ["+0", "+1", "+2", "+3"]


async def test_temporal_may_be_away_first_and_later(
    world: World, engine: Engine, database: str, tmp_path: Path
) -> None:
    [port] = free_ports(1, besides=set())
    case = world.case(world.taxpayer())
    promise(engine, case, received(1))
    async with relaying(database, engine, f"127.0.0.1:{port}"):
        async with temporal(port, tmp_path / "temporal.db"):
            await until(partial(all_delivered, world))
        promise(engine, case, received(2), received(3))
        async with temporal(port, tmp_path / "temporal.db") as address:
            await until(partial(all_delivered, world))
            assert await told(await connect_to(address, KEYS), case) == ["+1", "+2", "+3"]
