"""The transactional outbox: signals written in the transaction that made them due. `web/background/relay.py` delivers
them."""

from collections.abc import Iterable

from sqlalchemy import Connection, insert, text

from models.events import Event
from storage.schema import outbox

CHANNEL = "outbox"
"""The PostgreSQL channel on which a commit wakes the relay."""


def enqueue(connection: Connection, cases: Iterable[str], event: Event) -> None:
    """Enqueue `event` for each of `cases`; it is delivered once this transaction has committed."""
    enqueue_each(connection, ((case, event) for case in cases))


def enqueue_each(connection: Connection, promised: Iterable[tuple[str, Event]]) -> None:
    """Enqueue for each case an event of its own."""
    rows = [
        {"case": case, "name": event.signal(), "payload": event.model_dump(mode="json")} for case, event in promised
    ]
    if rows:
        connection.execute(insert(outbox), rows)
        # the server sends it with the commit: the relay never wakes for what it can't see yet
        connection.execute(text(f"NOTIFY {CHANNEL}"))
