"""Who answers for a file of rules: the authority that has verified it, or nobody, and then it is an example."""

from __future__ import annotations

import re
from collections.abc import Iterator
from datetime import date
from typing import Annotated

from pydantic import BaseModel, ConfigDict, Field

from models.law.dated import EARLIEST, LATEST, Where

OPEN_QUESTION = re.compile(r"\bconferir\b|\b(?:a|por) (?:confirmar|citar|definir|verificar)\b|\?\?", re.IGNORECASE)
"""Words by which an author leaves something to a lawyer."""

Said = Annotated[str, Field(min_length=3)]


class Verified(BaseModel):
    """Somebody has verified a file for the authority, on a day, by an act that can be looked up."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    by: Said
    on: Annotated[date, Field(ge=EARLIEST, le=LATEST)]
    act: Said


class Verifiable(BaseModel):
    """A file of rules: an example, which runs where nobody is truly contacted, unless an authority has verified it."""

    example: bool = False
    verified: Verified | None = None

    @property
    def is_example(self) -> bool:
        return self.verified is None


def marking_faults(file: Verifiable) -> Iterator[tuple[Where, str]]:
    """The fault of a file that is marked as both."""
    if file.example and file.verified is not None:
        yield ("verified",), "contradicts `example: true`: delete that line once the authority has verified the file"


def open_in(file: Verifiable, text: str) -> Iterator[tuple[int, str]]:
    """Find by line what a file leaves open: that nobody has marked it, and each question to a lawyer, in comments."""
    if not file.example and file.verified is None:
        yield 1, "is marked neither `example: true` nor `verified: {by, on, act}`, and counts as an example"
    for number, line in enumerate(text.splitlines(), start=1):
        if question := OPEN_QUESTION.search(line):
            yield number, f"leaves a question open ({question[0]!r}): only an example may"
