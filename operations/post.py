"""Acts about letters and published notices: post a batch, register receipts, draw an edital and its publication."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import date, datetime

from models.contact.post import Outcome
from models.contact.receipt_code import number_of
from models.errors import Refusal
from models.intake.fields import Rejected
from models.intake.outcomes import OutcomeRow
from operations.operation import Act, must_say, operation
from storage.contact import batches
from storage.contact.batches import Closed
from storage.contact.receipts import register_outcome
from storage.intake.files import SourceFile
from storage.intake.rejects import Rejects


@operation("letter post")
def post_letters(act: Act, now: datetime) -> Closed:
    """Close all letters that wait into a batch for the postal service; each is in one, and posted by that."""
    with act.engine.begin() as connection:
        closed = batches.close_batch(connection, "letter", act.by, now)
        act.tell(batch=closed.batch.id, letters=len(closed.batch.notices), withdrawn=closed.withdrawn)
        return closed


@operation("letter outcome")
def register_letter(act: Act, code: str, outcome: Outcome, now: datetime, on: date | None = None) -> bool:
    """Register what became of a letter by the code of its receipt; False where that is on record already."""
    act.tell(outcome=outcome, on=on)
    with act.engine.begin() as connection:
        return register_outcome(connection, number_of(code), outcome, on, "", act.by, now)


@dataclass(frozen=True)
class OutcomesImported:
    rows: int
    delivered: int
    failed: int
    known: int
    """Lines that say what is on record already."""


@operation("letter import")
def import_outcomes(
    act: Act,
    source: SourceFile,
    read: Callable[[list[str]], OutcomeRow],
    rejects: Rejects,
    progress: Callable[[int], None],
    now: datetime,
) -> OutcomesImported:
    """Import the postal service's list of returns, letter by letter: a line that can't be taken is set aside with the
    reason, and holds up no other."""
    counted = {"rows": 0, "delivered": 0, "failed": 0, "known": 0}
    for record in source.records(progress):
        counted["rows"] += 1
        try:
            row = read(record.fields)
            with act.engine.begin() as connection:
                new = register_outcome(connection, row.number, row.outcome, row.on, row.reference, act.by, now)
        except (Rejected, Refusal) as wrong:
            rejects.add(record.line, str(wrong), record.text)
        else:
            counted["known" if not new else "delivered" if row.outcome is Outcome.DELIVERED else "failed"] += 1
    return OutcomesImported(**counted)


@operation("gazette draw")
def draw_edital(act: Act, now: datetime) -> Closed:
    """Close all notices that wait to be published into an edital; each is in one."""
    with act.engine.begin() as connection:
        closed = batches.close_batch(connection, "gazette", act.by, now)
        act.tell(edital=closed.batch.id, notices=len(closed.batch.notices), withdrawn=closed.withdrawn)
        return closed


@operation("gazette published")
def register_publication(act: Act, number: int, gazette: str, on: date, reference: str, now: datetime) -> int:
    """Put on record where and when an edital was published; by its law it serves. Returns how many notices."""
    must_say("the gazette's name", gazette)
    must_say("its edition and page", reference)
    act.tell(on=on)
    with act.engine.begin() as connection:
        return batches.publish(connection, number, gazette, on, reference, act.by, now)
