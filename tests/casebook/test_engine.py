"""Temporal and a case: what it does with one (L25, L31, L32), and must not do to one (S1, S2, S6)."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress
from dataclasses import replace
from datetime import timedelta
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import Engine
from temporalio import activity
from temporalio.client import Client, WorkflowExecutionStatus, WorkflowUpdateFailedError, WorkflowUpdateStage
from temporalio.service import RPCError
from temporalio.worker import Worker

from channels.file_transport import FileTransport
from channels.mail_gateway import MailGateway
from channels.sendgrid import SendGrid
from models.contact.communication import CommunicationKind
from tests.builders import FACTS, debt, filing
from tests.chance import fresh_key
from tests.workflows.conftest import town as town
from tests.workflows.conftest import town_database as town_database
from tests.workflows.conftest import town_engine as town_engine
from tests.workflows.conftest import whole_town as whole_town
from tests.workflows.town import REAL_DAY, Life, Town, cutting_histories, skipping_time
from worker import worker_on
from workflows.communication import Communication
from workflows.effects import CommunicationDispatch, CommunicationNextAction, CommunicationStart, Dispatch
from workflows.names import communication_workflow_id

SECONDS = 2.5
"""For what ought to come."""
PATIENCE = 15.0
"""For what ought not to come, and does on a slow machine too."""


async def answer_to(life: Life, command: str) -> str:
    """The status that the command is answered with, or why it was refused."""
    try:
        return await life.command(command)
    except WorkflowUpdateFailedError as failed:
        return f"refused: {failed.cause}"


async def soon(there: Any, seconds: float = SECONDS) -> bool:
    """Whether it comes true within so many seconds."""
    for _ in range(int(seconds / 0.05)):
        if await there():
            return True
        await asyncio.sleep(0.05)
    return False


# ---- L25: each block on a case is its own fact


async def test_l25_what_was_paused_on_hold_is_resumed_on_hold(town: Town) -> None:
    life = await town.begin_one(([debt("2026-09", "1000.00", "deposit")], [filing()]))
    assert life.status == "on_hold"
    assert await answer_to(life, "pause") == "on_hold"
    assert await answer_to(life, "resume") == "on_hold"


async def test_l25_what_was_paused_while_it_ran_is_resumed(town: Town) -> None:
    life = await town.begin_one(FACTS["h1"])
    await life.climbs(1)
    assert await answer_to(life, "pause") == "paused"
    assert await answer_to(life, "resume") == "running"


# ---- L31: nobody sleeps backwards


@asynccontextmanager
async def reminder_whose_hours_opened(client: Client, ago: timedelta) -> AsyncIterator[list[str]]:
    """A reminder of an instalment, told that it might leave at an instant that lies behind by the time its workflow
    hears of it: no worker was there meanwhile. Yields what is done for it."""
    queue = f"agreement-{fresh_key()[:8]}"
    told: list[str] = []

    @activity.defn
    async def look_at_communication(communication: str) -> CommunicationNextAction:
        told.append("look")
        by_mail = Dispatch(channel="email", rung_channel="email", queue=queue)
        return CommunicationNextAction(runs_at=activity.info().started_time - ago, dispatches=(by_mail,))

    @activity.defn
    async def communicate(dispatch: CommunicationDispatch) -> CommunicationNextAction:
        told.append("communicate")
        return CommunicationNextAction(outcome="sent")

    effects: list[Any] = [look_at_communication, communicate]
    async with Worker(client, task_queue=queue, workflows=[Communication], activities=effects):
        about = CommunicationStart(
            communication=fresh_key()[:8], kind=CommunicationKind.REMINDER, case="c", cohort="c", ruler="r"
        )
        handle = await client.start_workflow(
            Communication.run, about, id=communication_workflow_id(about.communication), task_queue=queue
        )
        yield told
        with suppress(RPCError):
            await handle.terminate()


async def test_l31_an_opening_hour_that_passed_is_not_slept_for() -> None:
    async with skipping_time() as env, reminder_whose_hours_opened(env.client, timedelta(hours=1)) as told:

        async def handed_over() -> bool:
            return told == ["look", "communicate"]

        slept = not await soon(handed_over)
    assert not slept, told


# ---- L32: news is heard though a provider's worker is gone


@asynccontextmanager
async def town_without_carriers(database: str, engine: Engine, outbox: Path) -> AsyncIterator[Town]:
    """Its e-mail goes by a provider whose worker is gone; a day lasts a second of real time."""
    mail = SendGrid("key", url="http://127.0.0.1:1", timeout=1.0, patience=0.0)
    async with skipping_time() as env:
        town = Town(env, database, engine, outbox, MailGateway({"email": mail}, FileTransport(outbox)))

        async with worker_on(town.client, town.dependencies), town.relaying():
            yield town


async def test_l32_a_payment_is_heard_while_no_worker_takes_the_notice(
    database: str, engine: Engine, tmp_path: Path
) -> None:
    async with town_without_carriers(database, engine, tmp_path) as town:
        life = await town.begin_one(FACTS["h1"], day_seconds=Decimal(1))

        async def is_queued() -> bool:
            return bool((await life.handle.describe()).raw_description.pending_activities)

        async def resolved() -> bool:
            return bool(await asyncio.to_thread(lambda: life.get("closed_at")))

        if not await soon(is_queued, PATIENCE):
            raise RuntimeError("no notice was ever handed over")
        await life.pays_everything()
        heard = await soon(resolved)
        await life.handle.terminate()
    assert heard


# ---- S1, S2, S6: nobody is believed for what he says of himself, and Temporal ends nothing


BIA = {"by": "bia", "role": "supervisor", "reason": "x", "seen": ""}
SAID = {"approve": BIA, "approve_suspension": BIA, "acted": 999_999}
"""Updates of a case's workflow, and what somebody says in them for whom no command wrote an act down."""


