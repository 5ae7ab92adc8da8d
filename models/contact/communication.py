"""Communications: what is told a taxpayer beside the rungs: of instalments, of money he paid or promised, of what falls
due."""

from __future__ import annotations

from collections.abc import Mapping, Set
from datetime import timedelta
from enum import StrEnum

from models.contact.channel import Channel
from models.contact.delivery import Fallbacks


class CommunicationKind(StrEnum):
    REMINDER = "instalment_reminder"
    ALERT = "instalment_alert"
    """An instalment was missed."""
    RECEIPT = "receipt"
    CORRECTION = "correction"
    """The money of a receipt that was sent went back, or elsewhere."""
    BEFORE_DUE = "before_due"
    """A courtesy: something falls due soon, of which nothing is evidence yet."""

    PROMISE = "promise_reminder"
    """The day before the one for which he promised to pay."""

    SIGNING = "signing_link"
    """The address at which he signs what he agreed to in a call."""

    @property
    def collects(self) -> bool:
        """Whether it asks for money: it is a contact then, which counts against a person's limits and keeps them. A
        receipt answers what the taxpayer did himself, and so does the address that he asked for."""
        return self not in (*RECEIPTS, CommunicationKind.SIGNING)

    @property
    def template(self) -> str:
        return TEMPLATES[self]

    @property
    def fallbacks(self) -> Fallbacks:
        return FALLBACKS[self]

    @property
    def channels(self) -> tuple[Channel, ...]:
        """All that it may leave by, each once."""
        return tuple(dict.fromkeys(channel for line in self.fallbacks.values() for channel in line))


INSTALMENTS = (CommunicationKind.REMINDER, CommunicationKind.ALERT)
RECEIPTS = (CommunicationKind.RECEIPT, CommunicationKind.CORRECTION)

TEMPLATES: Mapping[CommunicationKind, str] = {
    CommunicationKind.REMINDER: "agreements/reminder",
    CommunicationKind.ALERT: "agreements/alert",
    CommunicationKind.RECEIPT: "payments/receipt",
    CommunicationKind.CORRECTION: "payments/correction",
    CommunicationKind.BEFORE_DUE: "before_due/notice",
    CommunicationKind.PROMISE: "promises/reminder",
    CommunicationKind.SIGNING: "agreements/signing",
}

READ: tuple[Channel, ...] = ("email", "whatsapp", "messenger", "sms")
"""The channels of a receipt, in order: one that a person can keep comes first; so are those of the other
messages to one person."""

FALLBACKS: Mapping[CommunicationKind, Fallbacks] = {
    CommunicationKind.REMINDER: {"email": ("email", "sms"), "sms": ("sms",)},
    # by voice too, as Alagoas does
    CommunicationKind.ALERT: {"email": ("email", "sms"), "voice": ("voice", "sms")},
    CommunicationKind.RECEIPT: {"email": READ},
    CommunicationKind.CORRECTION: {"email": READ},
    CommunicationKind.BEFORE_DUE: {"email": ("email", "sms")},
    CommunicationKind.PROMISE: {"email": READ},
    CommunicationKind.SIGNING: {"email": READ},
}

WINDOW = timedelta(hours=24)
"""The time in which Meta lets a business answer in its own words; later only in words that Meta approved, and a
communication has none such."""
IN_WINDOW: frozenset[Channel] = frozenset({"whatsapp", "messenger"})


def reaching(reached: Set[Channel], written_lately: Set[Channel], worded: Set[Channel]) -> frozenset[Channel]:
    """The channels by which a communication reaches the taxpayer: of those that reach him (`reached`) the ones that
    have words for it, and where Meta minds, on which he wrote within its window."""
    return frozenset(reached & worded) - (IN_WINDOW - written_lately)
