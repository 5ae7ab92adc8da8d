"""Communications beside the rungs: claimed, sent and followed as the notices of a ruler are."""

from __future__ import annotations

from contextlib import AbstractContextManager
from datetime import datetime, timedelta

from temporalio import activity

from activities.communication_letters import Subject, subject_of
from activities.dependencies import Dependencies, contact_at, late_contact_at, now
from activities.handing_over import Claimed, carry, out_of_hours, while_paused
from activities.outgoing import made_of, outgoing, price_of
from channels.mail_gateway import Adapter, Undeliverable
from channels.rendering import render
from models.case.journal import EntryKind
from models.contact.communication import reaching
from models.contact.delivery import Progress, Route, routes_left
from models.words import CHANNELS, COMMUNICATIONS
from storage.contact.communications import CommunicationTransaction, communication_transaction
from storage.contact.costs import spend
from storage.contact.notices import IssuedNotice, claim, issued
from workflows.effects import CommunicationDispatch, CommunicationEffects, CommunicationNextAction, Dispatch

NO_WAIT = timedelta(0)


class CommunicationActivities(CommunicationEffects):
    def __init__(self, dependencies: Dependencies) -> None:
        self.dependencies = dependencies

    @activity.defn
    def look_at_communication(self, communication: str) -> CommunicationNextAction:
        with self._transaction(communication) as tx:
            return self._next_action(tx)

    @activity.defn
    def communicate(self, dispatch: CommunicationDispatch) -> CommunicationNextAction:
        route = Route(channel=dispatch.channel, rung_channel=dispatch.rung_channel)
        with self._transaction(dispatch.communication) as tx:
            claimed = self._claim(tx, route)
        if claimed is not None:
            carry(self.dependencies, claimed)
        with self._transaction(dispatch.communication) as tx:
            return self._next_action(tx)

    def _transaction(self, communication: str) -> AbstractContextManager[CommunicationTransaction]:
        return communication_transaction(self.dependencies.engine, communication, now())

    # ---- what comes next

    def _next_action(self, tx: CommunicationTransaction) -> CommunicationNextAction:
        """The notices to be sent next, and when; a communication that is over by now is closed."""
        if tx.told.outcome is not None:
            return CommunicationNextAction(outcome=tx.told.outcome)
        subject = subject_of(tx, self.dependencies.links)
        # on their way, where a worker was lost; else yet to be made
        begun = [made for made in tx.notices.values() if made.status == Progress.CLAIMED]
        routes = tuple(Route(channel=each.channel, rung_channel=each.rung_channel) for each in begun)
        routes = routes or self._routes_left(tx, subject)
        if not begun and (subject.overtaken or not routes):
            return CommunicationNextAction(outcome=_closed(tx, subject))
        runs_at = None if tx.told.unpaid_since or tx.paused else _opens_at(tx, routes)
        dispatches = tuple(self._dispatch(tx, route) for route in routes)
        return CommunicationNextAction(runs_at=runs_at, dispatches=dispatches)

    def _routes_left(self, tx: CommunicationTransaction, subject: Subject) -> tuple[Route, ...]:
        kind = tx.told.kind
        reached = tx.person.contacts.reach(self.dependencies.gateway_of(tx.case).unaddressed).open
        reachable = reaching(reached, tx.written_lately(now()), subject.worded(kind.template))
        return routes_left(kind.fallbacks, tx.deliveries, reachable)

    def _dispatch(self, tx: CommunicationTransaction, route: Route) -> Dispatch:
        queue = self.dependencies.queue(tx.case, route.channel)
        return Dispatch(channel=route.channel, rung_channel=route.rung_channel, queue=queue)

    # ---- claiming

    def _claim(self, tx: CommunicationTransaction, route: Route) -> Claimed | None:
        """Claim a notice; None when it has left or is lost, or when something overtook it."""
        subject = subject_of(tx, self.dependencies.links)
        adapter = self.dependencies.adapter(tx.case, route.channel)
        made = tx.notices.get(route.channel)
        if made is None:
            stopped = tx.told.outcome or tx.told.unpaid_since or tx.paused or subject.overtaken
            if stopped or route not in self._routes_left(tx, subject) or _opens_in(tx, route) != NO_WAIT:
                return None
            made = self._make(tx, subject, route, adapter)
            return self._claimed(tx, subject, made, adapter) if made else None
        if made.status != Progress.CLAIMED:
            return None
        return self._claimed(tx, subject, made, adapter, made.unanswered, _hindrance(tx, subject, route, adapter))

    def _claimed(
        self,
        tx: CommunicationTransaction,
        subject: Subject,
        made: IssuedNotice,
        adapter: Adapter,
        tries: int | None = None,
        hindrance: Exception | None = None,
    ) -> Claimed:
        message = outgoing(tx.case, tx.person, made, adapter, self.dependencies.links, subject.words)
        return Claimed(message, adapter, tx.case, tries, hindrance)

    def _make(
        self, tx: CommunicationTransaction, subject: Subject, route: Route, adapter: Adapter
    ) -> IssuedNotice | None:
        """Claim the notice: from here on it may leave, whatever happens later. None: the cohort can't pay for it."""
        kind, clock, at = tx.told.kind, tx.case.clock, tx.at
        message = render(route.channel, kind.template, subject.letter(), subject.words)
        segments, cost = price_of(tx.case, route.channel, message, at)
        if not spend(tx.connection, tx.case, cost):
            tx.wait_for_money()
            return None
        due_at = _opens_at(tx, [route])
        row = {
            "id": f"{tx.told.id}-{route.channel}",
            "case": tx.case.id,
            "kind": kind,
            "communication": tx.told.id,
            "rung_channel": route.rung_channel,
            "at": at,
            "due_at": clock.logical_at(due_at) if due_at else None,
            "template": kind.template,
            "formal": False,
            **made_of(route.channel, message, tx.person, adapter, segments, cost),
        }
        claim(tx.connection, [row])
        made = issued(row)
        what = f"{COMMUNICATIONS[kind]} por {CHANNELS[route.channel]}"
        tx.journal(EntryKind.COMMUNICATION_ISSUED, what, at, {"notice": made.id})
        return made


