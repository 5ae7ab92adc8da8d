"""The process that does what works beside the web."""

import os
import signal
import subprocess
import sys

import anyio
import pytest

from tests.commands.test_import_command import REPOSITORY
from tests.commands.test_killed_imports import eventually, pids
from tests.payloads import KEYS
from web.background.work import again_and_again

LOCKS = """
    SELECT count(*)::int FROM pg_locks JOIN pg_database ON pg_database.oid = pg_locks.database
    WHERE locktype = 'advisory' AND granted AND datname = current_database()
"""


async def test_a_piece_that_failed_is_done_again_and_takes_no_other_with_it() -> None:
    done: list[str] = []
    ended = anyio.Event()

    async def fails() -> None:
        done.append("failed")
        if len(done) == 3:
            ended.set()
        raise OSError(28, "No space left on device")

    with anyio.fail_after(10):
        async with anyio.create_task_group() as tasks:
            tasks.start_soon(again_and_again, fails, 0.01)
            await ended.wait()
            tasks.cancel_scope.cancel()


@pytest.mark.parametrize("sign", [signal.SIGTERM, signal.SIGINT])
def test_it_leads_until_it_is_told_to_stop_and_then_ends_by_itself(database: str, sign: signal.Signals) -> None:
    """Where it is the first process of a container, a signal that it doesn't ask for would never reach it."""
    settings = {"DATABASE_URL": database, "TEMPORAL_ADDRESS": "127.0.0.1:1", "REGUA_PAYLOAD_KEYS": KEYS}
    command = [sys.executable, "starter.py", "background"]
    with subprocess.Popen(command, cwd=REPOSITORY, env=os.environ | settings) as process:
        try:
            eventually(lambda: pids(database, LOCKS) != [0])
            process.send_signal(sign)
            assert process.wait(timeout=15) == 0
        finally:
            process.kill()
    eventually(lambda: pids(database, LOCKS) == [0])
