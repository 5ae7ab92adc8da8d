"""The path of a case over the heat-map: the cells whose notices it was sent, and the notices that have yet to leave."""

from __future__ import annotations

from dataclasses import dataclass

from sqlalchemy import ColumnElement, Connection, select, text

from models.case.step import Step
from models.contact.channel import Channel
from models.contact.delivery import Progress
from models.formats import day
from models.ruler.schema import Stage
from storage.schema import cases, notices

CELLS = text("""
    SELECT at, hypothesis, stage, rigidity FROM notices WHERE "case" = :case AND kind = 'rung'
    GROUP BY step, at, hypothesis, stage, rigidity ORDER BY step
""")


def path_of(connection: Connection, case: str) -> tuple[str, ...]:
    """A line for each rung, the oldest first: its day and its cell."""
    rows = connection.execute(CELLS, {"case": case})
    return tuple(f"{day(row.at)} · {row.hypothesis.upper()} · {row.stage} · {row.rigidity}" for row in rows)


CLAIMED = text("""
    SELECT step, kind, stage, channel, rung_channel FROM notices
    WHERE "case" = :case AND status = 'claimed' AND communication IS NULL ORDER BY step, channel
""")


@dataclass(frozen=True)
class ClaimedNotice:
    """A notice that is on its way, as far as the record tells."""

    step: int
    kind: str
    stage: Stage
    channel: Channel
    rung_channel: Channel


def claimed_notices(connection: Connection, case: str) -> list[ClaimedNotice]:
    return [
        ClaimedNotice(row.step, row.kind, Stage(row.stage), row.channel, row.rung_channel)
        for row in connection.execute(CLAIMED, {"case": case})
    ]


def on_the_way() -> ColumnElement[bool]:
    """Whether a notice of a case may be on its way: its workflow lives until that has left, though the case is over."""
    sending = select(notices.c.case).where(notices.c.status == Progress.CLAIMED, notices.c.communication.is_(None))
    return cases.c.id.in_(sending)


def last_contact(connection: Connection, case: str) -> Step | None:
    """The contact that was last begun; none: there was none since this is kept."""
    kept = connection.scalar(select(cases.c.last_contact).where(cases.c.id == case))
    return Step.model_validate(kept) if kept else None
