"""What activities about cases work with: the record, the post, the links in messages, and the bank."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import date, datetime

from sqlalchemy import Engine
from temporalio import activity

from banks.bank import Bank
from channels.links import Links
from channels.post import Post
from models.channel import Channel
from models.delivery import Leg
from models.plan import plan
from models.position import cell_reached
from models.step import Action, Step
from storage.cases import Case, Sitting, sitting
from workflows.effects import Errand, Outlook, PlannedStep, Stocktaking
from workflows.names import queue_of


@dataclass(frozen=True)
class Desk:
    engine: Engine
    post: Post
    links: Links | None = None
    """Without them, messages name the authority's site only."""
    bank: Bank | None = None
    """Without one, nothing is charged: debts are paid as their imports say."""

    @contextmanager
    def sitting(self, case: str, not_before: date | None = None) -> Iterator[Sitting]:
        """A sitting that knows which channels need an address of the taxpayer's."""
        with sitting(self.engine, case, now(), not_before, self.post.unaddressed) as sat:
            yield sat

    def outlook(self, sat: Sitting) -> Outlook:
        """What an activity answers: the step that is next, when it runs, and by whom its notices leave."""
        closed = sat.closes or sat.case.closed_at is not None
        step = sat.step
        row, stage = cell_reached(sat.case.ruler, sat.position)
        return Outlook(
            revision=sat.case.revision + 1,
            step=step.model_copy(update={"status": sat.status}),
            situation=sat.situation,
            closed=closed,
            runs_at=None if closed else _runs_at(sat),
            errands=tuple(self._errand(sat.case, leg) for leg in step.legs),
            charges=self.bank is not None,
            hypothesis=row,
            stage=stage,
            rigidity=sat.position.last_rigidity or None,
        )

    def stock(self, sat: Sitting, path: tuple[str, ...] = ()) -> Stocktaking:
        return Stocktaking(outlook=self.outlook(sat), path=path, plan=_plan(sat))

    def _errand(self, case: Case, leg: Leg) -> Errand:
        return Errand(channel=leg.channel, way=leg.way, queue=self.queue(case, leg.channel))

    def queue(self, case: Case, channel: Channel) -> str:
        """That of the provider who takes the case's messages on a channel."""
        return queue_of(self.post_of(case).adapter(channel).name)

    def post_of(self, case: Case) -> Post:
        return self.post.rehearsed() if case.rehearsal else self.post


def now() -> datetime:
    """The server's own clock when this activity began: one clock for all workers, and the one that tests can move."""
    return activity.info().started_time


def _plan(sat: Sitting) -> tuple[PlannedStep, ...]:
    if sat.closes or sat.case.closed_at is not None:
        return ()
    steps = plan(sat.view)
    return tuple(PlannedStep(on=step.on, what=_what(step)) for step in steps)


def _what(step: Step) -> str:
    cell = f"{step.row.upper()} · {step.stage} · {step.rigidity}" if step.row and step.stage else ""
    return cell if step.action is Action.NOTIFY else f"{step.action} {cell}".strip()


def _runs_at(sat: Sitting) -> datetime | None:
    step = sat.step
    if step.on is None or step.action.at_once:
        return None
    if step.action.contacts:
        return contact_at(sat.case, step.on, [leg.channel for leg in step.legs])
    return sat.case.clock.instant_of(step.on, share_of(sat.case.id))


def contact_at(case: Case, due: date, channels: Iterable[Channel]) -> datetime | None:
    """The wall instant of a contact, inside the hours of all its channels."""
    hours = case.ruler.jurisdiction.contact_hours
    return hours.contact_at(case.clock, due, share_of(case.id), channels, case.frozen.calendar, now())


def late_contact_at(case: Case, channels: Iterable[Channel]) -> datetime | None:
    """The same of a contact whose time has come."""
    hours = case.ruler.jurisdiction.contact_hours
    return hours.late_contact_at(case.clock, share_of(case.id), channels, case.frozen.calendar, now())


def share_of(case: str) -> float:
    """The part of its window by which this case's steps run after the opening, so that a wave is spread over it."""
    return int(case[:8], 16) / 2**32
