"""A town of taxpayers for whole lives: real worker, relay, PostgreSQL and workflows on a server that skips time.

On the compressed clock of most lives a logical day lasts one hour, and the first is always Tuesday, 3 November 2026.
"""

import asyncio
import gzip
import json
import os
import re
import sysconfig
from collections.abc import AsyncIterator, Callable, Sequence
from contextlib import AsyncExitStack, asynccontextmanager, suppress
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from pathlib import Path
from typing import Any

import anyio
from google.protobuf.json_format import MessageToDict, ParseDict
from sqlalchemy import Engine, delete, func, insert, select, text, update
from temporalio.api.common.v1 import Payload, WorkflowExecution
from temporalio.api.enums.v1 import IndexedValueType
from temporalio.api.operatorservice.v1 import AddSearchAttributesRequest
from temporalio.api.workflowservice.v1 import DescribeWorkflowExecutionRequest
from temporalio.client import Client, WorkflowHandle, WorkflowHistory
from temporalio.service import RPCError
from temporalio.testing import WorkflowEnvironment

from activities.dependencies import Dependencies
from channels.file_transport import FileTransport
from channels.mail_gateway import MailGateway
from models.case.cohort_state import State
from models.case.evidence import Debt, Filing
from models.case.selection import Selection
from models.events import Event, HardshipDeclared, NoticeServed, PriorStepTaken
from models.law.calendar import Clock
from models.payment.pix import PixPayment, PixRefund
from models.proof.holdout import Arm
from models.ruler.check import read_ruler
from operations.cases import Acted, approve_suspension, declare_hardship, pause_case, reject_suspension, resume_case
from operations.operation import Credentials
from storage.case.cohort_lifecycle import change_cohort_state
from storage.case.cohorts import Cohort, Lot, OtherArm, candidates, create_cohort, open_cases, pin_ruler
from storage.catalogue import RULERS
from storage.outbox import enqueue
from storage.payments.ledger import record_pix
from storage.schema import (
    benefits,
    cases,
    communications,
    debtors,
    debts,
    filings,
    holds,
    notices,
    prior_step_debts,
    prior_steps,
    taxpayers,
)
from tests.builders import ICMS, REFIS, REGISTERED, Facts, inscribed
from tests.chance import fresh_key
from tests.payloads import CIPHER, CONVERTER
from web.background.reconciler import Reconciler
from web.background.relay import Relay
from worker import carrier_on, worker_on
from workflows.client import register_search_attributes
from workflows.cohort_ruler import CohortRuler
from workflows.effects import Intake
from workflows.names import (
    PROVIDERS,
    SEARCH_ATTRIBUTES,
    TASK_QUEUE,
    agreement_workflow_id,
    case_workflow_id,
    cohort_workflow_id,
    communication_workflow_id,
)
from workflows.taxpayer_ruler import TaxpayerRuler

HISTORIES = Path(__file__).parent / "histories"
SCRIPTS = Path(sysconfig.get_path("scripts"))
FIRST_DAY = date(2026, 11, 3)
HOUR = Decimal(3600)
REST_SECONDS = 5.0
ANSWERS = 4
"""Calls at most for one answer of the server, which a busy machine keeps from answering in time."""
REAL_DAY = Decimal(86_400)
TAX = {ICMS: "ICMS", REGISTERED: "IPTU", REFIS: "ISS"}


UNTOLD = 'SELECT count(*) FROM outbox WHERE "case" = :case AND delivered_at IS NULL'


@asynccontextmanager
async def skipping_time() -> AsyncIterator[WorkflowEnvironment]:
    server = str(SCRIPTS / "temporal-test-server")
    starting = WorkflowEnvironment.start_time_skipping(test_server_existing_path=server, data_converter=CONVERTER)
    async with await starting as env:
        kinds = {
            name: IndexedValueType.Value(f"INDEXED_VALUE_TYPE_{kind.upper()}")
            for name, kind in SEARCH_ATTRIBUTES.items()
        }
        wanted = AddSearchAttributesRequest(namespace=env.client.namespace, search_attributes=kinds)
        await env.client.operator_service.add_search_attributes(wanted)
        yield env