def _closed(tx: CommunicationTransaction, subject: Subject) -> str:
    """Close what nothing is left to be done for: it is sent where any of its notices left."""
    if any(not delivery.progress.lost for delivery in tx.deliveries):
        tx.close("sent")
    elif subject.overtaken:
        tx.close("withdrawn", subject.overtaken)
    elif not any(subject.worded(tx.told.kind.template)):
        tx.close("withdrawn", "a régua foi congelada antes de haver palavras para isto")
    else:
        tx.close("unreached", "nenhum canal alcança o contribuinte")
    return str(tx.told.outcome)


def _opens_at(tx: CommunicationTransaction, routes: tuple[Route, ...] | list[Route]) -> datetime | None:
    """The wall instant at which the channels are open together; None: never, the clock stands still before it."""
    channels = [route.channel for route in routes]
    # its own day may lie ahead of the clock's: it may be asked for early
    if tx.case.clock.compressed or tx.on > tx.case.clock.day_at(now()):
        return contact_at(tx.case, tx.on, channels)
    return late_contact_at(tx.case, channels)


def _opens_in(tx: CommunicationTransaction, route: Route) -> timedelta | None:
    """How long until the channel's contact hours. On a compressed clock a contact is judged by the instant it was due
    at, which lies inside its hours."""
    if tx.case.clock.compressed:
        return NO_WAIT
    at = _opens_at(tx, [route])
    return None if at is None else max(at - now(), NO_WAIT)


def _hindrance(tx: CommunicationTransaction, subject: Subject, route: Route, adapter: Adapter) -> Exception | None:
    """The hindrance that has come up since the notice was claimed, for one that an earlier attempt may not have handed
    over."""
    if not adapter.needs_contact:
        return None
    if subject.overtaken:
        return Undeliverable(subject.overtaken)
    if tx.paused:
        return while_paused()
    wait = _opens_in(tx, route)
    if wait == NO_WAIT:
        return None
    return out_of_hours(wait)
