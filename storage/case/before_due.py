"""Courtesy notices before a due date: asked for whenever a case is judged, ahead of the day on which they leave.

One tells of all of the case's tax that falls due on a day, once. It looks again before it leaves
(activities/communication_letters.py).
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Sequence
from datetime import date
from typing import Literal

from sqlalchemy import Connection, bindparam, text
from sqlalchemy.dialects.postgresql import ARRAY
from sqlalchemy.types import Text

from models.contact.communication import CommunicationKind
from models.events import CommunicationChanged
from storage.case.cases import Case
from storage.outbox import enqueue_each

# what of their tax falls due today or later, and nobody has paid, held or paused, and the deadlines of returns that
# nobody has filed, where the ruler reads returns; the control group is told nothing
FALLING_DUE = """
    SELECT DISTINCT cases.id AS "case", falling.due, falling.what
    FROM cases JOIN cohorts ON cohorts.name = cases.cohort
    CROSS JOIN LATERAL (
        SELECT 'debt' AS what, debts.due
        FROM debtors JOIN debts ON debts.id = debtors.debt AND debts.tax = cases.tax
        WHERE debtors.taxpayer = cases.taxpayer AND debts.balance > 0
          AND NOT EXISTS (SELECT FROM holds WHERE holds.debt = debts.id AND lifted_at IS NULL
                          AND coalesce(until >= :today, true))
        UNION ALL
        SELECT 'return', filings.due FROM filings
        WHERE filings.taxpayer = cases.taxpayer AND filings.tax = cases.tax AND superseded_at IS NULL
          AND filings.status = 'missing' AND cases.id = ANY(:filers)) AS falling
    WHERE cases.id = ANY(:cases) AND cases.closed_at IS NULL AND cases.status <> 'control'
      AND cases.paused_by IS NULL AND cohorts.lifecycle = 'running' AND falling.due >= :today
"""
OF_CASES = (bindparam("cases", type_=ARRAY(Text)), bindparam("filers", type_=ARRAY(Text)))
"""The cases, and those of them whose ruler reads returns."""

# one that was withdrawn, since what fell due was held or paused, is asked for anew when it no longer is
ASKED = text(f"""
    INSERT INTO communications (id, "case", kind, due, asked_on)
    SELECT "case" || '-due-' || to_char(due, 'YYYY-MM-DD'), "case", :kind, due,
           greatest(due - CAST(:days AS integer), :today)
    FROM (SELECT DISTINCT "case", due FROM ({FALLING_DUE}) AS each) AS falling
    ON CONFLICT (id) DO UPDATE SET asked_on = excluded.asked_on, outcome = NULL, reason = NULL, closed_at = NULL
        WHERE communications.outcome = 'withdrawn'
    RETURNING "case", id
""").bindparams(*OF_CASES)  # noqa: S608 - FALLING_DUE is a constant

FALLS_DUE = text(f"SELECT what FROM ({FALLING_DUE}) AS falling WHERE due = :due").bindparams(*OF_CASES)  # noqa: S608

FallingDue = Literal["debt", "return"]


def ask_before_due(connection: Connection, judged: Sequence[Case], today: date) -> None:
    """Ask for a notice before each day on which something falls due, where the ruler has them. The cases are locked."""
    filers = _filers(judged)
    by_days: dict[int, list[str]] = defaultdict(list)
    for case in judged:
        if case.ruler.before_due:
            by_days[case.ruler.before_due.days].append(case.id)
    for days, ids in by_days.items():
        asked = {"kind": CommunicationKind.BEFORE_DUE, "days": days, "cases": ids, "filers": filers, "today": today}
        rows = connection.execute(ASKED, asked).tuples()
        enqueue_each(connection, [(case, CommunicationChanged(communication=id)) for case, id in rows])


def falls_due(connection: Connection, case: Case, due: date, today: date) -> frozenset[FallingDue]:
    """Read what the case may be told of falls due on that day still: debts, the deadlines of returns."""
    asked = {"cases": [case.id], "filers": _filers([case]), "due": due, "today": today}
    return frozenset(connection.scalars(FALLS_DUE, asked))


def _filers(cases: Iterable[Case]) -> list[str]:
    return [case.id for case in cases if case.ruler.entry.reads_returns]
