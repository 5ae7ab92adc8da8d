"""A taxpayer's addresses, and the channels on which he wants no messages."""

from __future__ import annotations

from collections.abc import Mapping, Sequence, Set

from pydantic import BaseModel, ConfigDict

from models.contact.channel import CHANNELS, Channel
from models.contact.postal_address import postal_address

ADDRESS: Mapping[Channel, str] = {
    "email": "email",
    "sms": "phone",
    "whatsapp": "phone",
    "messenger": "messenger",
    "voice": "phone",
    "letter": "address",
}
"""The kind of address a taxpayer is reached at; the domicile is the authority's own, the gazette for everybody."""

OF_RECORD: Set[Channel] = {"email", "domicile", "letter", "gazette"}
"""The channels a notice required by law may go by, whether the taxpayer likes it or not."""


class Reach(BaseModel):
    """The channels that reach a taxpayer."""

    model_config = ConfigDict(frozen=True)

    open: frozenset[Channel] = frozenset(CHANNELS)
    formal: frozenset[Channel] = frozenset(CHANNELS)
    """By a notice that the law requires."""


class Contacts(BaseModel):
    model_config = ConfigDict(frozen=True)

    addresses: Mapping[str, str | None]
    """By kind: email, phone, messenger, address."""
    others: Mapping[str, Sequence[str]] = {}
    """The further addresses of a kind that were stated with it, in the order in which they are tried."""
    suppressed: frozenset[tuple[Channel, str]] = frozenset()
    """Addresses that failed for good on a channel."""
    refused: frozenset[Channel] = frozenset()

    def address(self, channel: Channel) -> str | None:
        """The first address for a channel that works; None when there is none."""
        kind = ADDRESS.get(channel, "")
        stated = (self.addresses.get(kind), *self.others.get(kind, ()))
        works = (each for each in stated if each and (channel, each) not in self.suppressed and _is_whole(kind, each))
        return next(works, None)

    def reach(self, unaddressed: Set[Channel]) -> Reach:
        """The channels that reach the taxpayer. `unaddressed` ones need no address: whoever sends them keeps them, or
        publishes them."""
        there = {channel for channel in CHANNELS if channel in unaddressed or self.address(channel)}
        return Reach(open=frozenset(there - self.refused), formal=frozenset(there - (self.refused - OF_RECORD)))


def _is_whole(kind: str, address: str) -> bool:
    """Whether it can be used: nobody can dial a telephone number without its country, and no letter finds an address
    without a postcode."""
    if kind == "phone":
        return address.startswith("+")
    if kind == "address":
        try:
            postal_address(address)
        except ValueError:
            return False
    return True
