"""Notices on record: claimed before they are handed over, and what their provider answered."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, fields
from datetime import date, datetime
from typing import Any

from sqlalchemy import Connection, case, func, insert, select, update

from models.contact.channel import Channel
from models.contact.delivery import Progress
from storage.law.listed import listed_credits
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
    claimed_at: datetime


ISSUED = [notices.c[field.name] for field in fields(IssuedNotice)]


def claim(connection: Connection, row: Mapping[str, Any]) -> IssuedNotice:
    """Put a notice on record: from here on it may leave, whatever is paid later."""
    made = connection.execute(insert(notices).values({**row, "status": Progress.CLAIMED}).returning(*ISSUED))
    return IssuedNotice(*made.one())


def notices_of_rung(connection: Connection, case: str, step: int) -> dict[str, IssuedNotice]:
    """Claimed already, on whatever channel. Not locked: who reports of one waits for its case, which the caller
    holds."""
    of_rung = select(*ISSUED).where(notices.c.case == case, notices.c.step == step)
    return {row.id: IssuedNotice(*row) for row in connection.execute(of_rung.order_by(notices.c.id))}


def count_hand_over(connection: Connection, notice: str, count: int) -> None:
    """Count a hand-over that has no answer yet, or no longer."""
    counted = update(notices).where(notices.c.id == notice).values(unanswered=notices.c.unanswered + count)
    connection.execute(counted)


def record_sent(
    connection: Connection, notice: str, status: str, provider: str, provider_id: str | None, deemed: Mapping[str, Any]
) -> None:
    """Put on record that a provider took a notice. What a webhook has already told of it stands."""
    sent = {
        "status": case((notices.c.status == Progress.CLAIMED, status), else_=notices.c.status),
        "sent_at": func.coalesce(notices.c.sent_at, func.clock_timestamp()),
        "provider": provider,
        "provider_id": provider_id,
        **deemed,
    }
    connection.execute(update(notices).where(notices.c.id == notice).values(sent))


def serve_by_file(connection: Connection, notice: str) -> bool:
    """Take a notice that a rehearsal wrote to a file as served; whether it lists anything that it can serve."""
    serves = bool(listed_credits(connection, notice))
    if serves:
        mine = update(notices).where(notices.c.id == notice)
        connection.execute(mine.values(served_on=notices.c.at, served_by="file"))
    return serves


def lose(connection: Connection, notice: str, reason: str) -> None:
    """Put a notice down as lost, unless a webhook has told more of it meanwhile."""
    mine = update(notices).where(notices.c.id == notice, notices.c.status == Progress.CLAIMED)
    connection.execute(mine.values(status=Progress.FAILED, failure=reason))
