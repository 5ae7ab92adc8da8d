"""The one way a case's workflow is started, by a cohort or by a signal that finds no workflow."""

from collections.abc import Sequence

from temporalio.client import Client
from temporalio.common import (
    SearchAttributeKey,
    SearchAttributePair,
    TypedSearchAttributes,
    WorkflowIDConflictPolicy,
    WorkflowIDReusePolicy,
)

from models.case import CaseStart, Status
from models.events import Event
from workflows.names import TASK_QUEUE, case_workflow_id

WORKFLOW = "TaxpayerRuler"

SUMMARY_BYTES = 200
"""What the server takes as a workflow's static summary."""


async def start_case(client: Client, case: str, cohort: str, ruler_label: str, signal: Event | None = None) -> None:
    """Starts the case's workflow unless it runs already; `signal` reaches it either way, before anything else."""
    told: Sequence[Event] = [] if signal is None else [signal]
    await client.start_workflow(
        WORKFLOW,
        CaseStart(case=case, cohort=cohort, ruler=ruler_label),
        id=case_workflow_id(case),
        task_queue=TASK_QUEUE,
        id_conflict_policy=WorkflowIDConflictPolicy.USE_EXISTING,
        id_reuse_policy=WorkflowIDReusePolicy.ALLOW_DUPLICATE,
        search_attributes=_search_attributes(cohort, ruler_label),
        static_summary=_summary(f"{cohort} · {ruler_label}"),
        start_signal=signal.signal() if signal else None,
        start_signal_args=told,
    )


def _search_attributes(cohort: str, ruler_label: str) -> TypedSearchAttributes:
    values = {"Cohort": cohort, "Ruler": ruler_label, "CaseStatus": Status.RUNNING.value}
    return TypedSearchAttributes(
        [SearchAttributePair(SearchAttributeKey.for_keyword(name), value) for name, value in values.items()]
    )


def _summary(text: str) -> str:
    return text.encode()[:SUMMARY_BYTES].decode(errors="ignore")
