"""Interference with workflows in Temporal itself is found, mended and on record; the server is a real one."""

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable
from datetime import timedelta
from decimal import Decimal
from pathlib import Path
from typing import Any

import anyio
import pytest
from google.protobuf.field_mask_pb2 import FieldMask
from sqlalchemy import Engine
from temporalio import workflow
from temporalio.api.common.v1 import WorkflowExecution
from temporalio.api.deployment.v1 import WorkerDeploymentVersion
from temporalio.api.workflow.v1 import VersioningOverride, WorkflowExecutionOptions
from temporalio.api.workflowservice.v1 import (
    CountWorkflowExecutionsResponse,
    DeleteWorkflowExecutionRequest,
    ListWorkflowExecutionsResponse,
    PauseActivityRequest,
    ResetWorkflowExecutionRequest,
    UpdateWorkflowExecutionOptionsRequest,
)
from temporalio.client import Client, WorkflowExecutionStatus
from temporalio.service import RPCError, RPCStatusCode
from temporalio.worker import UnsandboxedWorkflowRunner, Worker

from storage.audit.living import AGREEMENTS, CASES
from tests.builders import FACTS
from tests.workflows.test_recovery import run_of
from tests.workflows.town import Life, Town, cutting_histories
from web.background.reconciler import Reconciler
from workflows.build import DEPLOYMENT, deployment_of
from workflows.names import TASK_QUEUE, case_workflow_id
from workflows.start import start_case

A_DAY = Decimal(86_400)
PINNED = VersioningOverride.PinnedOverrideBehavior.PINNED_OVERRIDE_BEHAVIOR_PINNED
NOBODY_S = {"deployment_name": DEPLOYMENT, "build_id": "nobody-s"}
TOLD_AFTER = "system.numConsecutiveWorkflowTaskProblemsToTriggerSearchAttribute"
QUESTIONS_A_SECOND = "frontend.namespaceRPS.visibility"


@pytest.fixture
async def town(database: str, engine: Engine, tmp_path: Path) -> AsyncIterator[Town]:
    async with cutting_histories(4096) as env:
        town = Town(env, database, engine, tmp_path)
        async with town.at_work():
            yield town


async def reconciled(town: Town) -> None:
    """One look, as the web takes every few seconds, and what comes of it."""
    for what in (CASES, AGREEMENTS):
        await Reconciler(town.database, town.engine, _of(town)).compare(town.client, what)


def _of(town: Town) -> Callable[[], Awaitable[Client]]:
    async def client() -> Client:
        return town.client

    return client


async def soon(there: Callable[[], Awaitable[bool]], seconds: float = 30.0) -> None:
    async with asyncio.timeout(seconds):
        while not await there():  # noqa: ASYNC110 - it comes true in another process
            await asyncio.sleep(0.05)


async def until_it_runs(life: Life) -> None:
    async def runs() -> bool:
        try:
            return (await life.handle.describe()).status is WorkflowExecutionStatus.RUNNING
        except RPCError:
            return False

    await soon(runs)


def done(life: Life) -> list[tuple[Any, ...]]:
    """The entries about what was done in Temporal."""
    return life.rows("SELECT command, outcome FROM audit_log WHERE actor = 'temporal' AND subject = :case ORDER BY id")


def asked(life: Life) -> int:
    [(count,)] = life.rows("SELECT count(*) FROM tasks WHERE \"case\" = :case AND kind = 'interference'")
    return int(count)


async def begun(town: Town) -> Life:
    """A case that waits for its next rung, on a real clock."""
    life = await town.begin_one(FACTS["h1"], day_seconds=A_DAY)
    await life.knows_its_record()
    return life


async def test_where_nothing_was_done_nothing_is(town: Town) -> None:
    life = await begun(town)
    run = await run_of(life)
    await reconciled(town)
    assert (await run_of(life), done(life), asked(life)) == (run, [], 0)
    assert life.rows("SELECT count(*) FROM outbox WHERE name = 'memory_lost'") == [(0,)]


async def test_what_was_terminated_is_taken_up_again(town: Town) -> None:
    life, other = await begun(town), await begun(town)
    run, untouched = await run_of(life), await run_of(other)
    await life.handle.terminate()
    await reconciled(town)
    await until_it_runs(life)
    assert await run_of(life) != run
    assert (done(life), asked(life)) == ([("temporal end", "refused")], 1)
    assert (await run_of(other), done(other)) == (untouched, [])
    assert await life.command("pause") == "paused"


