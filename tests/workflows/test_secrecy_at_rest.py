"""The server's files of a workflow: with the cipher none of its words, without it each of them, in the same file."""

from collections.abc import AsyncIterator
from datetime import timedelta
from pathlib import Path

import pytest
from temporalio import activity, workflow
from temporalio.api.common.v1 import WorkflowExecution
from temporalio.api.query.v1 import WorkflowQuery
from temporalio.api.workflowservice.v1 import QueryWorkflowRequest
from temporalio.client import Client, WorkflowFailureError, WorkflowUpdateFailedError
from temporalio.common import RetryPolicy
from temporalio.contrib.pydantic import pydantic_data_converter
from temporalio.exceptions import ActivityError, ApplicationError
from temporalio.testing import WorkflowEnvironment
from temporalio.worker import UnsandboxedWorkflowRunner, Worker

from tests.chance import fresh_key
from tests.payloads import CONVERTER
from tests.workflows.town import SCRIPTS
from workflows.start import SUMMARY_BYTES

WRITTEN = (
    "input",
    "memo",
    "static summary",
    "static details",
    "signal",
    "update",
    "update's answer",
    "update's failure",
    "activity's summary",
    "activity's input",
    "activity's progress",
    "activity's answer",
    "activity's failure",
    "activity's failure's details",
    "timer's summary",
    "workflow's failure",
)
"""Where a workflow's words go."""
ASKED = ("query's answer", "current details")
"""Where they go when somebody asks."""


@activity.defn
async def answer(words: str) -> str:
    word = words.partition(":")[0]
    activity.heartbeat(f"{word}: activity's progress")
    return f"{word}: activity's answer"


@activity.defn
async def fail(word: str) -> None:
    raise ApplicationError(f"{word}: activity's failure", f"{word}: activity's failure's details")


@workflow.defn
class Talker:
    """Says a word of its own everywhere that it can."""

    @workflow.init
    def __init__(self, words: str) -> None:
        self.word = words.partition(":")[0]
        self.let_go = False

    @workflow.run
    async def run(self, words: str) -> None:
        workflow.set_current_details(f"{self.word}: current details")
        seconds = timedelta(seconds=20)
        await workflow.execute_activity(
            answer,
            f"{self.word}: activity's input",
            start_to_close_timeout=seconds,
            heartbeat_timeout=seconds,
            summary=f"{self.word}: activity's summary",
        )
        heard = ""
        try:
            await workflow.execute_activity(
                fail, self.word, start_to_close_timeout=seconds, retry_policy=RetryPolicy(maximum_attempts=1)
            )
        except ActivityError as error:
            heard = str(error.cause)
        await workflow.wait_condition(
            lambda: self.let_go, timeout=seconds, timeout_summary=f"{self.word}: timer's summary"
        )
        raise ApplicationError(f"{self.word}: workflow's failure", heard)

    @workflow.signal
    def go(self, words: str) -> None:
        self.let_go = True

    @workflow.update
    def ask(self, words: str) -> str:
        return f"{self.word}: update's answer"

    @workflow.update
    def ask_too_much(self) -> str:
        raise ApplicationError(f"{self.word}: update's failure")

    @workflow.query
    def tell(self) -> str:
        return f"{self.word}: query's answer"


@pytest.fixture(scope="module")
def file(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("temporal") / "temporal.db"


@pytest.fixture(scope="module")
async def address(file: Path) -> AsyncIterator[str]:
    server = await WorkflowEnvironment.start_local(
        dev_server_existing_path=str(SCRIPTS / "temporal"),
        dev_server_database_filename=str(file),
        dev_server_extra_args=["--sqlite-pragma", "journal_mode=wal"],
        dev_server_log_level="error",
    )
    async with server:
        yield server.client.service_client.config.target_host


async def talk(client: Client, word: str) -> bytes:
    """Talk with a workflow, and give what its client is sent. It says everything once, and all that its client hears is
    as it was said."""
    queue = f"queue-{word}"
    worker = Worker(
        client,
        task_queue=queue,
        workflows=[Talker],
        activities=[answer, fail],
        workflow_runner=UnsandboxedWorkflowRunner(),
    )
    async with worker:
        talker = await client.start_workflow(
            Talker.run,
            f"{word}: input",
            id=f"talker-{word}",
            task_queue=queue,
            execution_timeout=timedelta(seconds=60),
            memo={"memo": f"{word}: memo"},
            static_summary=f"{word}: static summary",
            static_details=f"{word}: static details",
        )
        assert await talker.execute_update(Talker.ask, f"{word}: update") == f"{word}: update's answer"
        with pytest.raises(WorkflowUpdateFailedError) as refused:
            await talker.execute_update(Talker.ask_too_much)
        assert str(refused.value.cause) == f"{word}: update's failure"
        assert await talker.query(Talker.tell) == f"{word}: query's answer"
        answers = [await ask(client, talker.id, query) for query in ("tell", "__temporal_workflow_metadata")]
        await talker.signal(Talker.go, f"{word}: signal")
        with pytest.raises(WorkflowFailureError) as failed:
            await talker.result()
        assert isinstance(failed.value.cause, ApplicationError)
        assert str(failed.value.cause) == f"{word}: workflow's failure"
        assert failed.value.cause.details == (f"{word}: activity's failure",)
        described = await talker.describe()
        assert await described.static_summary() == f"{word}: static summary"
        assert await described.memo() == {"memo": f"{word}: memo"}
    return b"".join(answers)


async def ask(client: Client, workflow_id: str, query: str) -> bytes:
    """The answer as the server sends it."""
    execution = WorkflowExecution(workflow_id=workflow_id)
    asked = QueryWorkflowRequest(namespace=client.namespace, execution=execution, query=WorkflowQuery(query_type=query))
    return (await client.workflow_service.query_workflow(asked)).SerializeToString()


async def test_the_server_keeps_no_word_of_a_workflow_that_encrypts_and_each_of_one_that_does_not(
    address: str, file: Path
) -> None:
    open_word, hidden_word = f"open-{fresh_key()}", f"hidden-{fresh_key()}"
    told = b"".join(
        [
            await talk(await Client.connect(address, data_converter=pydantic_data_converter), open_word),
            await talk(await Client.connect(address, data_converter=CONVERTER), hidden_word),
        ]
    )
    kept = b"".join(path.read_bytes() for path in (file, file.with_name("temporal.db-wal")))
    assert [where for where in WRITTEN if f"{open_word}: {where}".encode() not in kept] == []
    assert [where for where in WRITTEN if f"{hidden_word}: {where}".encode() in kept] == []
    assert [where for where in ASKED if f"{open_word}: {where}".encode() not in told] == []
    assert [where for where in ASKED if f"{hidden_word}: {where}".encode() in told] == []
    # ids are not encrypted, and say nothing
    assert kept.count(hidden_word.encode()) == kept.count(f"talker-{hidden_word}".encode()) + kept.count(
        f"queue-{hidden_word}".encode()
    )


async def test_the_longest_summary_is_taken_encrypted_too(address: str) -> None:
    client = await Client.connect(address, data_converter=CONVERTER)
    longest = '"' * SUMMARY_BYTES
    talker = await client.start_workflow(
        Talker.run, "long: input", id="talker-long", task_queue="nobody", static_summary=longest
    )
    assert await (await talker.describe()).static_summary() == longest
    await talker.terminate()
