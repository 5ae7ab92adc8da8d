"""The communications that a pause of their case, or of its cohort, held: they look again once it is over."""

from __future__ import annotations

from sqlalchemy import Connection, bindparam, text
from sqlalchemy.dialects.postgresql import ARRAY
from sqlalchemy.types import Text

from models.contact.communication import CommunicationKind
from models.events import CommunicationChanged
from storage.outbox import CHANNEL

WAITING = text("""
    INSERT INTO outbox ("case", name, payload)
    SELECT communications."case", :signal, jsonb_build_object('communication', communications.id)
    FROM communications JOIN cases ON cases.id = communications."case"
    WHERE communications.closed_at IS NULL AND communications.kind = ANY(:kinds)
      AND (cases.id = :case OR cases.cohort = :cohort)
    ORDER BY communications.id
""").bindparams(bindparam("kinds", type_=ARRAY(Text)), bindparam("case", type_=Text), bindparam("cohort", type_=Text))


def look_again(connection: Connection, case: str | None = None, cohort: str | None = None) -> None:
    """Have the communications of a case or of a cohort look again that ask for money, the only ones a pause holds."""
    kinds = [kind.value for kind in CommunicationKind if kind.collects]
    asked = {"signal": CommunicationChanged.signal(), "kinds": kinds, "case": case, "cohort": cohort}
    if connection.execute(WAITING, asked).rowcount:
        connection.execute(text(f"NOTIFY {CHANNEL}"))
