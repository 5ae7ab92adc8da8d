"""The sources whose snapshots are imported: what each said of itself last, and which debts it had."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime
from typing import cast

from sqlalchemy import Connection, text

from models.errors import Refusal
from models.intake.statement import Amounts, Statement
from models.law.calendar import Clock


@dataclass(frozen=True)
class Known:
    """The last statement of a source; nothing, of one whose first snapshot this is."""

    amounts: Amounts | None = None
    as_of: date | None = None


def known_source(connection: Connection, source: str | None) -> Known:
    asked = text("SELECT amounts, as_of FROM extract_sources WHERE name = :source")
    row = connection.execute(asked, {"source": source}).one_or_none()
    return Known(cast(Amounts, row.amounts), row.as_of) if row else Known()


def day_of(connection: Connection, statement: Statement, known: Known, today: date) -> date:
    """The day that an extract is of. Raises Refusal for one in the future, unless a rehearsal is there already, and for
    a snapshot older than the source's last."""
    if statement.as_of is None:
        return today
    if statement.as_of > today and not connection.execute(text(REHEARSES)).scalar_one():
        raise Refusal(f"--as-of {statement.as_of} is in the future; say the day that the extract is of")
    if known.as_of and statement.as_of < known.as_of:
        raise Refusal(
            f"{statement.snapshot_of} is known as of {known.as_of} already; a snapshot of {statement.as_of} would take"
            " that back"
        )
    return statement.as_of


def remember_source(connection: Connection, source: str, amounts: Amounts, as_of: date) -> None:
    """Remember the debts of `incoming` as those of the source, and what its snapshot said of itself."""
    connection.execute(text(REMEMBER_DEBTS), {"source": source})
    connection.execute(text(REMEMBER), {"source": source, "amounts": amounts, "as_of": as_of})


def logical_day(connection: Connection, now: datetime) -> date:
    """The day that it is for the open cases: the wall's, unless all of them are rehearsed; then that of the clock which
    is furthest ahead."""
    clocks = [Clock.model_validate(row) for row in connection.execute(text(CLOCKS)).scalars()]
    if not clocks or not all(clock.compressed for clock in clocks):
        return now.astimezone().date()
    return max(clock.day_at(now) for clock in clocks)


CLOCKS = """
SELECT DISTINCT clock FROM cohorts WHERE EXISTS (SELECT FROM cases WHERE cohort = name AND closed_at IS NULL)
"""

REHEARSES = "SELECT EXISTS (SELECT FROM cohorts WHERE CAST(clock->>'day_seconds' AS numeric) < 86400)"

REMEMBER = """
INSERT INTO extract_sources (name, amounts, as_of) VALUES (:source, :amounts, :as_of)
ON CONFLICT (name) DO UPDATE SET amounts = excluded.amounts, as_of = excluded.as_of
"""

REMEMBER_DEBTS = """
INSERT INTO snapshot_debts (debt, source) SELECT id, :source FROM incoming ORDER BY id
ON CONFLICT (debt) DO UPDATE SET source = excluded.source WHERE snapshot_debts.source <> excluded.source
"""
