"""The SDK's own parts that the sandbox stands in for: another version of the SDK is looked at before it is used."""

import inspect
from importlib.metadata import version

from temporalio.converter import DataConverter
from temporalio.worker import WorkflowInstance
from temporalio.worker.workflow_sandbox import SandboxedWorkflowRunner

from workflows.sandbox import Sandbox, _Sandboxed
from workflows.secrecy import OurDataConverter

LOOKED_AT = ("1.35",)
"""The versions whose workflow instance and sandbox runner were read for what `workflows/sandbox.py` takes over."""

TAKEN_OVER = {
    "activate": ["self", "act"],
    "get_serialization_context": ["self", "command_info"],
    "get_external_store_context": ["self", "command_info"],
    "get_info": ["self"],
    "get_thread_id": ["self"],
}


def test_the_sdk_is_of_a_version_that_was_looked_at() -> None:
    assert version("temporalio").startswith(LOOKED_AT), "read its worker/_workflow_instance.py, then add it here"


def test_all_that_the_sdk_asks_of_an_instance_is_passed_on() -> None:
    asked = {name for name, part in vars(WorkflowInstance).items() if inspect.isfunction(part)}
    assert asked == TAKEN_OVER.keys()
    for name, parameters in TAKEN_OVER.items():
        for owner in (WorkflowInstance, _Sandboxed):
            assert [*inspect.signature(getattr(owner, name)).parameters] == parameters
    assert [*inspect.signature(SandboxedWorkflowRunner.create_instance).parameters] == ["self", "det"]
    for name in ("_decode_reference_payload_sequence", "_external_retrieve_payload_sequence"):
        assert [*inspect.signature(getattr(DataConverter, name)).parameters] == ["self", "payloads"]
        assert getattr(OurDataConverter, name) is not getattr(DataConverter, name)
    assert Sandbox.create_instance is not SandboxedWorkflowRunner.create_instance
