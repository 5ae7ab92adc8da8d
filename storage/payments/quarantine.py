"""The quarantine: items of a bank's callback that nobody can read yet, sealed, until a person has them judged again.

An item holds what a payer is called and wrote, so it is kept as it was sent, but encrypted, and listed without any of
it.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime
from typing import TypedDict

from sqlalchemy import Connection, Engine, func, select, update
from sqlalchemy.dialects.postgresql import insert

from models.errors import Refusal
from storage.rows import typed_rows
from storage.schema import quarantined_items


@dataclass(frozen=True)
class Unread:
    """An item to be kept."""

    sent: bytes
    sealed: bytes
    reason: str
    arrived_at: datetime


def keep(engine: Engine, items: Iterable[Unread]) -> None:
    """Put items on record; one that was sent before is counted, and not kept twice."""
    with engine.begin() as connection:
        # in one order whoever keeps them: else two might wait for each other
        for item in sorted(items, key=lambda item: item.sent):
            row = {
                "digest": hashlib.sha256(item.sent).digest(),
                "sealed": item.sealed,
                "reason": item.reason,
                "arrived_at": item.arrived_at,
                "last_arrived_at": item.arrived_at,
            }
            said_again = {"times": quarantined_items.c.times + 1, "last_arrived_at": item.arrived_at}
            kept = insert(quarantined_items).values(row)
            connection.execute(kept.on_conflict_do_update(index_elements=["digest"], set_=said_again))


class QuarantinedItem(TypedDict):
    id: int
    arrived_at: datetime
    last_arrived_at: datetime
    times: int
    reason: str


def list_quarantined(connection: Connection) -> list[QuarantinedItem]:
    """The items that wait for a person, oldest first, without what was sent."""
    told = (quarantined_items.c[name] for name in QuarantinedItem.__annotations__)
    waiting = select(*told).where(quarantined_items.c.settled_at.is_(None))
    rows = connection.execute(waiting.order_by(quarantined_items.c.id))
    return typed_rows(QuarantinedItem, rows.mappings())


def sealed_item(connection: Connection, item: int) -> tuple[bytes, datetime]:
    """The sealed content of an item that waits, and when it arrived. Raises Refusal when there is none."""
    asked = select(quarantined_items).where(quarantined_items.c.id == item)
    found = connection.execute(asked).mappings().one_or_none()
    if found is None:
        raise Refusal(f"there is no item {item} in the quarantine; `payments quarantined` lists them")
    if found["settled_at"] is not None:
        raise Refusal(f"item {item} was settled by {found['settled_by']} already")
    return found["sealed"], found["arrived_at"]


def settle_item(engine: Engine, item: int, by: str) -> None:
    """Take an item off the list, now that it was judged."""
    settled = {"settled_at": func.clock_timestamp(), "settled_by": by}
    with engine.begin() as connection:
        connection.execute(update(quarantined_items).where(quarantined_items.c.id == item).values(settled))
