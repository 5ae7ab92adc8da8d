"""What supervisors see of a workflow in the Web UI, whichever it is."""

from collections.abc import Iterable, Mapping
from typing import Any

from temporalio.common import SearchAttributeKey

from workflows.effects import Outlook

COHORT = SearchAttributeKey.for_keyword("Cohort")
RULER = SearchAttributeKey.for_keyword("Ruler")
HYPOTHESIS = SearchAttributeKey.for_keyword("Hypothesis")
STAGE = SearchAttributeKey.for_keyword("Stage")
RIGIDITY = SearchAttributeKey.for_int("Rigidity")
STATUS = SearchAttributeKey.for_keyword("CaseStatus")
NEXT_STEP = SearchAttributeKey.for_datetime("NextStep")


def searchable(outlook: Outlook) -> Mapping[SearchAttributeKey[Any], Any]:
    """What a case is found by; None: by nothing of that kind."""
    return {
        HYPOTHESIS: outlook.hypothesis,
        STAGE: outlook.stage,
        RIGIDITY: outlook.rigidity,
        STATUS: outlook.step.status,
        NEXT_STEP: outlook.runs_at,
    }


def details(rows: Iterable[tuple[str, str]]) -> str:
    """A Markdown table without a head."""
    return "| | |\n|---|---|\n" + "\n".join(f"| {name} | {what} |" for name, what in rows)
