"""Compares the record with Temporal: starts again what should live, closes what should not, and says so.

Nobody acts for the authority in Temporal itself: who cancels, terminates, resets or deletes there, or loses its
database, ends no case. Of several web processes one looks, as with the relay, which starts what is told to look again.
"""

from __future__ import annotations

import time
from collections.abc import Awaitable, Callable, Collection, Iterator, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from math import inf
from typing import TypeVar

import anyio
import structlog
from anyio.to_thread import run_sync
from sqlalchemy import Connection, Engine
from temporalio.client import Client
from temporalio.service import RPCError, RPCStatusCode

from storage.audit.living import (
    AGREEMENTS,
    CASES,
    COMMUNICATIONS,
    FEW,
    Living,
    look_again,
    put_on_record,
    record_stranger,
)
from storage.read_models.vitals import RECONCILER
from web.background.intakes import keep_intakes
from web.background.leadership import connected, leads
from workflows.names import AGREEMENT, CASE, COMMUNICATION
from workflows.running import STUCK, Described, How, count, describe, failing, halted, ids, others, running, terminate

log = structlog.get_logger()

PAUSE_SECONDS = 15.0
WHOLE_SECONDS = 3600.0
"""After which all are compared though their numbers agree: one may be gone, and another too many."""
AT_ONCE = 20
BATCH = 500

LINGERS = timedelta(hours=2)
"""For which the workflow of what is closed may still be about to end: what is on its way waits in a queue meanwhile."""

PREFIX = {CASES: CASE, AGREEMENTS: AGREEMENT, COMMUNICATIONS: COMMUNICATION}

DONE = {How.ENDED: "end", How.LOST: "loss", How.ANOTHER: "squat"}
"""The interference with a workflow, by how it was found."""

DIGITS = "0123456789abcdef"
"""The ids of cases and agreements are made of them at random, and those of communications begin with one of theirs, so
that their parts are of a size."""
LISTED, LONGEST = 1000, 5
"""Workflows that are listed at once, and the most digits by which they are parted."""

T = TypeVar("T")


@dataclass
class Differences:
    missing: set[str] = field(default_factory=set)
    """On record, and not in Temporal's list."""
    extra: set[str] = field(default_factory=set)


