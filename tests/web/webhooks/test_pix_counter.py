"""Pix callbacks that are posted together: nobody is told that what nobody recorded was taken."""

import asyncio
import threading
from datetime import UTC, datetime

import anyio
import pytest
from anyio.to_thread import current_default_thread_limiter, run_sync
from sqlalchemy import create_engine

from tests.payloads import CIPHER
from web.webhooks.pix import Call, Counter, Unposted

NOTHING_LISTENS = "postgresql+psycopg://nobody@127.0.0.1:1/none"


async def test_who_waits_for_a_posting_that_is_cut_short_is_not_told_that_it_was_done() -> None:
    """The one thread is busy: two postings wait for it, and two calls for a turn. When the first posting is given up,
    both calls are posted together; when that is given up too, the other call hears of it."""
    counter = Counter(create_engine(NOTHING_LISTENS), CIPHER)
    limiter, busy = current_default_thread_limiter(), threading.Event()
    threads, limiter.total_tokens = limiter.total_tokens, 1
    worker = asyncio.create_task(run_sync(busy.wait))
    try:
        await anyio.wait_all_tasks_blocked()
        calls = [Call(b'{"pix": []}', datetime.now(UTC)) for _ in range(4)]
        first, other, turn, beside = [asyncio.create_task(counter.post(call)) for call in calls]
        for given_up in (first, turn):
            await anyio.wait_all_tasks_blocked()
            given_up.cancel()
        with pytest.raises(Unposted):
            await beside
        other.cancel()
    finally:
        busy.set()
        await worker
        limiter.total_tokens = threads
