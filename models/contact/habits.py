"""Habits of contact: after which channel somebody paid, what he read and answered, and when he mostly does."""

from __future__ import annotations

from enum import StrEnum

from pydantic import BaseModel, ConfigDict

from models.contact.channel import Channel


class DayPart(StrEnum):
    """The part of a day in which somebody mostly reads and answers."""

    MORNING = "morning"
    """Before 12:00."""
    AFTERNOON = "afternoon"
    """Before 18:00."""
    EVENING = "evening"


class ContactHabits(BaseModel):
    """Channels and hours that somebody is known by from earlier cases."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    paid_after: tuple[Channel, ...] = ()
    """The channels of the last notices before he paid."""
    opened: tuple[Channel, ...] = ()
    answered: tuple[Channel, ...] = ()
    active: DayPart | None = None

    def include(self, asked: ContactHabits) -> bool:
        """Whether all that is asked is met: of each list of channels one of them."""
        lists = ((self.paid_after, asked.paid_after), (self.opened, asked.opened), (self.answered, asked.answered))
        met = all(not wanted or set(known) & set(wanted) for known, wanted in lists)
        return met and asked.active in (None, self.active)