async def test_a_closed_case_whose_notice_is_on_its_way_is_taken_up_until_that_has_left(town: Town) -> None:
    life = await town.begin_one(FACTS["h1"], day_seconds=Decimal(2))
    await life.climbs(1)
    await life.handle.terminate()
    with town.engine.begin() as connection:
        mine = {"case": life.case}
        connection.exec_driver_sql("UPDATE cases SET closed_at = now(), status = 'cancelled' WHERE id = %(case)s", mine)
        claimed = "UPDATE notices SET status = 'claimed', sent_at = NULL, provider = NULL WHERE \"case\" = %(case)s"
        connection.exec_driver_sql(claimed, mine)
    run = await run_of(life)
    await reconciled(town)
    await until_it_runs(life)
    assert await run_of(life) != run
    assert done(life) == [("temporal end", "refused")]


async def test_what_was_deleted_is_taken_up_again(town: Town) -> None:
    life = await begun(town)
    execution = WorkflowExecution(workflow_id=life.handle.id)
    request = DeleteWorkflowExecutionRequest(namespace=town.client.namespace, workflow_execution=execution)
    await town.client.workflow_service.delete_workflow_execution(request)

    async def gone() -> bool:
        try:
            await life.handle.describe()
        except RPCError:
            return True
        return False

    await soon(gone)
    await reconciled(town)
    await until_it_runs(life)
    assert (done(life), asked(life)) == ([("temporal loss", "refused")], 1)


async def test_somebody_else_s_workflow_is_ended_that_took_the_place_of_a_case_s(town: Town) -> None:
    """It waits for workers that nobody has, so that the case's own would never begin."""
    [life] = await town.begin(FACTS["h1"], start=False, day_seconds=A_DAY)
    await town.client.start_workflow("Anything", id=life.handle.id, task_queue="nobody-s")
    with town.engine.begin() as connection:
        connection.exec_driver_sql("UPDATE cases SET opened_at = now() - interval '1 hour'")
    await reconciled(town)

    async def ours() -> bool:
        described = await life.handle.describe()
        return described.workflow_type == "TaxpayerRuler" and described.task_queue == TASK_QUEUE

    await soon(ours)
    assert done(life) == [("temporal squat", "refused")]


@pytest.mark.parametrize("stranger", ["0" * 16, "zé"])
async def test_a_workflow_of_no_case_is_ended(town: Town, stranger: str) -> None:
    """One of ours in kind and queue, of a case that nobody opened."""
    later, nobody_s = timedelta(hours=1), case_workflow_id(stranger)
    stray = await town.client.start_workflow(
        "TaxpayerRuler", "not a start", id=nobody_s, task_queue=TASK_QUEUE, start_delay=later
    )

    async def ended() -> bool:
        await reconciled(town)
        return (await stray.describe()).status is WorkflowExecutionStatus.TERMINATED

    await soon(ended)


@workflow.defn(name="TaxpayerRuler")
class Broken:
    """Fails each of its tasks, as a workflow does that can't follow its history."""

    @workflow.run
    async def run(self, start: Any) -> None:
        raise RuntimeError("can't go on")


async def test_a_workflow_whose_task_fails_for_ever_is_started_again(
    database: str, engine: Engine, tmp_path: Path
) -> None:
    """On a server that answers fewer questions than are asked."""
    async with cutting_histories(4096, f"{TOLD_AFTER}=2", f"{QUESTIONS_A_SECOND}=10") as env:
        town = Town(env, database, engine, tmp_path)
        [life] = await town.begin(FACTS["h1"], start=False, day_seconds=A_DAY)
        with engine.begin() as connection:
            connection.exec_driver_sql("UPDATE cases SET revision = 1")
        runner = UnsandboxedWorkflowRunner()
        async with Worker(env.client, task_queue=TASK_QUEUE, workflows=[Broken], workflow_runner=runner):
            await start_case(env.client, life.case, life.get("cohort"), "x")
            run = await run_of(life)
            async with town.relaying():

                async def begun_anew() -> bool:
                    await reconciled(town)
                    return await run_of(life) != run

                await soon(begun_anew, seconds=180)
        assert (done(life), asked(life)) == ([("temporal hang", "refused")], 1)


@workflow.defn(name="TaxpayerRuler")
class Asks:
    """Waits for an activity that nobody serves."""

    @workflow.run
    async def run(self, start: Any) -> None:
        await workflow.execute_activity("x", task_queue="nobody-s", start_to_close_timeout=timedelta(hours=1))


