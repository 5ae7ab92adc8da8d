"""The worker process: which workflows and activities it serves, nothing else. SIGTERM lets what runs finish.

A queue of its own for each provider: what waits for one of them holds nobody else up.
"""

import asyncio
import gc
import os
import signal
import sys
from concurrent.futures import ThreadPoolExecutor
from contextlib import AsyncExitStack, suppress
from datetime import timedelta

from temporalio.client import Client
from temporalio.worker import Worker, WorkerDeploymentConfig

from activities.agreements import AgreementActivities
from activities.cases import CaseActivities
from activities.charges import ChargeActivities
from activities.cohorts import CohortActivities
from activities.communications import CommunicationActivities
from activities.dependencies import Dependencies
from activities.interference import InterferenceActivities
from activities.log import log_to_stderr
from activities.notices import NoticeActivities
from banks.settings import bank_from
from channels.links import links_from
from channels.settings import gateway_from, rate_of
from embedded.home import home
from models.errors import Refusal
from storage.engine import connect_from_environment
from workflows.build import build_id, current_build, deployment_of
from workflows.client import connect, leave
from workflows.cohort_ruler import CohortRuler
from workflows.communication import Communication
from workflows.foreign import Admission
from workflows.instalment_agreement import InstalmentAgreement
from workflows.metrics import serve_metrics
from workflows.names import PROVIDERS, TASK_QUEUE, queue_of
from workflows.sandbox import Sandbox
from workflows.taxpayer_ruler import TaxpayerRuler

AT_ONCE = 48
"""Activities at once: while one batch of case transactions is carried out (activities/batches.py), the next gathers."""

CONNECTIONS = 20
"""To the database, at most: a batch holds one."""

CACHED = 2_000
"""Cases a worker remembers; another one's history is read again when something happens to it. With more of them each
task takes longer: the SDK looks through all."""

COLLECTED = (20_000, 20, 10)
"""After how many new objects Python looks for those that nothing holds (its own: 700, 10, 10). It looks through all
cases that are remembered, which was a third of a worker's computing once each new one took an old one's place."""

WAITING = 64
"""Notices of one provider at once: most of them only wait for its answer, without a connection."""

GRACE = timedelta(seconds=8)

RETRY_SECONDS = 0.5
"""After which a Temporal server that was away is tried again."""


def worker_on(client: Client, dependencies: Dependencies, deployment: WorkerDeploymentConfig | None = None) -> Worker:
    """The worker of cases. Without a deployment it serves whatever workflow there is, whichever build is current."""
    case, cohort, agreement, communication = (
        CaseActivities(dependencies),
        CohortActivities(dependencies, client),
        AgreementActivities(dependencies),
        CommunicationActivities(dependencies),
    )
    return Worker(
        client,
        task_queue=TASK_QUEUE,
        workflows=[TaxpayerRuler, CohortRuler, InstalmentAgreement, Communication],
        activities=[
            NoticeActivities(dependencies).notify,
            case.evaluate,
            case.ask_approval,
            case.suspend_benefits,
            case.reinstate_benefits,
            case.deem_served,
            case.refer,
            case.resolve,
            case.end_campaign,
            case.cancel,
            agreement.review_agreement,
            agreement.tell_of_instalment,
            communication.look_at_communication,
            communication.communicate,
            cohort.start_cases,
            InterferenceActivities(dependencies.engine).record_interference,
            *([ChargeActivities(dependencies.engine, dependencies.bank).charge] if dependencies.bank else []),
        ],
        activity_executor=ThreadPoolExecutor(AT_ONCE),
        max_concurrent_activities=AT_ONCE,
        max_cached_workflows=CACHED,
        workflow_runner=Sandbox(),
        interceptors=[Admission()],
        graceful_shutdown_timeout=GRACE,
        deployment_config=deployment,
    )


def carrier_on(client: Client, dependencies: Dependencies, provider: str, rate: float | None) -> Worker:
    """Serve the messages that leave by one provider, at most `rate` a second over all workers. A message is the
    same whichever build asks for it, so carriers have no deployment."""
    return Worker(
        client,
        task_queue=queue_of(provider),
        activities=[NoticeActivities(dependencies).notify, CommunicationActivities(dependencies).communicate],
        activity_executor=ThreadPoolExecutor(WAITING),
        interceptors=[Admission()],
        max_concurrent_activities=WAITING,
        max_task_queue_activities_per_second=rate,
        graceful_shutdown_timeout=GRACE,
    )


async def reach_temporal(stop: asyncio.Event) -> Client | None:
    """A server that is away is waited for, as it is by a worker that serves already; None when told to stop first."""
    while not stop.is_set():
        try:
            return await connect()
        except RuntimeError as away:
            print(f"waiting for the Temporal server: {away}", file=sys.stderr)
        with suppress(TimeoutError):
            await asyncio.wait_for(stop.wait(), RETRY_SECONDS)
    return None


async def main() -> None:
    dependencies = Dependencies(
        engine=connect_from_environment(pool=CONNECTIONS),
        post=gateway_from(os.environ, home()),
        links=links_from(os.environ),
        bank=bank_from(os.environ),
    )
    serve_metrics(os.environ)
    stop = asyncio.Event()
    for sign in (signal.SIGTERM, signal.SIGINT):
        asyncio.get_running_loop().add_signal_handler(sign, stop.set)
    client = await reach_temporal(stop)
    if client is None:
        return
    gc.freeze()
    gc.set_threshold(*COLLECTED)
    build = build_id()
    if (current := await current_build(client)) != build:
        print(f"build {build} waits, {current or 'none'} is current; `starter.py migrate` changes it", file=sys.stderr)
    async with AsyncExitStack() as serving:
        await serving.enter_async_context(worker_on(client, dependencies, deployment_of(build)))
        for provider in PROVIDERS:
            if provider in dependencies.post.providers:
                rate = rate_of(provider, os.environ)
                await serving.enter_async_context(carrier_on(client, dependencies, provider, rate))
        await stop.wait()


if __name__ == "__main__":
    log_to_stderr()
    try:
        asyncio.run(main())
    except Refusal as refusal:
        print(f"error: {refusal}", file=sys.stderr)
        leave(1)
    leave(0)
