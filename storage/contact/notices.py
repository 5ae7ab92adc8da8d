"""Notices on record: claimed before they are handed over, and what their provider answered."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass, fields
from datetime import date, datetime
from typing import Any

from sqlalchemy import Connection, Engine, select, text, update

from models.contact.channel import Channel
from models.contact.delivery import Progress
from storage.schema import notices


@dataclass(frozen=True)
class IssuedNotice:
    """A notice on record, from its claim on."""

    id: str
    channel: Channel
    rung_channel: Channel
    at: date
    hypothesis: str | None
    stage: str | None
    formal: bool
    status: str
    """A models.contact.delivery.Progress."""
    subject: str | None
    body: str
    address: str | None
    unanswered: int
    claimed_at: datetime | None
    """None: it is being claimed in this very transaction."""


ISSUED = [notices.c[field.name] for field in fields(IssuedNotice)]


def issued(row: Mapping[str, Any]) -> IssuedNotice:
    """The notice of a row that is still to be written."""
    known: dict[str, Any] = {name: row.get(name) for name in WRITTEN}
    return IssuedNotice(**known, status=Progress.CLAIMED, claimed_at=None)


WRITTEN = {field.name for field in fields(IssuedNotice)} - {"status", "claimed_at"}


def claim(connection: Connection, rows: Sequence[Mapping[str, Any]]) -> None:
    """Put notices with the same columns on record: from here on they may leave, whatever is paid later."""
    names = ", ".join(f'"{name}"' for name in rows[0])
    claimed = text(f"""
        INSERT INTO notices (status, {names})
        SELECT 'claimed', {names} FROM jsonb_populate_recordset(CAST(NULL AS notices), CAST(:rows AS jsonb))
    """)  # noqa: S608 - of our columns
    connection.execute(claimed, {"rows": json.dumps([*rows], default=str)})


def notices_of_rung(connection: Connection, case: str, step: int) -> dict[str, IssuedNotice]:
    """Claimed already, on whatever channel. Not locked: who reports of one waits for its case, which the caller
    holds."""
    of_rung = select(*ISSUED).where(notices.c.case == case, notices.c.step == step)
    return {row.id: IssuedNotice(*row) for row in connection.execute(of_rung.order_by(notices.c.id))}


def count_hand_over(connection: Connection, notice: str, count: int) -> None:
    """Count a hand-over that has no answer yet, or no longer."""
    counted = update(notices).where(notices.c.id == notice).values(unanswered=notices.c.unanswered + count)
    connection.execute(counted)


@dataclass(frozen=True)
class Sent:
    """A notice that a provider took."""

    notice: str
    status: str
    """A models.contact.delivery.Progress."""
    provider: str
    provider_id: str | None
    deemed_on: date | None
    deemed_by: str | None
    """When the law takes its publication as served by silence, and which law."""
    rehearsed: bool
    """Whether it was written to a file in place of being sent."""


# what a webhook has already told of a notice stands. Locked in the order in which webhooks lock them
SENT = text("""
    WITH sent AS (
        SELECT said.*,
               rehearsed AND EXISTS (SELECT FROM notice_credits WHERE notice_credits.notice = said.notice) AS serves
        FROM jsonb_to_recordset(CAST(:sent AS jsonb)) AS said
            (notice text, status text, provider text, provider_id text, deemed_on date, deemed_by text,
             rehearsed boolean)),
    locked AS (SELECT id FROM notices WHERE id IN (SELECT notice FROM sent) ORDER BY id FOR UPDATE)
    UPDATE notices
    SET status = CASE notices.status WHEN 'claimed' THEN sent.status ELSE notices.status END,
        sent_at = coalesce(sent_at, clock_timestamp()),
        provider = sent.provider, provider_id = sent.provider_id,
        deemed_on = coalesce(sent.deemed_on, notices.deemed_on),
        deemed_by = coalesce(sent.deemed_by, notices.deemed_by),
        served_on = CASE WHEN serves THEN notices.at ELSE served_on END,
        served_by = CASE WHEN serves THEN 'file' ELSE served_by END
    FROM locked JOIN sent ON sent.notice = locked.id
    WHERE notices.id = locked.id
    RETURNING notices.id, serves
""")


def record_sent(engine: Engine, sent: Sequence[Sent]) -> list[tuple[Sent, bool]]:
    """Put on record that providers took some notices; of each, whether that was service: it is for one that a rehearsal
    wrote to a file and that lists what it can serve."""
    rows = json.dumps([asdict(each) for each in sent], default=date.isoformat)
    with engine.begin() as connection:
        serves: dict[str, bool] = {row.id: row.serves for row in connection.execute(SENT, {"sent": rows})}
    return [(each, serves[each.notice]) for each in sent]


def lose(connection: Connection, notice: str, reason: str) -> None:
    """Put a notice down as lost, unless a webhook has told more of it meanwhile."""
    mine = update(notices).where(notices.c.id == notice, notices.c.status == Progress.CLAIMED)
    connection.execute(mine.values(status=Progress.FAILED, failure=reason))