async def test_a_case_whose_activity_somebody_paused_is_started_again(
    database: str, engine: Engine, tmp_path: Path
) -> None:
    async with cutting_histories(4096) as env:
        town = Town(env, database, engine, tmp_path)
        [life] = await town.begin(FACTS["h1"], start=False, day_seconds=A_DAY)
        with engine.begin() as connection:
            connection.exec_driver_sql("UPDATE cases SET revision = 1")
        runner = UnsandboxedWorkflowRunner()
        async with Worker(env.client, task_queue=TASK_QUEUE, workflows=[Asks], workflow_runner=runner):
            await start_case(env.client, life.case, life.get("cohort"), "x")
            run = await run_of(life)
            execution = WorkflowExecution(workflow_id=life.handle.id)
            paused = PauseActivityRequest(namespace="default", execution=execution, type="x", identity="me")

            async def is_paused() -> bool:
                try:
                    await env.client.workflow_service.pause_activity(paused)
                except RPCError:
                    return False
                return True

            await soon(is_paused)
            async with town.relaying():

                async def begun_anew() -> bool:
                    await reconciled(town)
                    return await run_of(life) != run

                await soon(begun_anew)
        assert (done(life), asked(life)) == ([("temporal halt", "refused")], 1)


async def test_a_case_that_somebody_pinned_to_a_build_of_nobody_s_is_started_again(town: Town) -> None:
    life = await begun(town)
    run, pin = (
        await run_of(life),
        VersioningOverride.PinnedOverride(behavior=PINNED, version=WorkerDeploymentVersion(**NOBODY_S)),
    )
    request = UpdateWorkflowExecutionOptionsRequest(
        namespace=town.client.namespace,
        workflow_execution=WorkflowExecution(workflow_id=life.handle.id),
        workflow_execution_options=WorkflowExecutionOptions(versioning_override=VersioningOverride(pinned=pin)),
        update_mask=FieldMask(paths=["versioning_override"]),
    )

    async def is_pinned() -> bool:
        try:
            await town.client.workflow_service.update_workflow_execution_options(request)
        except RPCError:
            return False
        return True

    serves = deployment_of(NOBODY_S["build_id"])
    runner = UnsandboxedWorkflowRunner()
    async with Worker(
        town.client, task_queue=TASK_QUEUE, workflows=[Broken], workflow_runner=runner, deployment_config=serves
    ):
        await soon(is_pinned)

    async def begun_anew() -> bool:
        await reconciled(town)
        return await run_of(life) != run

    await soon(begun_anew)
    assert (done(life), asked(life)) == ([("temporal halt", "refused")], 1)
    assert await life.command("pause") == "paused"


class Busy:
    """A Temporal that runs nothing, and is asked too much at first."""

    namespace = "default"

    def __init__(self, refusals: int) -> None:
        self.refusals = refusals
        self.answered = asyncio.Event()
        self.workflow_service = self

    async def count_workflow_executions(self, *_: Any, **__: Any) -> CountWorkflowExecutionsResponse:
        if self.refusals:
            self.refusals -= 1
            raise RPCError("namespace rate limit exceeded", RPCStatusCode.RESOURCE_EXHAUSTED, b"")
        return CountWorkflowExecutionsResponse()

    async def list_workflow_executions(self, *_: Any, **__: Any) -> ListWorkflowExecutionsResponse:
        self.answered.set()
        return ListWorkflowExecutionsResponse()


async def test_a_temporal_that_is_asked_too_much_is_asked_again_by_the_same_leader(
    database: str, engine: Engine
) -> None:
    temporal, connections = Busy(refusals=5), 0

    async def connect() -> Any:
        nonlocal connections
        connections += 1
        return temporal

    with anyio.fail_after(30):
        # a scope ends once its threads have: a cancelled task would leave them their connections
        async with anyio.create_task_group() as tasks:
            tasks.start_soon(Reconciler(database, engine, connect, pause=0.01).run)
            await temporal.answered.wait()
            tasks.cancel_scope.cancel()
    assert connections == 1


async def test_a_closed_case_that_was_reset_is_closed_again(town: Town) -> None:
    life = await begun(town)
    await life.pays_everything()
    assert await life.ends() == "resolved"
    events = (await life.handle.fetch_history()).events
    first = next(event for event in events if event.HasField("workflow_task_completed_event_attributes"))
    request = ResetWorkflowExecutionRequest(
        namespace=town.client.namespace,
        workflow_execution=WorkflowExecution(workflow_id=life.handle.id, run_id=await run_of(life)),
        workflow_task_finish_event_id=first.event_id,
        request_id="again",
    )
    await town.client.workflow_service.reset_workflow_execution(request)

    async def over() -> bool:
        await reconciled(town)
        return (await life.handle.describe()).status is WorkflowExecutionStatus.COMPLETED

    await soon(over)
    assert life.status == "resolved"
