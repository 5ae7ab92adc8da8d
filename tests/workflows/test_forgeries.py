"""A stranger who reaches Temporal's port may send anything: nothing comes of it, it is on record, it stops nothing."""

import asyncio
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from datetime import timedelta
from typing import Any

import pytest
from temporalio import workflow
from temporalio.api.common.v1 import Payload
from temporalio.client import Client, WorkflowFailureError, WorkflowUpdateFailedError
from temporalio.common import RawValue
from temporalio.exceptions import ActivityError, ApplicationError
from temporalio.worker import UnsandboxedWorkflowRunner, Worker

from tests.builders import FACTS
from tests.chance import fresh_key
from tests.payloads import KEYS
from tests.workflows.town import Life, Town, until
from workflows.foreign import NOT_OURS
from workflows.names import TASK_QUEUE, case_workflow_id
from workflows.secrecy import Cipher, cipher_of, encrypting

BIA = {"by": "bia", "role": "supervisor", "reason": "x", "seen": ""}


def plain(town: Town) -> Client:
    """A stranger's client, which has no key."""
    return Client(town.client.service_client, namespace=town.client.namespace)


def of_another_key(town: Town) -> Client:
    """Its key has the id of ours, so that nothing but the key itself gives it away."""
    converter = encrypting(Cipher({KEYS.partition(":")[0]: bytes(32)}))
    return Client(town.client.service_client, namespace=town.client.namespace, data_converter=converter)


def of_an_unknown_key(town: Town) -> Client:
    converter = encrypting(Cipher({"nobody-s": bytes(32)}))
    return Client(town.client.service_client, namespace=town.client.namespace, data_converter=converter)


STRANGERS = (plain, of_another_key, of_an_unknown_key)

COMMANDS: tuple[list[Any], ...] = ([1], [BIA], [], [1, 2])
KEPT_ELSEWHERE = RawValue(Payload(metadata={"__temporal_external_storage_reference": b"true"}))
REFERENCE = RawValue(Payload(metadata={"encoding": b"json/external-storage-reference"}, data=b"{"))
NEWS: tuple[list[Any], ...] = (
    [{"payment": 1}],
    ["x"],
    [],
    [1, 2, 3],
    [None],
    [b"\xff"],
    [KEPT_ELSEWHERE],
    [REFERENCE],
)
"""Values that strangers send with a signal."""


async def refused(asked: Any) -> str:
    with pytest.raises(WorkflowUpdateFailedError) as failed:
        await asked
    cause = failed.value.cause
    assert isinstance(cause, ApplicationError)
    return cause.message


def told(life: Life) -> list[tuple[Any, ...]]:
    """The entries about commands that were refused: the name of each, and how often."""
    query = """SELECT detail ->> 'update', coalesce((detail ->> 'times')::int, 1) FROM audit_log
               WHERE subject = :case AND command = 'temporal update' AND outcome = 'refused' ORDER BY id"""
    return life.rows(query)


async def test_after_a_hundred_forgeries_a_command_and_a_payment_work_at_once(town: Town) -> None:
    life = await town.begin_one(FACTS["h1"])
    await life.climbs(1)
    before = (life.journal, life.get("state"), life.status)
    for stranger in STRANGERS:
        handle = stranger(town).get_workflow_handle(life.handle.id)
        for update in ("acted", "approve", "approve_suspension"):
            for args in COMMANDS:
                assert await refused(handle.execute_update(update, args=args)) == NOT_OURS
        for signal in ("payment_received", "ruler_changed", "act_recorded", "nonsense"):
            for args in NEWS:
                await handle.signal(signal, args=args)
    assert (life.journal, life.get("state"), life.status) == before
    assert await life.command("pause") == "paused"
    assert await life.command("resume") == "running"
    await life.pays_everything()
    assert await life.ends() == "resolved"
    assert len(told(life)) <= 20
    assert sum(times for _, times in told(life)) == len(STRANGERS) * len(COMMANDS) * 3
    assert {name for name, _ in told(life)} <= {"acted", "approve", "approve_suspension", None}


async def test_what_was_encrypted_for_another_case_is_nothing_in_this_one(town: Town) -> None:
    life, other = await town.begin(FACTS["h1"], FACTS["h1"])
    await other.command("pause")
    history = await other.handle.fetch_history()
    [copied] = [
        event.workflow_execution_update_accepted_event_attributes.accepted_request.input.args.payloads[0]
        for event in history.events
        if event.HasField("workflow_execution_update_accepted_event_attributes")
    ]
    handle = plain(town).get_workflow_handle(life.handle.id)
    assert await refused(handle.execute_update("acted", RawValue(copied))) == NOT_OURS
    assert (life.status, [name for name, _ in told(life)]) == ("running", ["acted"])