@asynccontextmanager
async def cutting_histories(events: int, *more: str) -> AsyncIterator[WorkflowEnvironment]:
    """The dev server, which suggests to continue as new after so few events. Its time is real."""
    settings = (f"limit.historyCount.suggestContinueAsNew={events}", *more)
    starting = WorkflowEnvironment.start_local(
        dev_server_existing_path=str(SCRIPTS / "temporal"),
        dev_server_extra_args=[word for value in settings for word in ("--dynamic-config-value", value)],
        data_converter=CONVERTER,
    )
    async with await starting as env:
        await register_search_attributes(env.client)
        yield env


async def until(holds_true: Callable[[], Any], seconds: float = 60.0) -> None:
    """For what another thread or process is about to do."""
    async with asyncio.timeout(seconds):
        while not await asyncio.to_thread(holds_true):  # noqa: ASYNC110 - it comes true in another process
            await asyncio.sleep(0.01)


async def result_of(handle: WorkflowHandle[Any, Any]) -> str:
    """How a workflow ended.

    Where it lives for longer than the server lets a call wait, this server answers with a page that is empty and the
    last, which the SDK takes for a history without an end: so it is asked again.
    """
    for _ in range(ANSWERS - 1):
        try:
            return str(await handle.result())
        except RuntimeError as error:
            if str(error) != "No completion event found":
                raise
    return str(await handle.result())


