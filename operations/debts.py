"""Acts on one debt, whoever owes it: write it off, and take that back."""

from __future__ import annotations

from datetime import date, datetime

from models.law.extinction import Extinction
from operations.operation import Act, must_say, operation
from storage.payments import write_offs
from storage.payments.write_offs import WrittenOff


@operation("debt write-off")
def write_off(
    act: Act, debt: str, ground: Extinction, reason: str, now: datetime, on: date | None = None
) -> WrittenOff:
    """Say that a debt is extinct, on what ground, and since when: it is owed no more."""
    must_say("why", reason)
    act.tell(ground=ground, on=on)
    return write_offs.write_off(act.engine, debt, ground, act.by, reason, now, on)


@operation("debt write-off --undo")
def undo_write_off(act: Act, debt: str, reason: str, now: datetime) -> WrittenOff:
    """Undo what said that a debt is extinct: it is owed as before."""
    must_say("why", reason)
    return write_offs.undo_write_off(act.engine, debt, act.by, reason, now)
