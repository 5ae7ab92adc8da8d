"""The fate of a notice, as its provider tells it: in any order, more than once, and never backwards."""

from __future__ import annotations

from collections.abc import Container, Iterable, Mapping
from dataclasses import dataclass
from datetime import date, datetime
from enum import StrEnum
from typing import Literal, NamedTuple

from pydantic import BaseModel, ConfigDict

from models.contact.channel import Channel


class Progress(StrEnum):
    """The stages of a delivery, in their order. Whatever order the events come in, the notice ends at the furthest of
    them."""

    CLAIMED = "claimed"
    """On record, and perhaps on its way: whatever is paid later, it may still leave."""
    QUEUED = "queued"
    SENT = "sent"
    DELIVERED = "delivered"
    READ = "read"
    ANSWERED = "answered"
    FAILED = "failed"
    BOUNCED = "bounced"
    BLOCKED = "blocked"

    @property
    def rank(self) -> int:
        return list(Progress).index(self)

    @property
    def lost(self) -> bool:
        """Whether the notice failed to reach the taxpayer; it then never counts as served."""
        return self.rank >= Progress.FAILED.rank

    @property
    def serves(self) -> bool:
        """Whether this proves that the taxpayer had the notice."""
        return self in (Progress.DELIVERED, Progress.READ, Progress.ANSWERED)

    def moved(self, event: Progress) -> Progress:
        return max(self, event, key=lambda progress: progress.rank)


LEFT = tuple(progress for progress in Progress if progress is not Progress.CLAIMED and not progress.lost)
"""The stages of a notice that went out."""


class Delivery(BaseModel):
    """A notice of the case's last rung: the channel it went by, the one it stood for, and what became of it."""

    model_config = ConfigDict(frozen=True)

    channel: Channel
    rung_channel: Channel
    progress: Progress


class Route(BaseModel):
    """A notice to be made: the channel it goes by, and the one of its rung that it stands for."""

    model_config = ConfigDict(frozen=True)

    channel: Channel
    rung_channel: Channel


Fallbacks = Mapping[Channel, tuple[Channel, ...]]
"""Each channel of a rung, and what its notice may leave by, in order."""


def routes_of(fallbacks: Fallbacks, reachable: Container[Channel]) -> tuple[Route, ...]:
    """The notices of a rung that nobody was sent yet: each of its channels, or the first of its fallbacks, that reaches
    the taxpayer. Nothing is published before a personal means has failed."""
    return _first_of_each(fallbacks, fallbacks, reachable, tried={"gazette"})


def routes_after_loss(
    fallbacks: Fallbacks, deliveries: tuple[Delivery, ...], reachable: Container[Channel]
) -> tuple[Route, ...]:
    """The notices that stand in for those of a rung that were lost."""
    tried = {delivery.channel for delivery in deliveries}
    return _first_of_each(fallbacks, lost_rung_channels(deliveries), reachable, tried)


def routes_left(
    fallbacks: Fallbacks, deliveries: tuple[Delivery, ...], reachable: Container[Channel]
) -> tuple[Route, ...]:
    """The notices that are yet to be made: of channels that nothing was sent for, and in place of those that were
    lost."""
    begun = {delivery.rung_channel for delivery in deliveries}
    wanted = [channel for channel in fallbacks if channel not in begun]
    tried = {delivery.channel for delivery in deliveries}
    return _first_of_each(fallbacks, [*wanted, *lost_rung_channels(deliveries)], reachable, tried)


def lost_rung_channels(deliveries: tuple[Delivery, ...]) -> tuple[Channel, ...]:
    """The channels of a rung whose every notice was lost, fallbacks included."""
    fallbacks = dict.fromkeys(delivery.rung_channel for delivery in deliveries)
    return tuple(
        rung_channel
        for rung_channel in fallbacks
        if all(d.progress.lost for d in deliveries if d.rung_channel == rung_channel)
    )


def reached_nobody(deliveries: tuple[Delivery, ...]) -> bool:
    return bool(deliveries) and all(delivery.progress.lost for delivery in deliveries)


def _first_of_each(
    fallbacks: Fallbacks, wanted: Iterable[Channel], reachable: Container[Channel], tried: set[Channel]
) -> tuple[Route, ...]:
    """Keep the first route of each channel: a channel is used once a rung."""
    routes = []
    for rung_channel in wanted:
        channel = next(
            (other for other in fallbacks.get(rung_channel, ()) if other in reachable and other not in tried), None
        )
        if channel:
            tried.add(channel)
            routes.append(Route(channel=channel, rung_channel=rung_channel))
    return tuple(routes)


@dataclass(frozen=True)
class Report:
    """One thing that a provider tells of a message."""

    provider: str
    event: str
    """The provider's own id of the event, by which a redelivery is known."""
    kind: str
    """The event, in the provider's word."""
    at: datetime
    notice: str | None = None
    """As it was sent along with the message."""
    message: str | None = None
    """The provider's name of the message, where that tells it from all others."""
    progress: Progress | None = None
    """None: it moves no notice."""
    reason: str | None = None
    """Why the notice was lost, in pt-BR; it names nobody."""
    contact: Literal["suppressed", "refused"] | None = None
    """The news of the address, if any: no message gets there, or its owner wants none."""


PROOFS = tuple(progress for progress in Progress if progress.serves)


class Service(NamedTuple):
    """Service of a formal notice (ciência): since when, and who or what says so."""

    on: date
    by: str
    reference: str

    @property
    def reported(self) -> bool:
        """Whether a provider reported it; what a person signed for, reports neither move nor undo."""
        return self.by in PROOFS


@dataclass(frozen=True)
class Fate:
    """The fate of a notice so far: the same for the same reports, whatever their order."""

    progress: Progress
    failure: str | None = None
    service: Service | None = None

    def after(self, report: Report, carries: bool, on: date) -> Fate:
        """The fate after one more report. `on` is the case's day of the report. Only a notice that carries the whole
        act is served by one; the earliest proof counts, whenever it comes in."""
        if report.progress is None:
            return self
        reason = report.reason if report.progress.lost else None
        progress, failure = max((self.progress, self.failure), (report.progress, reason), key=_extent)
        proofs = [self.service] if self.service else []
        if carries and report.progress.serves and all(proof.reported for proof in proofs):
            proofs.append(Service(on, str(report.progress), report.event))
        if progress.lost:
            # a server may take a mail and send it back later: that was no service
            proofs = [proof for proof in proofs if not proof.reported]
        return Fate(progress, failure, min(proofs, default=None))


def _extent(end: tuple[Progress, str | None]) -> tuple[int, str]:
    progress, failure = end
    return progress.rank, failure or ""
