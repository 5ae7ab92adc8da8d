"""The visibility of a workflow in the Web UI, whichever it is: search attributes and details."""

from collections.abc import Iterable, Mapping
from datetime import UTC, date, datetime, time
from typing import Any

from temporalio.common import SearchAttributeKey, SearchAttributeUpdate

from workflows.effects import NextAction

COHORT = SearchAttributeKey.for_keyword("Cohort")
RULER = SearchAttributeKey.for_keyword("Ruler")
HYPOTHESIS = SearchAttributeKey.for_keyword("Hypothesis")
STAGE = SearchAttributeKey.for_keyword("Stage")
RIGIDITY = SearchAttributeKey.for_int("Rigidity")
STATUS = SearchAttributeKey.for_keyword("CaseStatus")
NEXT_STEP = SearchAttributeKey.for_datetime("NextStep")


FoundBy = Mapping[SearchAttributeKey[Any], Any]
"""The attributes a workflow is found by; None: by nothing of that kind."""


def updates(found_by: FoundBy) -> list[SearchAttributeUpdate[Any]]:
    return [key.value_unset() if value is None else key.value_set(value) for key, value in found_by.items()]


def searchable(next_action: NextAction) -> FoundBy:
    """The search attributes by which a case is found."""
    waits = not (next_action.closed or next_action.step.action.at_once)
    return {
        HYPOTHESIS: next_action.hypothesis,
        STAGE: next_action.stage,
        RIGIDITY: next_action.rigidity,
        STATUS: next_action.step.status,
        NEXT_STEP: next_action.runs_at or (noon_of(next_action.step.on) if waits else None),
    }


def noon_of(day: date | None) -> datetime | None:
    """Stands for an instant on the wall that nobody knows: that at which a stepped clock will be moved to the day."""
    return datetime.combine(day, time(12), UTC) if day else None


def details(rows: Iterable[tuple[str, str]]) -> str:
    """A Markdown table without a head."""
    return "| | |\n|---|---|\n" + "\n".join(f"| {name} | {what} |" for name, what in rows)
