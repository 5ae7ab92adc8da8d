"""The relay, which delivers the signals of the outbox to cases, whatever is down meanwhile, in each case's order.

One relay works at a time, however many web processes run: an advisory lock chooses it. A signal is marked delivered
after it was; between the two a crash repeats it, which an event may be.
"""

import time
from collections import defaultdict
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass

import anyio
import structlog
from anyio.to_thread import run_sync
from sqlalchemy import BindParameter, Engine, bindparam, func, select, update
from temporalio.client import Client
from temporalio.service import RPCError, RPCStatusCode

from models.case.status import Status
from models.events import EVENTS, YIELDING, CommunicationChanged, Event, HistoryRetired, InstalmentsChanged
from storage.case.path import on_the_way
from storage.outbox import CHANNEL
from storage.read_models.vitals import RELAY
from storage.schema import agreements, cases, communications, outbox, policies, rulers
from web.background.leadership import connected, leads
from workflows.client import is_unreachable
from workflows.effects import AgreementStart, CommunicationStart
from workflows.names import agreement_workflow_id, case_workflow_id
from workflows.start import start_case, tell_agreement, tell_communication

log = structlog.get_logger()

BATCH = 100
AT_ONCE = 20
POLL_SECONDS = 1.0
DELIVERY_SECONDS = 5.0
FIRST_BACKOFF, LONGEST_BACKOFF = 0.25, 5.0
REST_SECONDS = 30.0
"""How long a case waits whose signal failed for a reason of its own, so that the others go on."""

LAST: BindParameter[str] = bindparam(
    "last", [event.signal() for event in YIELDING], expanding=True, literal_execute=True
)
"""Written out, as the index has it."""

EVENT_OF_SIGNAL = {event.signal(): event for event in EVENTS}


class TemporalUnreachable(Exception):
    pass


@dataclass(frozen=True)
class Message:
    """A message of the outbox: a signal that a case's workflow has yet to get."""

    id: int
    case: str
    name: str
    payload: dict[str, object]

    @property
    def event(self) -> Event:
        return EVENT_OF_SIGNAL[self.name].model_validate(self.payload)


