"""An agreement made in a call: put on record there, and signed by the taxpayer at the address that he is sent."""

from __future__ import annotations

from contextlib import suppress
from dataclasses import dataclass
from datetime import date, datetime

from sqlalchemy import Connection, insert, text

from models.contact.communication import CommunicationKind
from models.errors import Refusal
from models.events import CommunicationChanged
from storage.agreement.policies import offered_policy
from storage.agreement.signing import plans, requests_by_link
from storage.case.cases import Case
from storage.outbox import enqueue
from storage.schema import communications


@dataclass(frozen=True)
class Agreed:
    instalments: int | None
    """How many; none: that was left open."""
    signed: bool
    """Whether an agreement was signed since."""


AGREED = text("""
    SELECT instalments, EXISTS (SELECT FROM agreements WHERE agreements."case" = tasks."case"
                                AND agreements.recorded_at > calls.started_at) AS signed
    FROM calls JOIN tasks ON tasks.id = calls.task WHERE calls.id = :call
""")


def ask_to_sign(
    connection: Connection, case: Case, call: int, instalments: int | None, today: date, now: datetime
) -> bool:
    """Ask for the message with the address at which the taxpayer signs; False: the ruler offers no agreement there.
    Raises Refusal: no plan has so many instalments today."""
    rule = case.ruler.agreements
    if rule is None or rule.policy is None:
        return False
    counts = _counts(connection, case, now)
    if not counts or (instalments and instalments not in counts):
        so_many = f" in {instalments} instalments" if instalments else ""
        raise Refusal(f"no plan{so_many} can be signed in this case today; choose one of those that the page shows")
    id = f"{case.id}-signing-{call}"
    row = {"id": id, "case": case.id, "kind": CommunicationKind.SIGNING, "call": call, "asked_on": today}
    connection.execute(insert(communications).values(row))
    enqueue(connection, [case.id], CommunicationChanged(communication=id))
    return True


def _counts(connection: Connection, case: Case, now: datetime) -> set[int]:
    """In how many instalments the taxpayer may sign today."""
    counts: set[int] = set()
    with suppress(Refusal):
        policy = offered_policy(case.frozen).policy
        for wanted in requests_by_link(connection, case, policy, now):
            with suppress(Refusal):
                counts |= {len(quote.instalments) for quote in plans(connection, case, policy, wanted, now)}
    return counts


def read_agreed(connection: Connection, call: int) -> Agreed:
    return Agreed(*connection.execute(AGREED, {"call": call}).one())
