"""The day from which each debt is prescribed, as the events on record move it (CTN art. 174)."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date

from sqlalchemy import Connection, bindparam, text
from sqlalchemy.dialects.postgresql import ARRAY
from sqlalchemy.types import Text

from models.law.grounds import SUSPENDING
from models.law.prescription import Cause, Interruption, prescription
from models.law.spans import Span

# An agreement signed here begins with its request and ends with its default, the earlier of the days that could count;
# one that people hold by was signed elsewhere. Where a hold has no last day of its own, it ended when it was lifted.
EVENTS = """
    SELECT debt, cause, "on" AS first, CAST(NULL AS date) AS last FROM interruptions WHERE NOT EXISTS (
        SELECT FROM annulments WHERE kind = 'interruption' AND entry = CAST(interruptions.id AS text))
    UNION ALL
    SELECT debt, 'cda_protest', "on", NULL FROM prior_step_debts
    JOIN prior_steps ON prior_steps.id = prior_step WHERE kind = 'protest' AND NOT EXISTS (
        SELECT FROM annulments WHERE annulments.kind = 'step' AND entry = CAST(prior_steps.id AS text))
    UNION ALL
    SELECT debt, 'agreement_request', signed_on, coalesce(broken_on - 1, completed_on, CAST(:today AS date))
    FROM agreement_debts JOIN agreements ON agreements.id = agreement
    WHERE terms -> 'request' ->> 'pay' <> 'cash'
    UNION ALL
    SELECT debt, CASE WHEN ground = 'agreement' THEN 'agreement_request' END, coalesce(since, CAST(placed_at AS date)),
           coalesce(ended_on - 1, until, CAST(lifted_at AS date) - 1, CAST(:today AS date))
    FROM holds WHERE ground = ANY(:grounds) AND source NOT LIKE 'agreement %'
"""

REFUTED = """SELECT debt, "on" FROM extinctions WHERE ground = 'prescription' AND state = 'refuted'"""

# those of closed cases too: who lists open ones leaves them aside
EVENTFUL = text(f"""
    SELECT id, prescribes FROM debts
    WHERE balance > 0 AND id IN (SELECT debt FROM ({EVENTS}) AS events UNION SELECT debt FROM ({REFUTED}) AS refuted)
""").bindparams(bindparam("grounds", type_=ARRAY(Text)))  # noqa: S608 - constants

OF_DEBTS = "SELECT * FROM ({}) AS events WHERE debt = ANY(:debts)"

GROUNDS = bindparam("grounds", type_=ARRAY(Text))
DEBTS = bindparam("debts", type_=ARRAY(Text))
MOVED = text(OF_DEBTS.format(EVENTS)).bindparams(GROUNDS, DEBTS)
JUDGED = text(OF_DEBTS.format(REFUTED)).bindparams(DEBTS)


@dataclass(frozen=True)
class Prescription:
    on: date | None
    """None: nobody knows."""
    refuted: bool = False
    """People have said that it isn't prescribed on that day."""


def read_prescriptions(
    connection: Connection, stated: Mapping[str, date | None], today: date
) -> dict[str, Prescription]:
    """The prescription of each debt, given what the source says of it; what is suspended still as if it ended today."""
    interruptions: dict[str, list[Interruption]] = defaultdict(list)
    suspended: dict[str, list[Span]] = defaultdict(list)
    asked = {"debts": [*stated]}
    for event in connection.execute(MOVED, {**asked, "today": today, "grounds": [*SUSPENDING]}):
        if event.cause:
            interruptions[event.debt].append(Interruption(Cause(event.cause), event.first))
        if event.last:
            suspended[event.debt].append(Span(event.first, event.last))
    refuted = {(row.debt, row.on) for row in connection.execute(JUDGED, asked)}
    found = {debt: prescription(on, interruptions[debt], suspended[debt]) for debt, on in stated.items()}
    return {debt: Prescription(on, (debt, on) in refuted) for debt, on in found.items()}


def moved_prescriptions(connection: Connection, today: date) -> dict[str, Prescription]:
    """The prescription of each debt that something on record may have moved."""
    rows = connection.execute(EVENTFUL, {"today": today, "grounds": [*SUSPENDING]})
    return read_prescriptions(connection, {row.id: row.prescribes for row in rows}, today)
