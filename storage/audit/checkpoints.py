"""Checkpoints: entries of the audit log that say which decisions there were, so that none can be cut off unseen.

A chain shows what was changed in its middle; that its end, or all of it, is gone only a checkpoint shows. One begins
where the last one ended. Ids are drawn before they are committed, so a checkpoint waits until all transactions have
ended that ran when its last decision was seen: no other id can then come up inside it.
"""

from __future__ import annotations

import time
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime
from typing import TypedDict

from sqlalchemy import Connection, Engine, text

from models.roles import Actor
from storage.audit.log import Entry, write
from storage.rows import typed_rows

BY = Actor("régua")

MOMENT = 0.1
"""Seconds between two looks whether everything has settled."""

ONE_AT_A_TIME = text("SELECT pg_advisory_xact_lock(hashtext('regua audit log'))")

HORIZON = text("""
    SELECT coalesce(max(id), 0) AS decision, pg_snapshot_xmax(pg_current_snapshot())::text AS transaction FROM decisions
""")

SETTLED = text("SELECT pg_snapshot_xmin(pg_current_snapshot()) >= CAST(:transaction AS xid8)")

NEWEST = text("""
    SELECT id, at, detail, encode(hash, 'hex') AS hash FROM audit_log WHERE command = 'seal' ORDER BY id DESC LIMIT 1
""")

CONTENT = text("""
    SELECT count(*) AS decisions, range_agg(int8range(id, id + 1))::text AS ids,
           encode(sha256(string_agg(hash, '' ORDER BY id)), 'hex') AS digest
    FROM decisions WHERE id > :after AND id <= :last
""")


@dataclass(frozen=True)
class Horizon:
    """The newest decision that was seen, and the first transaction that had not begun by then."""

    decision: int
    transaction: str


def horizon(engine: Engine) -> Horizon:
    with engine.connect() as connection:
        row = connection.execute(HORIZON).one()
    return Horizon(row.decision, row.transaction)


def set_checkpoint(engine: Engine, until: Horizon) -> bool:
    """Set a checkpoint, and tell whether it did: not while older transactions run, nor when no decision came since
    the last."""
    with engine.begin() as connection:
        if not connection.execute(SETTLED, {"transaction": until.transaction}).scalar_one():
            return False
        connection.execute(ONE_AT_A_TIME)
        last = connection.execute(NEWEST).one_or_none()
        after = last.detail["last"] if last else 0
        content = connection.execute(CONTENT, {"after": after, "last": until.decision}).one()
        if not content.decisions:
            return False
        detail = {"after": after, "last": until.decision, **content._mapping}
        write(connection, Entry(BY, "seal", detail=detail))
    return True


def checkpoint_now(engine: Engine, patience: float = 5.0) -> bool:
    """Set a checkpoint as soon as all that runs now has ended; False when that took longer, or nothing was new."""
    until, deadline = horizon(engine), time.monotonic() + patience
    while not set_checkpoint(engine, until):
        with engine.connect() as connection:
            settled = connection.execute(SETTLED, {"transaction": until.transaction}).scalar_one()
        if settled or time.monotonic() > deadline:
            return False
        time.sleep(MOMENT)
    return True


class Sealed(TypedDict):
    """The decisions that a checkpoint vouches for: those after one and up to another, by their ids."""

    after: int
    last: int
    decisions: int
    ids: str
    digest: str


class Checkpoint(TypedDict):
    id: int
    at: datetime
    detail: Sealed
    hash: str


def newest_checkpoint(connection: Connection) -> Checkpoint | None:
    """The newest checkpoint, which is worth keeping elsewhere: it vouches for every decision and log entry up to it."""
    found = typed_rows(Checkpoint, connection.execute(NEWEST).mappings())
    return found[0] if found else None


BROKEN = text("""
    SELECT entry.id, entry.at AT TIME ZONE 'UTC' AS at, CAST(detail ->> 'decisions' AS bigint) AS count,
           missing::text, added::text
    FROM audit_log AS entry
    CROSS JOIN LATERAL (
        SELECT coalesce(range_agg(int8range(d.id, d.id + 1)), '{}') AS ids,
               encode(sha256(string_agg(d.hash, '' ORDER BY d.id)), 'hex') AS digest
        FROM decisions AS d
        WHERE d.id > CAST(detail ->> 'after' AS bigint) AND d.id <= CAST(detail ->> 'last' AS bigint)
    ) AS present
    CROSS JOIN LATERAL (SELECT CAST(detail ->> 'ids' AS int8multirange) - present.ids AS missing,
                               present.ids - CAST(detail ->> 'ids' AS int8multirange) AS added) AS difference
    WHERE command = 'seal' AND present.digest IS DISTINCT FROM detail ->> 'digest' ORDER BY entry.id
""")


def broken_checkpoints(connection: Connection) -> Iterator[str]:
    for row in connection.execute(BROKEN):
        what = f"checkpoint {row.id} of {row.at:%Y-%m-%d %H:%M} UTC over {row.count} decisions"
        if row.missing != "{}":
            yield f"{what}: gone are the ids {_ids(row.missing)}"
        if row.added != "{}":
            yield f"{what}: there were none with the ids {_ids(row.added)}"
        if row.missing == row.added == "{}":
            yield f"{what}: at least one of them is not what it was"


def _ids(ranges: str) -> str:
    """`{[4,6),[9,10)}` as 4–5, 9."""
    bounds = [part.split(",") for part in ranges.strip("{}[)").split("),[")]
    return ", ".join(first if int(end) == int(first) + 1 else f"{first}–{int(end) - 1}" for first, end in bounds)
