"""What supervisors see of a workflow in the Web UI, whichever it is."""

from collections.abc import Iterable

from temporalio.common import SearchAttributeKey

STATUS = SearchAttributeKey.for_keyword("CaseStatus")
NEXT_STEP = SearchAttributeKey.for_datetime("NextStep")


def details(rows: Iterable[tuple[str, str]]) -> str:
    """A Markdown table without a head."""
    return "| | |\n|---|---|\n" + "\n".join(f"| {name} | {what} |" for name, what in rows)
