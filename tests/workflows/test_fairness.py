"""A small cohort isn't stuck behind a big one: on the embedded server's own settings, cohorts take turns."""

from temporalio import workflow
from temporalio.contrib.pydantic import pydantic_data_converter
from temporalio.testing import WorkflowEnvironment
from temporalio.worker import UnsandboxedWorkflowRunner, Worker

from embedded.temporal import program, settings
from models.case import CaseStart
from workflows.client import register_search_attributes
from workflows.names import TASK_QUEUE, case_workflow_id
from workflows.start import start_case

BIG, SMALL = 200, 5

ONE_PARTITION = [
    word
    for side in ("Read", "Write")
    for word in ("--dynamic-config-value", f"matching.numTaskqueue{side}Partitions=1")
]
"""Turns are taken within each partition of a queue; how many tasks each gets is chance."""

looked: list[str] = []
"""The cohorts of the cases, in the order in which they first ran."""


@workflow.defn(name="TaxpayerRuler")
class Looker:
    @workflow.run
    async def run(self, start: CaseStart) -> None:
        looked.append(start.cohort)


async def test_five_cases_that_come_last_are_not_the_last_of_two_hundred() -> None:
    looked.clear()
    server = await WorkflowEnvironment.start_local(
        data_converter=pydantic_data_converter,
        dev_server_existing_path=program(),
        dev_server_extra_args=[*settings(day_seconds=86_400), *ONE_PARTITION],
    )
    async with server:
        await register_search_attributes(server.client)
        names = ["big"] * BIG + ["small"] * SMALL
        for number, cohort in enumerate(names):
            await start_case(server.client, str(number), cohort, "icms v1")
        async with Worker(
            server.client,
            task_queue=TASK_QUEUE,
            workflows=[Looker],
            max_concurrent_workflow_tasks=2,
            workflow_runner=UnsandboxedWorkflowRunner(),
        ):
            for number in range(len(names)):
                await server.client.get_workflow_handle(case_workflow_id(str(number))).result()
    last_of_small = len(looked) - looked[::-1].index("small")
    assert looked.count("small") == SMALL
    assert last_of_small < BIG / 2
