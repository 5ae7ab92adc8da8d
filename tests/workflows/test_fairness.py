"""A small cohort isn't stuck behind a big one: on the embedded server's own settings, cohorts take turns."""

from datetime import timedelta

from temporalio import activity, workflow
from temporalio.common import Priority
from temporalio.contrib.pydantic import pydantic_data_converter
from temporalio.testing import WorkflowEnvironment
from temporalio.worker import UnsandboxedWorkflowRunner, Worker

from embedded.temporal import program, settings
from models.ruler.schema import Stage
from tests.workflows.town import until
from workflows.client import register_search_attributes
from workflows.effects import CaseStart
from workflows.names import TASK_QUEUE, case_workflow_id
from workflows.start import before_its_cases, start_case
from workflows.taxpayer_ruler import URGENCY

BIG, SMALL = 200, 5

looked: list[str] = []
"""The cohorts of the cases, in the order in which they first ran."""
notified: list[str] = []
"""And of their notices."""


@activity.defn
async def notify(cohort: str) -> None:
    notified.append(cohort)


@workflow.defn(name="TaxpayerRuler")
class Looker:
    @workflow.run
    async def run(self, start: CaseStart) -> None:
        """A reminder, which has an urgency of its own and the cohort of its workflow."""
        looked.append(start.cohort)
        priority = Priority(priority_key=URGENCY[Stage.REMINDER])
        day = timedelta(days=1)
        await workflow.execute_activity(notify, start.cohort, start_to_close_timeout=day, priority=priority)


@workflow.defn(name="CohortRuler")
class Intaker:
    @workflow.run
    async def run(self) -> None:
        looked.append("intake")


async def test_five_cases_that_come_last_are_not_the_last_of_two_hundred() -> None:
    """Neither when their workflows wait in line, nor when their notices do; and who takes people in, waits for none."""
    looked.clear()
    notified.clear()
    server = await WorkflowEnvironment.start_local(
        data_converter=pydantic_data_converter,
        dev_server_existing_path=program(),
        dev_server_extra_args=settings(day_seconds=86_400),
    )
    async with server:
        await register_search_attributes(server.client)
        names = ["big"] * BIG + ["small"] * SMALL
        for number, cohort in enumerate(names):
            await start_case(server.client, str(number), cohort, "icms v1")
        taking_in = before_its_cases("big")
        await server.client.start_workflow("CohortRuler", id="intake", task_queue=TASK_QUEUE, priority=taking_in)
        async with Worker(
            server.client,
            task_queue=TASK_QUEUE,
            workflows=[Looker, Intaker],
            max_concurrent_workflow_tasks=2,
            workflow_runner=UnsandboxedWorkflowRunner(),
        ):
            await until(lambda: len(looked) == len(names) + 1)
            async with Worker(server.client, task_queue=TASK_QUEUE, activities=[notify], max_concurrent_activities=2):
                for number in range(len(names)):
                    await server.client.get_workflow_handle(case_workflow_id(str(number))).result()
    assert looked.index("intake") < BIG / 20
    for served in (looked, notified):
        assert served.count("small") == SMALL
        assert len(served) - served[::-1].index("small") < BIG / 2