@dataclass
class Town:
    env: WorkflowEnvironment
    database: str
    engine: Engine
    outbox: Path
    providers: MailGateway | None = None
    """None: all stays in the outbox."""
    lives: list["Life"] = field(default_factory=list)
    cohorts: list[str] = field(default_factory=list)
    agreements: list[str] = field(default_factory=list)

    @property
    def communications(self) -> list[str]:
        """The communications of all its lives."""
        asked = select(communications.c.id).where(communications.c.case.in_([life.case for life in self.lives]))
        with self.engine.connect() as connection:
            return list(connection.scalars(asked.order_by(communications.c.id)))

    @property
    def post(self) -> MailGateway:
        return self.providers or MailGateway({}, FileTransport(self.outbox))

    @property
    def dependencies(self) -> Dependencies:
        return Dependencies(self.engine, self.post)

    @property
    def client(self) -> Client:
        return self.env.client

    @asynccontextmanager
    async def at_work(self) -> AsyncIterator[None]:
        async with AsyncExitStack() as serving:
            await serving.enter_async_context(worker_on(self.client, self.dependencies))
            for provider in self.post.providers & {*PROVIDERS}:
                carrier = carrier_on(self.client, self.dependencies, provider, None)
                await serving.enter_async_context(carrier)
            await serving.enter_async_context(self.relaying())
            yield

    @asynccontextmanager
    async def relaying(self, reconciled_every: float | None = None) -> AsyncIterator[None]:
        """The relay, and the reconciler, as they work beside the web: a cancelled asyncio task, in place of a scope,
        would leave what its threads are at, and the connections that these hold."""

        async def client() -> Client:
            return self.client

        async def run(ends: asyncio.Event) -> None:
            async with anyio.create_task_group() as tasks:
                tasks.start_soon(Relay(self.database, self.engine, client, poll_seconds=0.1).run)
                if reconciled_every:
                    tasks.start_soon(Reconciler(self.database, self.engine, client, reconciled_every).run)
                await ends.wait()
                tasks.cancel_scope.cancel()

        ends = asyncio.Event()
        working = asyncio.create_task(run(ends))
        try:
            yield
        finally:
            ends.set()
            await working

    async def begin(self, *people: Facts, start: bool = True, **more: Any) -> list["Life"]:
        """A cohort of these people, one case each, as an analyst would start it. Without `start` their cases are only
        opened on record, as they are just before."""
        cohort, ids = await self._found(people, **more)
        if start:
            workflow_id = cohort_workflow_id(cohort.name)
            with self.env.auto_time_skipping_disabled():  # or who is in already climbs until the last one is
                await self.client.execute_workflow(
                    CohortRuler.run, Intake(cohort=cohort.name), id=workflow_id, task_queue=TASK_QUEUE
                )
            self.cohorts.append(cohort.name)
        else:
            for page in candidates(self.engine, cohort.frozen.ruler, cohort.selection, cohort.clock.origin_day):
                open_cases(self.engine, cohort, page, cohort.clock.origin_day)
        begun = [Life(self, self._case_of(taxpayer), taxpayer, cohort.clock) for taxpayer in ids]
        self.lives += begun
        if start:
            for life in begun:
                await until(lambda life=life: life.is_seen() or life.status == "control")  # type: ignore[misc]
        return begun

    async def _found(
        self,
        people: tuple[Facts, ...],
        ruler: str = ICMS,
        day_seconds: Decimal = HOUR,
        channels: str | None = None,
        fallback: dict[str, list[str]] | None = None,
        accrual: str = "",
        until: datetime | None = None,
        control: Decimal | None = None,
        rival: str | None = None,
        source: str | None = None,
        again: Sequence["Life"] = (),
        first_day: date = FIRST_DAY,
    ) -> tuple[Cohort, list[int]]:
        """`source` is the ruler's text, if not as shipped; the people of `again` owe for another period."""
        ids = [await asyncio.to_thread(self._settle, facts, TAX[ruler]) for facts in people]
        for life in again:
            await asyncio.to_thread(self.add_debt, life.taxpayer, TAX[ruler], inscribed("2026-08")[0][0])
        ids += [life.taxpayer for life in again]
        now = await self.env.get_current_time()
        clock = Clock(
            day_seconds=day_seconds,
            origin_wall=now,
            origin_day=first_day if day_seconds < REAL_DAY else now.date(),
            timezone="America/Maceio",
        )
        name = f"cohort-{fresh_key()[:8]}"
        with self.engine.begin() as connection:
            source = source or RULERS.read(ruler)[1]
            if fallback:
                source = source.replace("fallback:\n  email: [sms]\n", f"fallback: {json.dumps(fallback)}\n")
            source += accrual
            if channels:
                source = source.replace("channels: [domicile, email, sms]", f"channels: {channels}")
            if until:
                source = source.replace("2023-06-23 16:00", f"{until:%Y-%m-%d %H:%M}")
                source = source.replace("from: 2023-05-02", f"from: {now.date()}")
            read = read_ruler(source).ruler
            assert read
            first_year = min(now.year, FIRST_DAY.year) - 1
            frozen = pin_ruler(connection, read, source, first_year)
            others: tuple[OtherArm, ...] = ()
            if rival:
                read = read_ruler(rival).ruler
                assert read
                half = (1 - (control or Decimal(0))) / 2
                others = (OtherArm(Arm.RIVAL, half, pin_ruler(connection, read, rival, first_year)),)
        selection = Selection(tax=TAX[REFIS]) if ruler == REFIS else Selection()
        standard = (1 - (control or Decimal(0))) / 2 if frozen.ruler.goes_by_habit else None
        lot = Lot("salt", control, others, standard) if control or others or standard else None
        return create_cohort(self.engine, Cohort(name, frozen, selection, clock, "Zélia", lot=lot)), ids

    async def begin_one(self, facts: Facts, **more: Any) -> "Life":
        [life] = await self.begin(facts, **more)
        return life

    def _settle(self, facts: Facts, tax: str) -> int:
        owed, returns = facts
        with self.engine.begin() as connection:
            key = fresh_key()
            person = {"key": key, "tax_id": "11222333000181", "name": "Padaria", "is_company": True}
            if self.providers:
                person |= {
                    "email": f"{key}@taxpayer.example",
                    "phone": f"+55829{int(key[:8], 16) % 90_000_000 + 10**7}",
                }
            who: int = connection.execute(insert(taxpayers).values(person).returning(taxpayers.c.id)).scalar_one()
            connection.execute(insert(benefits).values(taxpayer=who, code="P1", name="PRODESIN"))
        for debt in owed:
            self.add_debt(who, tax, debt)
        for filing in returns:
            self.put_filing(who, tax, filing)
        return who

    def add_debt(self, who: int, tax: str, debt: Debt) -> None:
        row = debt.model_dump(include={"period", "due", "litigation"})
        row |= {"tax": tax, "inscription": f"{who}-{debt.inscription}", "amount": debt.balance}
        with self.engine.begin() as connection:
            made = connection.execute(insert(debts).values(row).returning(debts.c.id)).scalar_one()
            connection.execute(insert(debtors).values(debt=made, taxpayer=who))
            for ground in debt.grounds:
                connection.execute(insert(holds).values(debt=made, ground=ground, source="extract"))

    def put_filing(self, who: int, tax: str, filing: Filing) -> None:
        """A newer version of a return supersedes the former."""
        mine = (filings.c.taxpayer == who) & (filings.c.period == filing.period) & filings.c.superseded_at.is_(None)
        with self.engine.begin() as connection:
            connection.execute(update(filings).where(mine).values(superseded_at=datetime.now(UTC)))
            connection.execute(insert(filings).values(taxpayer=who, tax=tax, **filing.model_dump()))

    def _case_of(self, taxpayer: int) -> str:
        with self.engine.connect() as connection:
            newest = select(cases.c.id).where(cases.c.taxpayer == taxpayer).order_by(cases.c.opened_at.desc()).limit(1)
            return str(connection.execute(newest).scalar_one())

    async def _told_all(self) -> None:
        """Until everybody has been told what he is owed, as far as somebody tells him."""
        owed = text("SELECT count(*) FROM outbox WHERE delivered_at IS NULL")

        def silent() -> bool:
            with self.engine.connect() as connection:
                return bool(connection.execute(owed).scalar_one() == 0)

        with suppress(TimeoutError):
            await until(silent, REST_SECONDS)

    async def _is_at_rest(self, workflow: str) -> None:
        """Until nothing is being done for it; what is tried again and again is not waited for."""
        execution = WorkflowExecution(workflow_id=workflow)
        asked = DescribeWorkflowExecutionRequest(namespace=self.client.namespace, execution=execution)
        with suppress(TimeoutError):
            async with asyncio.timeout(REST_SECONDS):
                while (await self.client.workflow_service.describe_workflow_execution(asked)).pending_activities:  # noqa: ASYNC110
                    await asyncio.sleep(0.01)

    async def forget(self) -> None:
        """Ends what still runs. One that ends in the middle of an activity stops the server's time for good."""
        for life in self.lives:
            if life.get("closed_at") is None:
                await life.has_its_cohort_cancelled()
        await self._told_all()
        for life in self.lives:
            with suppress(TimeoutError):
                await until(lambda life=life: life.get("closed_at") is not None, REST_SECONDS)  # type: ignore[misc]
            with suppress(RPCError):
                await self._is_at_rest(life.handle.id)
        for workflow in map(agreement_workflow_id, self.agreements):
            with suppress(RPCError):
                await self._is_at_rest(workflow)
                await self.client.get_workflow_handle(workflow).terminate()
        with self.engine.begin() as connection:
            # the next cohort is of the next test's people alone
            connection.execute(delete(debtors))
            connection.execute(update(filings).values(superseded_at=func.now()))
        self.lives.clear()
        self.agreements.clear()
        self.cohorts.clear()