class Reconciler:
    def __init__(
        self,
        database: str,
        engine: Engine,
        connect: Callable[[], Awaitable[Client]],
        pause: float = PAUSE_SECONDS,
    ) -> None:
        self.database = database
        self.engine = engine
        self.connect = connect
        self.pause = pause
        self._whole_at = dict.fromkeys(PREFIX, -inf)

    async def run(self) -> None:
        """Compare until cancelled; whatever goes wrong is waited out."""
        while True:
            try:
                await self._work()
            except Exception as error:
                # the kind of error only: a message may quote what is on record
                log.warning("the record and Temporal were not compared", reason=type(error).__name__)
            await anyio.sleep(self.pause)

    async def _work(self) -> None:
        client = await self.connect()
        async with connected(self.database) as leader:
            while True:
                # asked each time: a lost connection has lost the lock too
                if await leads(leader, RECONCILER):
                    await self._take_turn(client)
                await anyio.sleep(self.pause)

    async def _take_turn(self, client: Client) -> None:
        """Compare all; a Temporal that is asked too much is asked again at the next turn, which stays ours."""
        try:
            for what in PREFIX:
                await self.compare(client, what)
            await keep_intakes(client, self.engine)
        except RPCError as error:
            if error.status is not RPCStatusCode.RESOURCE_EXHAUSTED:
                raise
            log.warning("Temporal is asked more than it answers")

    async def compare(self, client: Client, what: Living) -> None:
        """Mend what stands otherwise in Temporal than on record: all are counted, and where the numbers differ, or
        nobody has looked at each for long, which they are."""
        whole = time.monotonic() > self._whole_at[what] + WHOLE_SECONDS
        if whole or await self._read(what.count) != await count(client, running(what.workflow)):
            living = await self._read(what.ids)
            found = Differences()
            await self._look_into(client, what, "", living, found, whole)
            query = others(what.workflow, [PREFIX[what] + digit for digit in DIGITS])
            found.extra |= {of.removeprefix(PREFIX[what]) async for of in ids(client, query)}
            await self._take_up(client, what, sorted(found.missing))
            await self._close(client, what, sorted(found.extra))
        if whole:
            self._whole_at[what] = time.monotonic()
        await self._free(client, what)
        await self._release(client, what)

    async def _look_into(
        self, client: Client, what: Living, part: str, living: set[str], found: Differences, whole: bool
    ) -> None:
        """Find the differences among those whose ids begin with `part`, of which `living` should run. Temporal lists a
        few thousand workflows at great cost, and counts them at little: so the parts whose numbers agree are left."""
        query = running(what.workflow, PREFIX[what] + part)
        there = await count(client, query)
        if there == len(living) and not whole:
            return
        if max(there, len(living)) > LISTED and len(part) < LONGEST:
            for digit in DIGITS:
                under = {of for of in living if of.startswith(part + digit)}
                await self._look_into(client, what, part + digit, under, found, whole)
        else:
            listed = {of.removeprefix(PREFIX[what]) async for of in ids(client, query)}
            found.missing |= living - listed
            found.extra |= listed - living

    async def _take_up(self, client: Client, what: Living, missing: Sequence[str]) -> None:
        """Start those again that have no workflow, once Temporal has been asked for each."""
        described = await self._described(client, what, missing)
        gone = {of: seen for of, seen in described.items() if seen.how is not How.RUNS}
        found = {of: case for part in _parts([*gone]) for of, case in await self._read(lambda c: what.untold(c, part))}  # noqa: B023
        for of in found:
            if gone[of].how is How.ANOTHER:
                await terminate(client, PREFIX[what] + of)
        for how, done in DONE.items():
            await self._mend(what, {of: case for of, case in found.items() if gone[of].how is how}, done)

    async def _close(self, client: Client, what: Living, extra: Sequence[str]) -> None:
        """Have those end that run though theirs is closed, and end those that are of nothing on record."""
        now = datetime.now(UTC)
        for part in _parts(extra):
            closed = await self._read(lambda c: what.closed(c, part))  # noqa: B023
            described = await self._described(client, what, [*closed])
            began_after = {of: case for of, (case, at) in closed.items() if _since(described[of], at)}
            await self._mend(what, began_after, "reset")
            late = {of: case for of, (case, at) in closed.items() if of not in began_after and at + LINGERS < now}
            await self._mend(what, late)
            for of in sorted({*part} - await self._read(lambda c: what.known(c, part))):  # noqa: B023
                await terminate(client, PREFIX[what] + of)
                await self._write(lambda c: record_stranger(c, PREFIX[what] + of))  # noqa: B023

    async def _free(self, client: Client, what: Living) -> None:
        """Start those again whose task fails for ever: what somebody sent them is gone with their history. So many that
        it must be our own fault are left to people."""
        hanging = await count(client, failing(what.workflow))
        if hanging > FEW:
            log.error("workflow tasks fail", workflow=what.workflow, workflows=hanging)
        elif hanging:
            prefix = PREFIX[what]
            named = [found.removeprefix(prefix) async for found in ids(client, failing(what.workflow))]
            described = await self._described(client, what, named)
            stuck = [of for of, seen in described.items() if seen.how is How.RUNS and seen.attempts >= STUCK]
            await self._begin_anew(client, what, stuck, "hang")

    async def _release(self, client: Client, what: Living) -> None:
        """Start those again that somebody had Temporal hold back."""
        named = [found.removeprefix(PREFIX[what]) async for found in ids(client, halted(what.workflow))]
        await self._begin_anew(client, what, named, "halt")

    async def _begin_anew(self, client: Client, what: Living, named: Sequence[str], done: str) -> None:
        """End the workflows of those that live, and start them again from the record."""
        found = {of: case for part in _parts(named) for of, case in await self._read(lambda c: what.untold(c, part))}  # noqa: B023
        for of in found:
            await terminate(client, PREFIX[what] + of)
        await self._mend(what, found, done)

    async def _mend(self, what: Living, found: dict[str, str], done: str | None = None) -> None:
        """Have them look at their record, and put on record what was done to them."""
        if found and done:
            log.warning(
                "workflows stood otherwise than on record", workflow=what.workflow, done=done, workflows=len(found)
            )
            await self._write(lambda c: put_on_record(c, found, done, datetime.now(UTC)))
        for part in _parts([*found]):
            await self._write(lambda c: look_again(c, what, {of: found[of] for of in part}))  # noqa: B023

    async def _described(self, client: Client, what: Living, asked: Collection[str]) -> dict[str, Described]:
        described: dict[str, Described] = {}
        slots = anyio.Semaphore(AT_ONCE)

        async def ask(of: str) -> None:
            async with slots:
                described[of] = await describe(client, PREFIX[what] + of, what.workflow)

        for part in _parts([*asked]):
            async with anyio.create_task_group() as tasks:
                for of in part:
                    tasks.start_soon(ask, of)
        return described

    async def _read(self, ask: Callable[[Connection], T]) -> T:
        def read() -> T:
            with self.engine.connect() as connection:
                return ask(connection)

        return await run_sync(read)

    async def _write(self, do: Callable[[Connection], None]) -> None:
        def write() -> None:
            with self.engine.begin() as connection:
                do(connection)

        await run_sync(write)


def _since(seen: Described, moment: datetime) -> bool:
    return seen.how is How.RUNS and seen.started is not None and seen.started > moment


def _parts(named: Sequence[str]) -> Iterator[Sequence[str]]:
    return (named[first : first + BATCH] for first in range(0, len(named), BATCH))
