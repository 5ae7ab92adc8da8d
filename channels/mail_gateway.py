"""How a notice leaves: what every channel is handed, what it answers, and the protocol that a new channel fills."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime
from typing import Literal, Protocol

from models.contact.channel import CHANNELS, Channel

Provider = Literal["file", "sendgrid", "twilio", "domicile", "postal", "gazette"]


@dataclass(frozen=True)
class Outgoing:
    """A message ready to leave."""

    notice: str
    """Its id and idempotency key, `CASE-STEP-CHANNEL`; like `case`, `cohort` and `ruler` it tells of no person."""
    case: str
    cohort: str
    ruler: str
    channel: str
    sender_name: str
    sender: str
    """The ruler's own e-mail address, for channels whose settings name no other."""
    recipient_name: str
    recipient: str | None
    """An e-mail address, a telephone number, a Messenger id; None where the provider needs none."""
    subject: str | None
    body: str
    """Plain text. On `voice` it is read aloud."""
    at: datetime
    """When it leaves, with its time zone."""
    html: str | None = None
    personal: tuple[str, ...] = ()
    """The strings in the text that are this recipient's alone (name, amounts, protocol, link), in the same order for
    every recipient, so that messages which differ in nothing else can leave together."""
    unsubscribe: str | None = None
    """The address at which one click unsubscribes (RFC 8058); None for what may not be refused."""
    content: Content | None = None
    audio: str | None = None
    """The address of a recording that `voice` plays instead of reading `body`."""
    formal: bool = False
    since: datetime | None = None
    """When it was first handed to its provider; None the first time."""


@dataclass(frozen=True)
class Content:
    """A template that WhatsApp approved: its id (`HX…`), and what goes in `{{1}}`, `{{2}}`, …"""

    sid: str
    variables: tuple[str, ...] = ()


@dataclass(frozen=True)
class Receipt:
    """The provider took it. What becomes of it there comes back by webhook."""

    provider: Provider
    provider_id: str | None
    status: Literal["queued", "sent"]


class Undeliverable(Exception):
    """The provider refused it for good. `reason` is in pt-BR, for the case's record, and names nobody."""

    def __init__(self, reason: str, contact_is_suppressed: bool = False) -> None:
        super().__init__(reason)
        self.reason = reason
        self.contact_is_suppressed = contact_is_suppressed


class Busy(Exception):
    """Not taken, but it may be later: after `retry_after` seconds, where the provider says so."""

    def __init__(self, retry_after: float | None = None) -> None:
        super().__init__("o provedor pede que se tente mais tarde")
        self.retry_after = retry_after


class Unanswered(Exception):
    """It may have been taken: the answer was late or lost. Ask `taken` before it is handed over again."""

    def __init__(self) -> None:
        super().__init__("o provedor não respondeu")


class Adapter(Protocol):
    """One provider. Called by many threads at once."""

    name: Provider
    """Also that of its task queue."""
    needs_contact: bool
    tells: bool
    """Whether `taken` knows: where it doesn't, a message whose answer was lost is handed over once more."""

    def deliver(self, message: Outgoing) -> Receipt:
        """Hand the message to the provider. Raises Undeliverable, Busy or Unanswered."""

    def taken(self, message: Outgoing) -> Receipt | None:
        """Ask the provider what it made of a message handed to it at or after `message.since` whose answer was lost;
        None when it has none, or can't tell. Raises Busy or Unanswered, and Undeliverable when it won't be asked."""


class MailGateway:
    """Which provider each channel leaves by."""

    def __init__(self, adapters: Mapping[str, Adapter], file_transport: Adapter) -> None:
        """Channels without an adapter leave by the file transport."""
        self._adapters = adapters
        self._file_transport = file_transport

    def rehearsed(self) -> MailGateway:
        """The gateway of a rehearsal, from which nothing leaves."""
        return MailGateway({}, self._file_transport)

    def adapter(self, channel: str) -> Adapter:
        return self._adapters.get(channel, self._file_transport)

    @property
    def providers(self) -> set[Provider]:
        return {adapter.name for adapter in self._adapters.values()}

    @property
    def unaddressed(self) -> frozenset[Channel]:
        """The channels whose messages need no address of the taxpayer's."""
        return frozenset(channel for channel in CHANNELS if not self.reaches(channel))

    def reaches(self, channel: str) -> bool:
        """Whether its messages go to a contact of the taxpayer's, and not only into a file."""
        return self.adapter(channel).needs_contact


def failure_of(status: int, headers: Mapping[str, str], reason: str, contact_is_suppressed: bool = False) -> Exception:
    """The error that an HTTP status from 400 on stands for, with any provider. `reason` is for those that cannot
    heal."""
    if status in (502, 504):
        # a gateway lost the answer of what stands behind it
        return Unanswered()
    if status in (408, 429) or status >= 500:
        return Busy(_retry_after(headers))
    return Undeliverable(reason, contact_is_suppressed)


def _retry_after(headers: Mapping[str, str]) -> float | None:
    """The provider's delay in seconds, from `Retry-After` (RFC 9110: seconds or a date) or SendGrid's
    `X-RateLimit-Reset` (an epoch)."""
    given = {name.lower(): value.strip() for name, value in headers.items()}
    now = datetime.now(UTC)
    if after := given.get("retry-after"):
        if after.isdecimal():
            return float(after)
        try:
            return max(0.0, (parsedate_to_datetime(after) - now).total_seconds())
        except (ValueError, TypeError):
            return None
    reset = given.get("x-ratelimit-reset", "")
    return max(0.0, int(reset) - now.timestamp()) if reset.isdecimal() else None
