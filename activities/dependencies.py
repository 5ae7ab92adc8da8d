"""The dependencies of activities about cases: the record, the mail gateway, the links in messages, and the bank."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from functools import cached_property, partial
from typing import Any, TypeVar

from sqlalchemy import Engine
from temporalio import activity
from temporalio.exceptions import ApplicationError

from activities.batches import Batches, CaseAct, act_together
from activities.current import unclaimed
from banks.bank import Bank
from channels.links import Links
from channels.mail_gateway import Adapter, MailGateway
from models.case.plan import plan
from models.case.state import cell_reached
from models.case.step import Action, Step
from models.contact.channel import Channel
from models.contact.delivery import Route
from models.law.calendar import Window
from storage.case.cases import Case
from storage.case.path import ClaimedNotice
from storage.case.transaction import CaseTransaction
from storage.contact.notices import Sent, record_sent
from workflows.effects import Dispatch, Evaluation, NextAction, PlannedStep, Unfinished
from workflows.names import PROVIDERS, queue_of

UNTIL_VERIFIED = timedelta(hours=1)
"""How often an example that a provider would truly send looks whether it goes by verified rules now."""

T = TypeVar("T")


@dataclass(frozen=True)
class Dependencies:
    engine: Engine
    post: MailGateway
    links: Links | None = None
    """Without them, messages name the authority's site only."""
    bank: Bank | None = None
    """Without one, nothing is charged: debts are paid as their imports say."""

    @cached_property
    def _case_batches(self) -> Batches[CaseAct, tuple[CaseTransaction, Any]]:
        return Batches(partial(act_together, self.engine, self.post.unaddressed))

    @cached_property
    def sent(self) -> Batches[Sent, bool]:
        """The record of what providers took: answers whether sending was service too."""
        return Batches(partial(record_sent, self.engine))

    def carry_out(
        self, case: str, act: Callable[[CaseTransaction], T], not_before: date | None = None, first: bool = False
    ) -> tuple[CaseTransaction, T]:
        """Act on a case in a transaction that knows which channels need an address of the taxpayer's; gives the case as
        it was saved, and what the act gave. `first`: before others that wait."""
        return self._case_batches.carry_out(CaseAct(case, now(), not_before, act=act), first)

    def next_action(self, tx: CaseTransaction) -> NextAction:
        """The next action, which an activity answers: the step that is next, when it runs, and by whom its notices
        leave."""
        closed = tx.closes or tx.case.closed_at is not None
        step = tx.step
        row, stage = cell_reached(tx.case.ruler, tx.state)
        return NextAction(
            revision=tx.case.revision + 1,
            step=step.model_copy(update={"status": tx.status}),
            situation=tx.situation,
            closed=closed,
            runs_at=None if closed else _runs_at(tx),
            dispatches=tuple(self._dispatch(tx.case, route) for route in step.routes),
            charges=self.bank is not None,
            hypothesis=row,
            stage=stage,
            rigidity=tx.state.last_rigidity or None,
        )

    def evaluation(
        self,
        tx: CaseTransaction,
        path: tuple[str, ...] = (),
        claimed: Sequence[ClaimedNotice] = (),
        begun: Step | None = None,
    ) -> Evaluation:
        unfinished = [self._unfinished(tx, each) for each in claimed]
        if begun:
            unfinished += [
                Unfinished(step=begun, dispatch=self._dispatch(tx.case, route)) for route in unclaimed(tx, begun)
            ]
        return Evaluation(next_action=self.next_action(tx), path=path, plan=_plan(tx), unfinished=tuple(unfinished))

    def _unfinished(self, tx: CaseTransaction, notice: ClaimedNotice) -> Unfinished:
        action = Action.INFORM if notice.kind == "reinstatement" else Action.NOTIFY
        step = Step(action=action, status=tx.status, on=None, number=notice.step, reason="", stage=notice.stage)
        route = Route(channel=notice.channel, rung_channel=notice.rung_channel)
        return Unfinished(step=step, dispatch=self._dispatch(tx.case, route))

    def _dispatch(self, case: Case, route: Route) -> Dispatch:
        return Dispatch(channel=route.channel, rung_channel=route.rung_channel, queue=self.queue(case, route.channel))

    def queue(self, case: Case, channel: Channel) -> str:
        """The task queue of the provider who takes the case's messages on a channel."""
        return queue_of(self.gateway_of(case).adapter(channel).name)

    def gateway_of(self, case: Case) -> MailGateway:
        return self.post.rehearsed() if case.rehearsal else self.post

    def adapter(self, case: Case, channel: Channel) -> Adapter:
        """The adapter for the case's messages on a channel. Raises ApplicationError, to be tried again once the cohort
        has gone over to verified rules, and seen as pending in the Web UI meanwhile: an example would truly send."""
        adapter = self.gateway_of(case).adapter(channel)
        if case.unverified and adapter.name in PROVIDERS:
            what = f"{case.ruler.label} is an example, which nobody has verified, and {adapter.name} would truly send"
            raise ApplicationError(what, type="Unverified", next_retry_delay=UNTIL_VERIFIED)
        return adapter


def now() -> datetime:
    """The server's own clock when this activity began: one clock for all workers, and the one that tests can move."""
    return activity.info().started_time


def _plan(tx: CaseTransaction) -> tuple[PlannedStep, ...]:
    if tx.closes or tx.case.closed_at is not None:
        return ()
    steps = plan(tx.view)
    return tuple(PlannedStep(on=step.on, what=_what(step)) for step in steps)


def _what(step: Step) -> str:
    cell = f"{step.row.upper()} · {step.stage} · {step.rigidity}" if step.row and step.stage else ""
    return cell if step.action is Action.NOTIFY else f"{step.action} {cell}".strip()


def _runs_at(tx: CaseTransaction) -> datetime | None:
    step = tx.step
    if step.on is None or step.action.at_once:
        return None
    if step.action.contacts:
        return contact_at(tx.case, step.on, [route.channel for route in step.routes], hours_of(tx.case, step))
    return tx.case.clock.instant_of(step.on, share_of(tx.case.id))


def hours_of(case: Case, step: Step) -> Window | None:
    """The hours that a step's rung keeps within those of its channels; none: it has none of its own."""
    if step.row is None or step.rung is None:
        return None
    return case.ruler.rung(step.row, step.rung).hours


def contact_at(case: Case, due: date, channels: Iterable[Channel], within: Window | None = None) -> datetime | None:
    """The wall instant of a contact, inside the hours of all its channels."""
    hours = case.ruler.jurisdiction.contact_hours.within(within)
    return hours.contact_at(case.clock, due, share_of(case.id), channels, case.frozen.calendar, now())


def late_contact_at(case: Case, channels: Iterable[Channel], within: Window | None = None) -> datetime | None:
    """The same of a contact whose time has come."""
    hours = case.ruler.jurisdiction.contact_hours.within(within)
    return hours.late_contact_at(case.clock, share_of(case.id), channels, case.frozen.calendar, now())


def share_of(case: str) -> float:
    """The part of its window by which this case's steps run after the opening, so that a wave is spread over it."""
    return int(case[:8], 16) / 2**32
