"""What became of a notice, as its provider tells it: in any order, more than once, and never backwards."""

from __future__ import annotations

from enum import StrEnum

from pydantic import BaseModel, ConfigDict

from models.ruler import Channel


class Progress(StrEnum):
    """In this order. Whatever order the events come in, the notice ends at the furthest of them."""

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
        """It didn't reach the taxpayer, and never counts as served."""
        return self.rank >= Progress.FAILED.rank

    @property
    def serves(self) -> bool:
        """It proves that the taxpayer had the notice."""
        return self in (Progress.DELIVERED, Progress.READ, Progress.ANSWERED)

    def moved(self, event: Progress) -> Progress:
        return max(self, event, key=lambda progress: progress.rank)


LEFT = tuple(progress for progress in Progress if progress is not Progress.CLAIMED and not progress.lost)
"""Those of a notice that went out."""


class Delivery(BaseModel):
    """A notice of the case's last rung: the channel it went by, the one it stood for, and what became of it."""

    model_config = ConfigDict(frozen=True)

    channel: Channel
    way: Channel
    progress: Progress


def lost_ways(deliveries: tuple[Delivery, ...]) -> tuple[Channel, ...]:
    """The channels of a rung whose every notice was lost, fallbacks included."""
    ways = dict.fromkeys(delivery.way for delivery in deliveries)
    return tuple(way for way in ways if all(d.progress.lost for d in deliveries if d.way == way))


def next_channel(
    chain: tuple[Channel, ...], way: Channel, deliveries: tuple[Delivery, ...], reachable: frozenset[Channel]
) -> Channel | None:
    """Where the notice of a lost way goes next: the first of its chain that wasn't tried and reaches the taxpayer."""
    tried = {delivery.channel for delivery in deliveries}
    return next((channel for channel in chain if channel not in tried and channel in reachable), None)
