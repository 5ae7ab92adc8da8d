"""The row of a list of postal returns, and how it is read: what became of each letter, by the code of its receipt."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from datetime import date
from typing import NamedTuple

from models.contact.post import WORDS, Outcome
from models.contact.receipt_code import number_of
from models.errors import Refusal
from models.formats import fold
from models.intake.columns import in_order
from models.intake.fields import Rejected, read_date

REQUIRED, OPTIONAL = ("code", "outcome"), ("date", "reference")
ENGLISH = {"codigo": "code", "codigo_ar": "code", "motivo": "outcome", "situacao": "outcome", "data": "date"}
"""The columns of a list as the postal service may head them."""
KNOWN = {fold(word): outcome for outcome, words in WORDS.items() for word in (outcome, *words)}


class OutcomeRow(NamedTuple):
    number: int
    """The letter's, as its code has it."""
    outcome: Outcome
    on: date | None
    """The day of receipt; none: the receipt has no date."""
    reference: str


def outcome_reader(header: Sequence[str]) -> Callable[[list[str]], OutcomeRow]:
    """The reader for a file with that header; other columns than ours are the postal service's own, and passed over.
    Raises Refusal: a column is missing."""
    names = [fold(name).lower().replace(" ", "_") for name in header]
    fields_of = in_order([ENGLISH.get(name, name) for name in names], REQUIRED, OPTIONAL)

    def read(fields: list[str]) -> OutcomeRow:
        code, outcome, on, reference = fields_of(fields)
        known = KNOWN.get(fold(outcome))
        if known is None:
            raise Rejected("outcome is none of the postal service's: delivered, refused, absent, … (docs/channels.md)")
        try:
            number = number_of(code)
        except Refusal as wrong:
            raise Rejected(f"code: {wrong}") from None
        told = date.fromisoformat(read_date(on, "date")) if on.strip() else None
        return OutcomeRow(number, known, told, reference.strip())

    return read
