"""Values that aren't ours: nobody with our keys wrote them for this very workflow. They are let in nowhere.

Whoever reaches Temporal's port may send what he likes. A payload that failed to decode would make the workflow's task
fail for ever, and leave all that comes after it unheard; so each becomes a marker, which is refused where it arrives.
"""

from __future__ import annotations

from collections.abc import Sequence
from enum import Enum
from typing import Any

from temporalio import activity, workflow
from temporalio.api.common.v1 import Payload
from temporalio.common import RawValue
from temporalio.contrib.pydantic import PydanticPayloadConverter
from temporalio.converter import CompositePayloadConverter, EncodingPayloadConverter
from temporalio.exceptions import ApplicationError
from temporalio.worker import (
    ActivityInboundInterceptor,
    ExecuteActivityInput,
    ExecuteWorkflowInput,
    HandleSignalInput,
    Interceptor,
    WorkflowInboundInterceptor,
    WorkflowInterceptorClassInput,
)

ENCODING = "regua/foreign"

REFUSED = "Refused"
"""The type of an error whose words may be read by anybody: they name no person."""

NOT_OURS = "this was not written by the product for this workflow, and nothing came of it"


class Foreign(Enum):
    VALUE = "foreign"


FOREIGN = Foreign.VALUE
"""Stands for a value that isn't ours, whatever type is asked for."""

MARKER = Payload(metadata={"encoding": ENCODING.encode()})


class ForeignConverter(EncodingPayloadConverter):
    """Gives the marker for what the codec has marked."""

    @property
    def encoding(self) -> str:
        return ENCODING

    def to_payload(self, value: Any) -> Payload | None:
        return None

    def from_payload(self, payload: Payload, type_hint: type | None = None) -> Any:
        return FOREIGN


class OurPayloadConverter(CompositePayloadConverter):
    """Pydantic's, which knows the marker too."""

    def __init__(self) -> None:
        super().__init__(ForeignConverter(), *PydanticPayloadConverter().converters.values())


def ours(values: Sequence[Any]) -> bool:
    """Whether it is one value, as everything is that we send, and ours."""
    return len(values) == 1 and not _is_foreign(values[0])


def _is_foreign(value: Any) -> bool:
    if isinstance(value, RawValue):
        return value.payload.metadata.get("encoding") == ENCODING.encode()
    return value is FOREIGN


def refusal(why: str) -> ApplicationError:
    """A refusal for the eyes of whoever asked, in Temporal's own Web UI too."""
    return ApplicationError(why, type=REFUSED, non_retryable=True)


class Admission(Interceptor):
    """Lets a worker's workflows and activities have only what is ours."""

    def workflow_interceptor_class(self, input: WorkflowInterceptorClassInput) -> type[WorkflowInboundInterceptor]:
        return WorkflowAdmission

    def intercept_activity(self, next: ActivityInboundInterceptor) -> ActivityInboundInterceptor:
        return ActivityAdmission(next)


class WorkflowAdmission(WorkflowInboundInterceptor):
    """A workflow that isn't ours fails at once, so that its id is free; a signal that isn't goes unheard. Updates are
    refused by their handlers, which put that on record."""

    async def execute_workflow(self, input: ExecuteWorkflowInput) -> Any:
        if not ours(input.args):
            raise refusal(NOT_OURS)
        return await super().execute_workflow(input)

    async def handle_signal(self, input: HandleSignalInput) -> None:
        if ours(_said(input.args)):
            await super().handle_signal(input)
        else:
            workflow.logger.warning("a signal that isn't ours went unheard")


class ActivityAdmission(ActivityInboundInterceptor):
    async def execute_activity(self, input: ExecuteActivityInput) -> Any:
        if not ours(input.args):
            activity.logger.warning("an activity that isn't ours was refused")
            raise refusal(NOT_OURS)
        return await super().execute_activity(input)


def _said(args: Sequence[Any]) -> Sequence[Any]:
    """The values of a signal; a handler of any name has them after the name."""
    match args:
        case [str(), list() as values]:
            return values
        case _:
            return args
