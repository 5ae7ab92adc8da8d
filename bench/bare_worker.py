"""`python -m bench.bare_worker`: serves the bare workflow, with the settings and the encryption of our own worker."""

import asyncio
import signal
import sys
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager

from temporalio.worker import Worker

from bench.bare_ruler import QUEUE, BareRuler, nothing
from embedded import temporal
from embedded.child import Child, environment
from embedded.stack import Stack
from worker import AT_ONCE, CACHED
from workflows.client import connect, leave
from workflows.sandbox import Sandbox


@contextmanager
def bare_worker(stack: Stack) -> Iterator[Child]:
    """A process of its own, as our worker is."""
    settings = environment(TEMPORAL_ADDRESS=stack.services.temporal, REGUA_PAYLOAD_KEYS=stack.home.payload_keys)
    command = [sys.executable, "-m", "bench.bare_worker"]
    serving = Child("bare worker", command, stack.home.logs / "bare-worker.log", settings)
    serving.start()
    try:
        serving.until(lambda: temporal.has_worker(stack.services.temporal, QUEUE))
        yield serving
    finally:
        serving.stop()


async def main() -> None:
    stop = asyncio.Event()
    asyncio.get_running_loop().add_signal_handler(signal.SIGTERM, stop.set)
    async with Worker(
        await connect(),
        task_queue=QUEUE,
        workflows=[BareRuler],
        activities=[nothing],
        activity_executor=ThreadPoolExecutor(AT_ONCE),
        max_concurrent_activities=AT_ONCE,
        max_cached_workflows=CACHED,
        workflow_runner=Sandbox(),
    ):
        await stop.wait()


if __name__ == "__main__":
    asyncio.run(main())
    leave(0)