@dataclass
class Life:
    """One taxpayer's case: what happens to it, and what is seen of it on the record."""

    town: Town
    case: str
    taxpayer: int
    clock: Clock
    paid: list[PixPayment] = field(default_factory=list)

    @property
    def handle(self) -> WorkflowHandle[Any, Any]:
        return self.town.client.get_workflow_handle(case_workflow_id(self.case))

    def rows(self, query: str) -> list[tuple[Any, ...]]:
        with self.town.engine.connect() as connection:
            return [tuple(row) for row in connection.execute(text(query), {"case": self.case, "who": self.taxpayer})]

    def get(self, column: str) -> Any:
        return self.rows(f"SELECT {column} FROM cases WHERE id = :case")[0][0]

    def is_seen(self) -> bool:
        """Whether its workflow has looked at the record."""
        return bool(self.get("revision"))

    @property
    def status(self) -> str:
        return str(self.get("status"))

    @property
    def next_on(self) -> date | None:
        written = self.get("next_step ->> 'on'")
        return date.fromisoformat(written) if written else None

    @property
    def path(self) -> list[tuple[str, str]]:
        """The cells of the heat-map whose notices were sent, in order; one a rung, whatever its channels."""
        query = """SELECT hypothesis, stage FROM notices WHERE "case" = :case AND sent_at IS NOT NULL AND kind = 'rung'
                   GROUP BY step, hypothesis, stage ORDER BY step"""
        return [(row[0], row[1]) for row in self.rows(query)]

    @property
    def journal(self) -> list[str]:
        return [row[0] for row in self.rows('SELECT kind FROM decisions WHERE "case" = :case ORDER BY id')]

    @property
    def suspended_benefits(self) -> int:
        query = 'SELECT count(*) FROM suspensions WHERE "case" = :case AND reinstated_at IS NULL'
        return int(self.rows(query)[0][0])

    async def today(self) -> date:
        return self.clock.day_at(await self.town.env.get_current_time())

    async def passes(self, days: float) -> None:
        """One day at a time: the server answers when a sleep is over, and all that falls due in it takes its time."""
        while days > 0:
            await self._sleeps(timedelta(seconds=float(self.clock.day_seconds) * min(days, 1)))
            days -= 1

    async def _sleeps(self, time: timedelta) -> None:
        """Where a busy machine needs longer for what falls due than a call may take, the call is made again."""
        for _ in range(ANSWERS - 1):
            with suppress(RPCError):
                await self.town.env.sleep(time)
                return
        await self.town.env.sleep(time)

    async def climbs(self, notices: int) -> None:
        """Lives on until so many rungs were done in all."""
        await self._lives_until(lambda: len(self.path) >= notices)

    async def reaches(self, status: str) -> None:
        await self._lives_until(lambda: self.status == status)

    async def _lives_until(self, there: Callable[[], bool], days: int = 500) -> None:
        for _ in range(days):
            if await asyncio.to_thread(there):
                return
            await self.passes(1)
        raise AssertionError(f"after {days} days {self.case} is {self.status} at {self.path[-1:]}")

    async def ends(self) -> str:
        """Time passes once all is heard: else it would jump over the call's own, to the hours of a receipt."""
        await until(lambda: self.rows(UNTOLD)[0][0] == 0)
        return await result_of(self.handle)

    async def told(self) -> None:
        """Until the relay has delivered all that the case is owed and the workflow has looked at the record."""
        before = self.get("revision")
        await until(lambda: self.rows(UNTOLD)[0][0] == 0)
        await until(lambda: self.get("revision") > before or self.get("closed_at") is not None)

    async def pays(self, amount: str, period: str = "2026-09") -> None:
        query = f"""SELECT pix_txid FROM debts JOIN debtors ON debtors.debt = debts.id
                    WHERE taxpayer = :who AND period = '{period}'"""
        now = await self.town.env.get_current_time()
        payment = PixPayment(f"E{fresh_key()[:31]}", self.rows(query)[0][0], Decimal(amount), now)
        self.paid.append(payment)
        record_pix(self.town.engine, [payment], now)

    async def pays_everything(self) -> None:
        query = """SELECT period, balance FROM debts JOIN debtors ON debtors.debt = debts.id
                   WHERE taxpayer = :who AND balance > 0"""
        for period, balance in self.rows(query):
            await self.pays(balance, period)

    async def has_its_last_payment_reversed(self) -> None:
        now = await self.town.env.get_current_time()
        last = self.paid[-1]
        refund = PixRefund("D1", last.amount, now)
        record_pix(self.town.engine, [PixPayment(last.end_to_end_id, last.txid, last.amount, now, (refund,))], now)

    async def is_served(self) -> None:
        """Proof of service of the last formal notice is registered."""
        on = await self.today()
        mine = (notices.c.case == self.case) & notices.c.formal & (notices.c.channel == "domicile")
        last = notices.c.id.in_(select(func.max(notices.c.id)).where(mine))
        with self.town.engine.begin() as connection:
            proven = update(notices).where(last).values(served_on=on, served_by="Ana").returning(notices.c.id)
            enqueue(connection, [self.case], NoticeServed(notice=connection.execute(proven).scalar_one(), on=on))

    async def is_ready_for_court(self) -> None:
        """People put on record what the law wants before a suit."""
        on = await self.today()
        wanted = ("administrative_solution", "protest", "cadin_notice")
        with self.town.engine.begin() as connection:
            step = {"case": self.case, "on": on, "reference": "processo", "recorded_by": "Ana"}
            rows = [{**step, "kind": kind} for kind in wanted]
            taken = connection.scalars(insert(prior_steps).returning(prior_steps.c.id), rows).all()
            of_case = """SELECT debt FROM debtors JOIN debts ON debts.id = debt JOIN cases USING (taxpayer, tax)
                         WHERE cases.id = :case"""
            owed = connection.scalars(text(of_case), {"case": self.case}).all()
            of_debts = [{"prior_step": step, "debt": debt} for step in taken for debt in owed]
            connection.execute(insert(prior_step_debts), of_debts)
            enqueue(connection, [self.case], PriorStepTaken())

    async def declares_hardship(self) -> HardshipDeclared:
        now = await self.town.env.get_current_time()
        on = await asyncio.to_thread(declare_hardship, self.town.engine, Credentials("Ana"), self.case, now)
        return HardshipDeclared(by="Ana", on=on)

    async def has_its_cohort_cancelled(self) -> None:
        now = await self.town.env.get_current_time()
        cancelled = (self.town.engine, self.get("cohort"), State.CANCELLED, "Bia", "fim", now)
        await asyncio.to_thread(change_cohort_state, *cancelled)

    def is_told(self, event: Event) -> None:
        with self.town.engine.begin() as connection:
            enqueue(connection, [self.case], event)

    async def command(self, name: str, by: str = "Ana", reason: str = "conferido") -> str:
        """Do to the case what a person does, once it knows what is on the record by now. Raises Refusal."""
        await self.knows_its_record()
        who, now = Credentials(by), await self.town.env.get_current_time()
        asked: dict[str, tuple[Callable[..., Acted], tuple[str, ...]]] = {
            "approve": (approve_suspension, ("", reason)),
            "reject": (reject_suspension, (reason,)),
            "pause": (pause_case, ()),
            "resume": (resume_case, ()),
        }
        does, said = asked[name]
        acted = await asyncio.to_thread(does, self.town.engine, who, self.case, *said, now)
        return str(await self.handle.execute_update("acted", acted.act, result_type=str))

    async def knows_its_record(self) -> None:
        written = self.get("revision")
        async with asyncio.timeout(60):
            while (known := await self.handle.query(TaxpayerRuler.current_action)) is None or known.revision < written:  # noqa: ASYNC110
                await asyncio.sleep(0.01)


