"""What an activity answers: the step that is next, when it runs, and by whom its notices leave."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import date, datetime

from channels.post import Post
from models.channel import Channel
from models.decision import Action
from storage.cases import Case, Sitting
from workflows.effects import Errand, Outlook
from workflows.names import queue_of


def outlook_of(sat: Sitting, post: Post, now: datetime) -> Outlook:
    closed = sat.closes or sat.case.closed_at is not None
    step, position, ruler = sat.step, sat.position, sat.case.ruler
    stands = ruler.rung(position.row, position.rung) if position.row is not None and position.rung >= 0 else None
    providers = post.rehearsed() if sat.case.rehearsal else post
    return Outlook(
        revision=sat.case.revision + 1,
        step=step.model_copy(update={"status": sat.status}),
        closed=closed,
        runs_at=None if closed else _runs_at(sat, now),
        errands=tuple(
            Errand(channel=leg.channel, way=leg.way, queue=queue_of(providers.adapter(leg.channel).name))
            for leg in step.legs
        ),
        hypothesis=position.row,
        stage=stands.stage if stands else None,
        rigidity=position.last_rigidity or None,
    )


def _runs_at(sat: Sitting, now: datetime) -> datetime | None:
    step = sat.step
    if step.on is None or step.action.at_once:
        return None
    if step.action is Action.NOTIFY:
        return contact_at(sat.case, step.on, [leg.channel for leg in step.legs], now)
    return sat.case.clock.instant_of(step.on, share_of(sat.case.id))


def contact_at(case: Case, due: date, channels: Iterable[Channel], now: datetime) -> datetime | None:
    """The wall instant of a contact, inside the hours of all its channels."""
    hours = case.ruler.jurisdiction.contact_hours
    return hours.contact_at(case.clock, due, share_of(case.id), channels, case.frozen.calendar, now)


def share_of(case: str) -> float:
    """The part of its window by which this case's steps run after the opening, so that a wave is spread over it."""
    return int(case[:8], 16) / 2**32