class Relay:
    """Delivers the outbox. `poll_seconds` is the net below the notifications, which a lost connection may swallow."""

    def __init__(
        self,
        database: str,
        engine: Engine,
        connect: Callable[[], Awaitable[Client]],
        poll_seconds: float = POLL_SECONDS,
    ) -> None:
        self.database = database
        self.engine = engine
        self.connect = connect
        self.poll_seconds = poll_seconds
        self._client: Client | None = None
        self._told: list[int] = []
        self._resting: dict[str, float] = {}
        self._backoff = FIRST_BACKOFF
        self._failing = False
        self.looked_at = time.monotonic()
        """The moment at which it last began to look, whatever came of it."""

    async def run(self) -> None:
        """Deliver until cancelled; whatever goes wrong is waited out."""
        while True:
            self.looked_at = time.monotonic()
            try:
                await self._work()
            except Exception as error:
                if not self._failing:
                    # the kind of error only: a message may quote what was sent
                    log.warning("the outbox waits", reason=type(error).__name__)
                self._failing = True
            await anyio.sleep(self._backoff)
            self._backoff = min(self._backoff * 2, LONGEST_BACKOFF)

    async def _work(self) -> None:
        async with connected(self.database) as listener:
            await listener.execute(f"LISTEN {CHANNEL}")
            while True:
                self.looked_at = time.monotonic()
                chosen = await leads(listener, RELAY)
                # shielded: what was delivered is marked before a shutdown goes on
                with anyio.CancelScope(shield=True):
                    delivered = await self._deliver_due() if chosen else 0
                self._recovered()
                if delivered < BATCH:
                    # one notification tells of all that is there, and without any the outbox is looked at all the same
                    async for _ in listener.notifies(timeout=self.poll_seconds, stop_after=1):
                        pass

    def _recovered(self) -> None:
        if self._failing:
            log.info("the outbox is delivered again")
        self._failing = False
        self._backoff = FIRST_BACKOFF

    async def _deliver_due(self) -> int:
        """Deliver a batch and give how many were delivered. Those told before a database failed are marked first, not
        told again."""
        await run_sync(self._mark_told)
        due = await run_sync(self._due)
        if not due:
            return 0
        client = await self._temporal()
        reachable = await self._deliver(client, due)
        delivered = len(self._told)
        await run_sync(self._mark_told)
        if not reachable:
            raise TemporalUnreachable
        return delivered

    async def _temporal(self) -> Client:
        if self._client is None:
            with anyio.fail_after(DELIVERY_SECONDS):
                self._client = await self.connect()
        return self._client

    async def _deliver(self, client: Client, due: Sequence[Message]) -> bool:
        """Deliver to cases side by side, to each in its order. False when Temporal can't be reached."""
        by_case: dict[str, list[Message]] = defaultdict(list)
        for owed in due:
            by_case[owed.case].append(owed)
        reachable = True
        slots = anyio.Semaphore(AT_ONCE)

        async def deliver_case(signals: list[Message]) -> None:
            nonlocal reachable
            async with slots:
                for owed in signals:
                    if not reachable:
                        return
                    try:
                        with anyio.fail_after(DELIVERY_SECONDS):
                            await self._tell(client, owed)
                    except Exception as error:
                        if is_unreachable(error):
                            reachable = False
                        else:
                            self._rest(owed, error)
                        return
                    self._told.append(owed.id)

        async with anyio.create_task_group() as tasks:
            for signals in by_case.values():
                tasks.start_soon(deliver_case, signals)
        return reachable

    async def _tell(self, client: Client, owed: Message) -> None:
        event = owed.event
        if isinstance(event, HistoryRetired):
            workflow = agreement_workflow_id(event.agreement) if event.agreement else case_workflow_id(owed.case)
            await _end(client, workflow)
            if event.agreement:
                event = InstalmentsChanged(agreement=event.agreement)
        if isinstance(event, InstalmentsChanged):
            await tell_agreement(client, await run_sync(self._agreement, event.agreement), event)
            return
        if isinstance(event, CommunicationChanged):
            await tell_communication(client, await run_sync(self._communication, event.communication), event)
            return
        try:
            await client.get_workflow_handle(case_workflow_id(owed.case)).signal(owed.name, event)
        except RPCError as error:
            if error.status != RPCStatusCode.NOT_FOUND:
                raise
            # not started yet, or opened again by a reversal; a closed case needs no telling: the ledger has it
            start = await run_sync(self._start_of, owed.case)
            if start is not None:
                await start_case(client, owed.case, *start, signal=event)

    def _rest(self, owed: Message, error: Exception) -> None:
        status = error.status.name if isinstance(error, RPCError) else None
        log.warning("a case's signals wait", case=owed.case, signal=owed.id, reason=type(error).__name__, status=status)
        self._resting[owed.case] = time.monotonic() + REST_SECONDS

    def _due(self) -> list[Message]:
        now = time.monotonic()
        self._resting = {case: until for case, until in self._resting.items() if until > now}
        columns = (outbox.c.id, outbox.c.case, outbox.c.name, outbox.c.payload)
        query = (
            select(*columns)
            .where(outbox.c.delivered_at.is_(None), outbox.c.case.not_in(self._resting))
            .order_by(outbox.c.name.in_(LAST), outbox.c.id)
            .limit(BATCH)
        )
        with self.engine.connect() as connection:
            return [Message(**row) for row in connection.execute(query).mappings()]

    def _mark_told(self) -> None:
        if not self._told:
            return
        with self.engine.begin() as connection:
            connection.execute(
                update(outbox).where(outbox.c.id.in_(self._told)).values(delivered_at=func.clock_timestamp())
            )
        self._told.clear()

    def _start_of(self, case: str) -> tuple[str, str] | None:
        """The cohort and ruler of a case that should have a workflow: one that is open, or of which a notice is on its
        way, and that is not in the control group."""
        query = (
            select(cases.c.cohort, rulers.c.label)
            .select_from(cases.join(rulers))
            .where(
                cases.c.id == case,
                cases.c.closed_at.is_(None) | on_the_way(),
                cases.c.status != Status.CONTROL.value,
            )
        )
        with self.engine.connect() as connection:
            row = connection.execute(query).one_or_none()
        return row.tuple() if row else None

    def _agreement(self, agreement: str) -> AgreementStart:
        query = (
            select(agreements.c.id, agreements.c.case, cases.c.cohort, policies.c.label)
            .select_from(agreements.join(cases).join(policies))
            .where(agreements.c.id == agreement)
        )
        with self.engine.connect() as connection:
            row = connection.execute(query).one()
        return AgreementStart(agreement=row.id, case=row.case, cohort=row.cohort, policy=row.label)

    def _communication(self, communication: str) -> CommunicationStart:
        query = (
            select(communications.c.id, communications.c.kind, communications.c.case, cases.c.cohort, rulers.c.label)
            .select_from(communications.join(cases).join(rulers))
            .where(communications.c.id == communication)
        )
        with self.engine.connect() as connection:
            row = connection.execute(query).one()
        return CommunicationStart(
            communication=row.id, kind=row.kind, case=row.case, cohort=row.cohort, ruler=row.label
        )


async def _end(client: Client, workflow: str) -> None:
    """End a workflow, if it runs: what comes after starts it anew from the record, which has all that was done."""
    try:
        await client.get_workflow_handle(workflow).terminate("the code now running starts it anew from the record")
    except RPCError as error:
        if error.status != RPCStatusCode.NOT_FOUND:
            raise
