"""The worker process: which workflows and activities it serves, nothing else. SIGTERM lets what runs finish."""

import asyncio
import signal
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta

from sqlalchemy import Engine
from temporalio.client import Client
from temporalio.worker import Worker

from activities.cases import CaseActivities
from activities.cohorts import CohortActivities
from channels.outbox import Outbox
from embedded.home import home
from storage.engine import connect_from_environment
from workflows.client import connect, leave
from workflows.cohort_ruler import CohortRuler
from workflows.names import TASK_QUEUE
from workflows.taxpayer_ruler import TaxpayerRuler

THREADS = 16
"""Activities at once: each holds one database connection."""


def worker_on(client: Client, engine: Engine, outbox: Outbox) -> Worker:
    case, cohort = CaseActivities(engine, outbox), CohortActivities(engine, client)
    return Worker(
        client,
        task_queue=TASK_QUEUE,
        workflows=[TaxpayerRuler, CohortRuler],
        activities=[
            case.take_stock,
            case.notify,
            case.ask_approval,
            case.approve_suspension,
            case.reject_suspension,
            case.suspend_benefits,
            case.reinstate_benefits,
            case.refer,
            case.resolve,
            case.end_campaign,
            case.cancel,
            case.pause,
            case.resume,
            cohort.start_cases,
        ],
        activity_executor=ThreadPoolExecutor(THREADS),
        max_concurrent_activities=THREADS,
        max_cached_workflows=5_000,
        graceful_shutdown_timeout=timedelta(seconds=8),
    )


async def main() -> None:
    engine = connect_from_environment(pool=THREADS + 4)
    stop = asyncio.Event()
    for sign in (signal.SIGTERM, signal.SIGINT):
        asyncio.get_running_loop().add_signal_handler(sign, stop.set)
    async with worker_on(await connect(), engine, Outbox(home().outbox)):
        await stop.wait()


if __name__ == "__main__":
    asyncio.run(main())
    leave(0)
