"""The one way a case's workflow is started, by a cohort or by a signal that finds no workflow, and asked; and those of
agreements and communications."""

import asyncio
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import replace

from temporalio.client import Client
from temporalio.common import (
    Priority,
    SearchAttributePair,
    TypedSearchAttributes,
    WorkflowIDConflictPolicy,
    WorkflowIDReusePolicy,
)
from temporalio.exceptions import TemporalError

from models.agreement.instalments import State
from models.case.status import Status
from models.errors import Refusal
from models.events import Event
from workflows.effects import AgreementStart, CaseStart, CommunicationStart, Evaluation
from workflows.names import (
    ACTED,
    TASK_QUEUE,
    agreement_workflow_id,
    case_workflow_id,
    communication_workflow_id,
)
from workflows.visibility import COHORT, RULER, STATUS, FoundBy, searchable

WORKFLOW = "TaxpayerRuler"
AGREEMENT_WORKFLOW = "InstalmentAgreement"
COMMUNICATION_WORKFLOW = "Communication"

SUMMARY_BYTES = 200
"""The most the server takes as a workflow's static summary."""

FAIRNESS_KEY_BYTES = 64

ANSWER_SECONDS = 15.0
"""How long a case's workflow has to answer in; an approval is answered once it is carried out."""


async def start_case(
    client: Client,
    case: str,
    cohort: str,
    ruler_label: str,
    signal: Event | None = None,
    evaluation: Evaluation | None = None,
) -> None:
    """Start the case's workflow unless it runs already; `signal` reaches it either way, before anything else. Whoever
    has evaluated it spares the workflow that."""
    events: Sequence[Event] = [] if signal is None else [signal]
    found_by: FoundBy = searchable(evaluation.next_action) if evaluation else {STATUS: Status.RUNNING}
    await client.start_workflow(
        WORKFLOW,
        CaseStart(case=case, cohort=cohort, ruler=ruler_label, evaluation=evaluation),
        id=case_workflow_id(case),
        task_queue=TASK_QUEUE,
        id_conflict_policy=WorkflowIDConflictPolicy.USE_EXISTING,
        id_reuse_policy=WorkflowIDReusePolicy.ALLOW_DUPLICATE,
        search_attributes=_search_attributes(cohort, ruler_label, found_by),
        static_summary=_summary(f"{cohort} · {ruler_label}"),
        # where a worker serves in this process, the answer brings it the first task, and none has to be found for it
        request_eager_start=True,
        priority=fair_to(cohort),
        start_signal=signal.signal() if signal else None,
        start_signal_args=events,
    )


async def tell_agreement(client: Client, start: AgreementStart, event: Event) -> None:
    """Signal the agreement's workflow, which is started for it unless it runs already."""
    await client.start_workflow(
        AGREEMENT_WORKFLOW,
        start,
        id=agreement_workflow_id(start.agreement),
        task_queue=TASK_QUEUE,
        id_conflict_policy=WorkflowIDConflictPolicy.USE_EXISTING,
        id_reuse_policy=WorkflowIDReusePolicy.ALLOW_DUPLICATE,
        search_attributes=_search_attributes(start.cohort, start.policy, {STATUS: State.ACTIVE}),
        static_summary=_summary(f"{start.cohort} · {start.policy} · case {start.case}"),
        priority=fair_to(start.cohort),
        start_signal=event.signal(),
        start_signal_args=[event],
    )


async def tell_communication(client: Client, start: CommunicationStart, event: Event) -> None:
    """Signal the communication's workflow, which is started for it unless it runs already."""
    await client.start_workflow(
        COMMUNICATION_WORKFLOW,
        start,
        id=communication_workflow_id(start.communication),
        task_queue=TASK_QUEUE,
        id_conflict_policy=WorkflowIDConflictPolicy.USE_EXISTING,
        id_reuse_policy=WorkflowIDReusePolicy.ALLOW_DUPLICATE,
        search_attributes=_search_attributes(start.cohort, start.ruler, {}),
        static_summary=_summary(f"{start.cohort} · {start.kind} · case {start.case}"),
        priority=fair_to(start.cohort),
        start_signal=event.signal(),
        start_signal_args=[event],
    )


def fair_to(cohort: str) -> Priority:
    """Cohorts take turns, however many cases each has; what a workflow asks for inherits it."""
    return Priority(fairness_key=cohort.encode()[:FAIRNESS_KEY_BYTES].decode(errors="ignore"))


def before_its_cases(cohort: str) -> Priority:
    """The priority of who takes people in: a handful of tasks, which would else wait behind each notice of those who
    are in."""
    return replace(fair_to(cohort), priority_key=1)


async def status_after(connect: Callable[[], Awaitable[Client]], case: str, act: int) -> Status | None:
    """Tell the case's workflow of an act on record; the status that it led to. None: there is no answer in time, and
    the relay tells it."""
    try:
        async with asyncio.timeout(ANSWER_SECONDS):
            handle = (await connect()).get_workflow_handle(case_workflow_id(case))
            return Status(await handle.execute_update(ACTED, act, result_type=str))
    except (TemporalError, TimeoutError, RuntimeError, ValueError, Refusal):
        return None


def _search_attributes(cohort: str, rules: str, found_by: FoundBy) -> TypedSearchAttributes:
    """The search attributes of a new workflow. `rules` is the label of a ruler, or of an agreement's policy."""
    values = {COHORT: cohort, RULER: rules, **found_by}
    return TypedSearchAttributes(
        [SearchAttributePair(key, value) for key, value in values.items() if value is not None]
    )


def _summary(text: str) -> str:
    return text.encode()[:SUMMARY_BYTES].decode(errors="ignore")
