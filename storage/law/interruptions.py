"""Interruptions of the prescription of debts, as people put them on record (CTN art. 174 § 1º)."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date, datetime

from sqlalchemy import Connection, Engine
from sqlalchemy.dialects.postgresql import insert

from models.case.commands import must_have_been
from models.case.journal import EntryKind
from models.errors import Refusal
from models.events import HoldsChanged
from models.formats import day
from models.law.prescription import Cause, Interruption, must_interrupt
from models.words import CAUSES
from storage.law.of_debts import locked_debts, named, tell
from storage.schema import interruptions


def record_interruption(
    engine: Engine,
    case: str,
    cause: Cause,
    on: date,
    reference: str,
    by: str,
    now: datetime,
    of_debts: Sequence[str] = (),
) -> list[str]:
    """Record what interrupted the prescription of a case's debts, all of them unless they are named; returns them.
    Raises Refusal: a day that can't be, or on record already."""
    with locked_debts(engine, case, of_debts, existing_on=on) as locked:
        must_have_been("it can't have happened", on, locked.case.clock.day_at(now))
        must_interrupt(Interruption(cause, on))
        if not put_interruptions(locked.connection, locked.debts, cause, on, reference, by):
            raise Refusal(f"the {cause} of {on} is on record already for debt {', '.join(locked.debts)}")
        why = f"prescrição interrompida ({named(locked.debts)}): {CAUSES[cause]}, em {day(on)}, por {by}: {reference}"
        tell(locked, EntryKind.PRESCRIPTION_INTERRUPTED, why, now, HoldsChanged())
        return locked.debts


def put_interruptions(
    connection: Connection, of_debts: Sequence[str], cause: Cause, on: date, reference: str, by: str
) -> list[str]:
    """Put the interruption of these debts down; returns those for which it wasn't on record."""
    rows = [{"debt": debt, "cause": cause, "on": on, "reference": reference, "recorded_by": by} for debt in of_debts]
    made = insert(interruptions).values(rows).on_conflict_do_nothing().returning(interruptions.c.debt)
    return list(connection.scalars(made))