async def test_a_name_that_no_update_has_is_not_repeated_on_record(town: Town) -> None:
    life = await town.begin_one(FACTS["h1"])
    handle = plain(town).get_workflow_handle(life.handle.id)
    await refused(handle.execute_update("Maria das Dores 529.982.247-25", 1))
    assert told(life) == [(None, 1)]


@pytest.mark.parametrize("stranger", STRANGERS)
@pytest.mark.parametrize("args", [[], [{"case": "x", "cohort": "x", "ruler": "x"}], [1, 2]])
@pytest.mark.parametrize("kind", ["TaxpayerRuler", "InstalmentAgreement", "CohortRuler"])
async def test_a_workflow_that_isn_t_ours_ends_at_once_and_holds_no_id(
    town: Town, stranger: Callable[[Town], Client], args: list[Any], kind: str
) -> None:
    started = await stranger(town).start_workflow(
        kind, args=args, id=case_workflow_id(fresh_key()), task_queue=TASK_QUEUE
    )
    with pytest.raises(WorkflowFailureError) as failed:
        await started.result()
    assert isinstance(failed.value.cause, ApplicationError)
    assert failed.value.cause.message == NOT_OURS


@workflow.defn
class Borrower:
    """A stranger's own workflow, which asks our workers for something."""

    @workflow.run
    async def run(self, effect: str, case: str) -> str:
        try:
            await workflow.execute_activity(
                effect, case, task_queue=TASK_QUEUE, start_to_close_timeout=timedelta(seconds=60)
            )
        except ActivityError as failed:
            return str(getattr(failed.cause, "message", ""))
        return "done"


@asynccontextmanager
async def borrowing(client: Client) -> AsyncIterator[str]:
    queue = f"borrower-{fresh_key()[:8]}"
    async with Worker(client, task_queue=queue, workflows=[Borrower], workflow_runner=UnsandboxedWorkflowRunner()):
        yield queue


async def test_our_workers_do_nothing_for_a_stranger_s_workflow(town: Town) -> None:
    life = await town.begin_one(FACTS["h1"])
    for stranger in STRANGERS:
        client = stranger(town)
        async with borrowing(client) as queue:
            for effect in ("cancel", "suspend_benefits", "evaluate", "notify", "start_cases"):
                asked = await client.execute_workflow(
                    Borrower.run, args=[effect, life.case], id=f"borrower-{fresh_key()}", task_queue=queue
                )
                assert asked == NOT_OURS
    assert life.status == "running"


async def test_an_answer_that_isn_t_ours_is_asked_for_again(town: Town) -> None:
    """A stranger completes what the workflow waits for, in the place of the worker that has it."""
    life = await town.begin_one(FACTS["h1"])
    await life.climbs(1)
    run = (await life.handle.describe()).run_id
    with town.engine.connect() as held:
        held.exec_driver_sql(f"SELECT FROM cases WHERE id = '{life.case}' FOR UPDATE")
        telling = asyncio.create_task(town.client.get_workflow_handle(life.handle.id).signal("extract_changed", {}))
        await telling
        stranger = plain(town)

        async def pending() -> str | None:
            found = (await life.handle.describe()).raw_description.pending_activities
            return found[0].activity_id if found else None

        async with asyncio.timeout(30):
            while (activity := await pending()) is None:  # noqa: ASYNC110
                await asyncio.sleep(0.02)
        await stranger.get_async_activity_handle(workflow_id=life.handle.id, run_id=run, activity_id=activity).complete(
            {"next_action": "suspend"}
        )
        held.rollback()
    assert await life.command("pause") == "paused"


def test_payloads_are_marked_and_never_fail() -> None:
    """Whatever bytes come, and whatever their metadata say."""
    ours = cipher_of(KEYS)
    marked = asyncio.run(
        ours.decode([Payload(), Payload(data=b"x"), Payload(metadata={"encoding": b"binary/encrypted"})])
    )
    assert {payload.metadata["encoding"] for payload in marked} == {b"regua/foreign"}


async def test_a_cancellation_is_on_record_and_people_are_asked_to_look(town: Town) -> None:
    life = await town.begin_one(FACTS["h1"])
    await life.climbs(1)
    await life.handle.cancel()
    task = """SELECT kind FROM tasks WHERE "case" = :case AND done_at IS NULL"""
    await until(lambda: life.rows(task) == [("interference",)])
    entry = "SELECT actor, role, outcome FROM audit_log WHERE subject = :case AND command = 'temporal cancel'"
    assert life.rows(entry) == [("temporal", None, "refused")]
    await life.climbs(2)
    await life.pays_everything()
    assert await life.ends() == "resolved"