async def keep_histories(town: Town, kind: str) -> None:
    """With RECORD set, the town's histories are kept for `test_replay`: each run of each life, and the cohorts'."""
    if not os.environ.get("RECORD"):
        return
    HISTORIES.mkdir(exist_ok=True)
    for number, life in enumerate(town.lives):
        for run, history in enumerate(await runs_of(town.client, life.handle.id)):
            write_history(f"{kind}-{number}-{run}", history)
    for number, agreement in enumerate(town.agreements):
        [history] = await runs_of(town.client, agreement_workflow_id(agreement))
        write_history(f"{kind}-agreement-{number}", history)
    for number, communication in enumerate(town.communications):
        for run, history in enumerate(await runs_of(town.client, communication_workflow_id(communication))):
            write_history(f"{kind}-communication-{number}-{run}", history)
    for number, cohort in enumerate(town.cohorts):
        [history] = await runs_of(town.client, cohort_workflow_id(cohort))
        write_history(f"{kind}-cohort-{number}", history)


async def runs_of(client: Client, workflow_id: str) -> list[WorkflowHistory]:
    """The newest run and those that it continues, newest first."""
    runs = [await client.get_workflow_handle(workflow_id).fetch_history()]
    while before := runs[-1].events[0].workflow_execution_started_event_attributes.continued_execution_run_id:
        runs.append(await client.get_workflow_handle(workflow_id, run_id=before).fetch_history())
    return runs


def write_history(name: str, history: WorkflowHistory) -> None:
    kept = json.dumps(_scrubbed(json.loads(history.to_json())), separators=(",", ":"), sort_keys=True)
    (HISTORIES / f"{name}.json.gz").write_bytes(gzip.compress(kept.encode(), mtime=0))


def _scrubbed(value: Any) -> Any:
    """Decrypted, and without the names of machines and processes, which also name the queues of sticky workers."""
    if isinstance(value, dict) and "encryption-key-id" in value.get("metadata", {}):
        return MessageToDict(CIPHER.decrypt(ParseDict(value, Payload())))
    if isinstance(value, dict):
        return {key: "worker" if key == "identity" else _scrubbed(inner) for key, inner in value.items()}
    if isinstance(value, list):
        return [_scrubbed(inner) for inner in value]
    return re.sub(r"\d+@[\w.-]+", "worker", value) if isinstance(value, str) else value
