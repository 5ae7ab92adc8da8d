"""No state of a case lets its workflow's task fail: each action, due whenever, with news before and after it."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress
from datetime import UTC, date, datetime, timedelta
from typing import Any

import pytest
from temporalio import activity
from temporalio.api.enums.v1 import EventType, WorkflowTaskFailedCause
from temporalio.client import Client, WorkflowHandle
from temporalio.service import RPCError
from temporalio.worker import Worker

from models.case.status import Status
from models.case.step import Action, Step
from models.events import MemoryLost, RulerChanged
from models.ruler.schema import Stage
from tests.chance import fresh_key
from tests.workflows.town import cutting_histories, until
from workflows.effects import (
    CaseStart,
    Contact,
    Dispatch,
    Evaluation,
    EvaluationRequest,
    Interference,
    NextAction,
    PlannedStep,
)
from workflows.foreign import Admission
from workflows.names import case_workflow_id
from workflows.sandbox import Sandbox
from workflows.taxpayer_ruler import TaxpayerRuler

FAILED = EventType.EVENT_TYPE_WORKFLOW_TASK_FAILED

DUE = {
    "never": None,
    "long ago": datetime(1900, 1, 1, tzinfo=UTC),
    "soon": datetime.now(UTC) + timedelta(hours=1),
    "on the last day there is": datetime(2200, 12, 31, 23, 59, tzinfo=UTC),
}
DAYS = [None, date(1900, 1, 1), date(2200, 12, 31)]
ONE_OF_THE_ACTS = ("ask_approval", "suspend_benefits", "reinstate_benefits", "deem_served", "refer", "resolve")


class Case:
    """The activities of a case that has one thing to do, and is closed once it is told of anything."""

    def __init__(self, action: Action, due: datetime | None, on: date | None, queue: str) -> None:
        self.action, self.due, self.on, self.queue = action, due, on, queue
        self.looks = 0

    def next_action(self, closed: bool) -> NextAction:
        status = Status.RESOLVED if closed else Status.RUNNING
        cell: dict[str, Any] = {"row": "h1", "rung": 0, "stage": Stage.REMINDER, "rigidity": 1}
        step = Step(action=self.action, status=status, on=self.on, number=self.looks, reason="ç" * 300, **cell)
        sent = (Dispatch(channel="email", rung_channel="email", queue=self.queue),) if self.action.contacts else ()
        return NextAction(revision=self.looks, step=step, closed=closed, runs_at=self.due, dispatches=sent)

    @activity.defn
    async def evaluate(self, asked: EvaluationRequest) -> Evaluation:
        self.looks += 1
        plan = (PlannedStep(on=self.on, what="h1"),)
        return Evaluation(next_action=self.next_action(closed=self.looks > 1), path=("x",), plan=plan)

    @activity.defn
    async def notify(self, contact: Contact) -> NextAction:
        return self.next_action(closed=True)

    @activity.defn
    async def record_interference(self, told: Interference) -> None: ...

    def acts(self) -> list[Any]:
        def of(name: str) -> Any:
            @activity.defn(name=name)
            async def act(case: str) -> NextAction:
                return self.next_action(closed=True)

            return act

        return [of(name) for name in (*ONE_OF_THE_ACTS, "end_campaign", "cancel")]


@pytest.fixture(scope="module")
async def client() -> AsyncIterator[Client]:
    async with cutting_histories(4096) as env:
        yield env.client


@asynccontextmanager
async def living(client: Client, case: Case) -> AsyncIterator[WorkflowHandle[Any, str]]:
    effects = [case.evaluate, case.notify, case.record_interference, *case.acts()]
    rules: dict[str, Any] = {"workflow_runner": Sandbox(), "interceptors": [Admission()]}
    async with Worker(client, task_queue=case.queue, workflows=[TaxpayerRuler], activities=effects, **rules):
        name = fresh_key()[:16]
        start = CaseStart(case=name, cohort="c", ruler="r")
        yield await client.start_workflow(TaxpayerRuler.run, start, id=case_workflow_id(name), task_queue=case.queue)


@pytest.mark.parametrize("due", DUE)
@pytest.mark.parametrize("action", Action)
async def test_no_state_lets_a_task_fail(client: Client, action: Action, due: str) -> None:
    for on in DAYS:
        case = Case(action, DUE[due], on, f"queue-{fresh_key()[:8]}")
        async with living(client, case) as handle:
            await until(lambda: case.looks)  # noqa: B023
            with suppress(RPCError):  # it may be over already
                await handle.cancel()
                await handle.signal("ruler_changed", RulerChanged(ruler="r2"))
                await handle.signal("memory_lost", MemoryLost())
            async with asyncio.timeout(60):
                assert await handle.result() == "resolved"
            events = (await handle.fetch_history()).events
        failed = [event.workflow_task_failed_event_attributes.cause for event in events if event.event_type == FAILED]
        # the server's own way of saying that a signal came while the workflow was about to end
        assert {*failed} <= {WorkflowTaskFailedCause.WORKFLOW_TASK_FAILED_CAUSE_UNHANDLED_COMMAND}
