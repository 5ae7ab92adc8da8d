"""Courtesy notices before a due date: asked for whenever a case is judged, ahead of the day on which they leave.

One tells of all of the case's tax that falls due on a day, once. It looks again before it leaves
(activities/communication_letters.py).
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Sequence
from datetime import date

from sqlalchemy import Connection, bindparam, text
from sqlalchemy.dialects.postgresql import ARRAY
from sqlalchemy.types import Text

from models.contact.communication import CommunicationKind
from models.events import CommunicationChanged
from storage.case.cases import Case
from storage.outbox import enqueue_each

# what of their tax falls due today or later, and nobody has paid, held or paused; the control group is told nothing
FALLING_DUE = """
    SELECT DISTINCT cases.id AS "case", debts.due
    FROM cases JOIN cohorts ON cohorts.name = cases.cohort
    JOIN debtors ON debtors.taxpayer = cases.taxpayer JOIN debts ON debts.id = debtors.debt AND debts.tax = cases.tax
    WHERE cases.id = ANY(:cases) AND cases.closed_at IS NULL AND cases.status <> 'control'
      AND cases.paused_by IS NULL AND cohorts.lifecycle = 'running' AND debts.due >= :today AND debts.balance > 0
      AND NOT EXISTS (SELECT FROM holds WHERE holds.debt = debts.id AND lifted_at IS NULL
                      AND coalesce(until >= :today, true))
"""
OF_CASES = bindparam("cases", type_=ARRAY(Text))

# one that was withdrawn, since what fell due was held or paused, is asked for anew when it no longer is
ASKED = text(f"""
    INSERT INTO communications (id, "case", kind, due, asked_on)
    SELECT "case" || '-due-' || to_char(due, 'YYYY-MM-DD'), "case", :kind, due,
           greatest(due - CAST(:days AS integer), :today)
    FROM ({FALLING_DUE}) AS falling
    ON CONFLICT (id) DO UPDATE SET asked_on = excluded.asked_on, outcome = NULL, reason = NULL, closed_at = NULL
        WHERE communications.outcome = 'withdrawn'
    RETURNING "case", id
""").bindparams(OF_CASES)  # noqa: S608 - FALLING_DUE is a constant

FALLS_DUE = text(f"SELECT EXISTS (SELECT FROM ({FALLING_DUE}) AS falling WHERE due = :due)").bindparams(  # noqa: S608
    OF_CASES
)


def ask_before_due(connection: Connection, judged: Sequence[Case], today: date) -> None:
    """Ask for a notice before each day on which something falls due, where the ruler has them. The cases are locked."""
    by_days: dict[int, list[str]] = defaultdict(list)
    for case in judged:
        if case.ruler.before_due:
            by_days[case.ruler.before_due.days].append(case.id)
    for days, ids in by_days.items():
        asked = {"kind": CommunicationKind.BEFORE_DUE, "days": days, "cases": ids, "today": today}
        rows = connection.execute(ASKED, asked).tuples()
        enqueue_each(connection, [(case, CommunicationChanged(communication=id)) for case, id in rows])


def falls_due(connection: Connection, case: str, due: date, today: date) -> bool:
    """Whether anything that the case may be told of falls due on that day still."""
    return bool(connection.scalar(FALLS_DUE, {"cases": [case], "due": due, "today": today}))
