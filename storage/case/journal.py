"""Rows of the journal as they are written: one a decision, with the day and the rule that it goes by."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date
from typing import NotRequired, TypedDict

from models.case.journal import EntryKind

Evidence = Mapping[str, object]
"""The facts that a decision rests on, in JSON's form. Each kind has its own; none names a person."""


class JournalRow(TypedDict):
    case: str
    at: date
    """The logical day."""
    kind: EntryKind
    reason: str
    """In pt-BR."""
    ruler: str
    """By its digest."""
    evidence: Evidence
    hypothesis: NotRequired[str | None]
    """The cell that it is about: with stage and rigidity."""
    stage: NotRequired[str | None]
    rigidity: NotRequired[int | None]
    occurrences: NotRequired[int]
