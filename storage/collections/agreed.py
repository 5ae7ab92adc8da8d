"""What a taxpayer agreed to in a call: put on record there, and signed by himself at the address that he is sent."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime

from sqlalchemy import Connection, insert, text

from models.contact.communication import CommunicationKind
from models.errors import Refusal
from models.events import CommunicationChanged
from storage.case.cases import Case
from storage.outbox import enqueue
from storage.read_models.agree_page import read_agree_page
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
    page = read_agree_page(connection, case.id, now)
    if page is None:
        return False
    counts = {len(quote.instalments) for offer in page.offers for quote in offer.quotes}
    if not counts or (instalments and instalments not in counts):
        so_many = f" in {instalments} instalments" if instalments else ""
        raise Refusal(f"no plan{so_many} can be signed in this case today; choose one of those that the page shows")
    id = f"{case.id}-signing-{call}"
    row = {"id": id, "case": case.id, "kind": CommunicationKind.SIGNING, "call": call, "asked_on": today}
    connection.execute(insert(communications).values(row))
    enqueue(connection, [case.id], CommunicationChanged(communication=id))
    return True


def read_agreed(connection: Connection, call: int) -> Agreed:
    return Agreed(*connection.execute(AGREED, {"call": call}).one())