async def awaits_approval_and_is_told(town: Town, update: str) -> Life:
    """By a client of a stranger's, which has no key: plain JSON."""
    life = await town.begin_one(FACTS["h8"])
    await life.reaches("awaiting_approval")
    stranger = Client(town.client.service_client, namespace=town.client.namespace)
    handle = stranger.get_workflow_handle(life.handle.id)
    with suppress(WorkflowUpdateFailedError):
        await handle.start_update(update, SAID[update], wait_for_stage=WorkflowUpdateStage.ACCEPTED)
    return life


@pytest.mark.parametrize("update", SAID)
async def test_s1_an_approval_that_no_command_wrote_down_approves_nothing(town: Town, update: str) -> None:
    life = await awaits_approval_and_is_told(town, update)

    async def suspended() -> bool:
        return bool(await asyncio.to_thread(lambda: life.suspended_benefits))

    assert not await soon(suspended)
    assert life.status == "awaiting_approval"


@pytest.mark.parametrize("update", SAID)
async def test_s1_a_forged_approval_is_on_record_as_refused(town: Town, update: str) -> None:
    life = await awaits_approval_and_is_told(town, update)
    refused = "SELECT count(*) FROM audit_log WHERE subject = :case AND outcome = 'refused'"

    async def recorded() -> bool:
        return await asyncio.to_thread(life.rows, refused) == [(1,)]

    assert await soon(recorded)


async def test_s2_a_cancellation_in_temporal_ends_no_case(town: Town) -> None:
    life = await town.begin_one(FACTS["h1"])
    await life.handle.cancel()

    async def ended() -> bool:
        return bool(await asyncio.to_thread(lambda: life.get("closed_at")))

    assert not await soon(ended, PATIENCE)


async def test_s2_what_was_terminated_is_taken_up_again(database: str, engine: Engine, tmp_path: Path) -> None:
    """On Temporal's own server, since the one that skips time can list no workflows."""
    async with cutting_histories(4096) as env:
        town = Town(env, database, engine, tmp_path)
        async with worker_on(town.client, town.dependencies), town.relaying(reconciled_every=0.2):
            life = await town.begin_one(FACTS["h1"], day_seconds=REAL_DAY)
            await life.handle.terminate()

            async def runs() -> bool:
                return (await life.handle.describe()).status is WorkflowExecutionStatus.RUNNING

            assert await soon(runs, PATIENCE)
            tried = "SELECT command FROM audit_log WHERE subject = :case AND outcome = 'refused'"
            assert life.rows(tried) == [("temporal end",)]


async def test_s6_a_lost_temporal_db_costs_no_case(database: str, engine: Engine, tmp_path: Path) -> None:
    """The server of today has never heard of any case of yesterday's."""
    async with cutting_histories(4096) as env:
        town = Town(env, database, engine, tmp_path)
        async with worker_on(town.client, town.dependencies), town.relaying():
            lives = await town.begin(*[FACTS["h1"]] * 30, day_seconds=REAL_DAY)
    async with cutting_histories(4096) as env:
        town = Town(env, database, engine, tmp_path)
        async with worker_on(town.client, town.dependencies), town.relaying(reconciled_every=0.2):
            heirs = [replace(life, town=town) for life in lives]

            async def all_run() -> bool:
                described = [await _status(life) for life in heirs]
                return set(described) == {WorkflowExecutionStatus.RUNNING}

            assert await soon(all_run, PATIENCE)
            for life in heirs:
                await life.pays_everything()
            for life in heirs:
                assert await life.ends() == "resolved"


async def _status(life: Life) -> WorkflowExecutionStatus | None:
    try:
        return (await life.handle.describe()).status
    except RPCError:
        return None
