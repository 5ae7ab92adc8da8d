"""Rows of the journal as they are written: one a decision, with the day and the rule that it goes by."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from datetime import date
from typing import NotRequired, TypedDict

from sqlalchemy import Connection, text

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


# in the order in which they are given: the database chains each row to its case's row before it
WRITTEN = text("""
    INSERT INTO decisions ("case", at, kind, reason, ruler, evidence, hypothesis, stage, rigidity, occurrences)
    SELECT "case", at, kind, reason, ruler, evidence, hypothesis, stage, rigidity, occurrences
    FROM jsonb_populate_recordset(CAST(NULL AS decisions), CAST(:entries AS jsonb)) WITH ORDINALITY
    ORDER BY ordinality
""")


def write_entries(connection: Connection, entries: Sequence[JournalRow]) -> None:
    """Write rows of the journal, of one case or of many, in one statement."""
    if entries:
        written = json.dumps([{**entry, "at": entry["at"].isoformat()} for entry in entries])
        connection.execute(WRITTEN, {"entries": written})
