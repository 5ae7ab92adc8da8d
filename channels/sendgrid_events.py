"""SendGrid's Event Webhook, read into reports.

Only SendGrid itself signs these events, so they are read widely: an event that is new to us is kept and moves nothing.
What is required is what makes a report: which event, of what kind, when.
"""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any

from models.callback import Malformed, json_of
from models.contact.delivery import Progress, Report

PROVIDER = "sendgrid"

NO_SUCH_ADDRESS = "o endereço de e-mail não existe ou não recebe mensagens"
TURNED_AWAY = "o servidor do destinatário recusou a mensagem"
DROPPED = "o provedor de e-mail descartou a mensagem"
UNSUBSCRIBED = "o destinatário pediu para não receber e-mails"

MOVES = {
    "processed": Progress.SENT,
    "delivered": Progress.DELIVERED,
    "open": Progress.READ,
    # who clicks has the message open; scanners of mail servers click too, so that it is no answer
    "click": Progress.READ,
}

REFUSES = ("spamreport", "unsubscribe", "group_unsubscribe")
"""The taxpayer has the message and wants no more: the notice isn't lost, the channel is."""

DROPS = {
    "bounced address": (Progress.BOUNCED, NO_SUCH_ADDRESS, "suppressed"),
    "invalid": (Progress.BOUNCED, NO_SUCH_ADDRESS, "suppressed"),
    "unsubscribed address": (Progress.BLOCKED, UNSUBSCRIBED, "refused"),
    "spam reporting address": (Progress.BLOCKED, UNSUBSCRIBED, "refused"),
}
"""Reasons for which SendGrid doesn't even try
(https://www.twilio.com/docs/sendgrid/for-developers/tracking-events/event), by what that makes of the notice, and of
the address."""

SKEW = timedelta(days=1)
"""How far SendGrid's clock may run ahead of ours."""

LONGEST_ID = 255


def read_events(body: bytes, arrived_at: datetime) -> list[Report]:
    """Read a batch of events. Raises Malformed, and then nothing of the batch is taken: SendGrid sends it again."""
    events = json_of(body)
    if not isinstance(events, list):
        raise Malformed("body", "must be a list of events")
    return [_report(event, f"[{index}]", arrived_at) for index, event in enumerate(events)]


def _report(event: Any, where: str, arrived_at: datetime) -> Report:
    if not isinstance(event, dict):
        raise Malformed(where, "must be an object")
    kind = _required(event, "event", where)
    progress, reason, contact = _meaning(kind, event)
    return Report(
        provider=PROVIDER,
        event=_required(event, "sg_event_id", where),
        kind=kind,
        at=_instant(event.get("timestamp"), f"{where}.timestamp", arrived_at),
        # not by sg_message_id: all personalizations of one request share it
        notice=_text(event, "notice"),
        progress=progress,
        reason=reason,
        contact=contact,
    )


def _meaning(kind: str, event: dict[str, Any]) -> tuple[Progress | None, str | None, Any]:
    if kind == "bounce" and event.get("type") == "blocked":
        # full, busy, greylisted, not found today: the address may work tomorrow
        return Progress.BLOCKED, _with_status(TURNED_AWAY, event), None
    if kind == "bounce":
        return Progress.BOUNCED, _with_status(NO_SUCH_ADDRESS, event), "suppressed"
    if kind == "dropped":
        return DROPS.get((_text(event, "reason") or "").lower(), (Progress.FAILED, DROPPED, None))
    if kind in REFUSES:
        return None, None, "refused"
    if kind == "open" and event.get("sg_machine_open") is True:
        # Apple's Mail Privacy Protection loads the pictures whether anybody looks or not
        return Progress.DELIVERED, None, None
    return MOVES.get(kind), None, None


def _with_status(reason: str, event: dict[str, Any]) -> str:
    """The reason with the SMTP status (RFC 3463), never the server's sentence: it quotes the address."""
    status = _text(event, "status") or ""
    return f"{reason} ({status})" if status.replace(".", "").isdecimal() and len(status) <= 11 else reason


def _text(event: dict[str, Any], name: str) -> str | None:
    value = event.get(name)
    return value if isinstance(value, str) and _storable(value) else None


def _required(event: dict[str, Any], name: str, where: str) -> str:
    value = _text(event, name)
    if not value or len(value) > LONGEST_ID:
        raise Malformed(f"{where}.{name}", f"must be a string of 1 to {LONGEST_ID} characters")
    return value


def _storable(text: str) -> bool:
    """Whether PostgreSQL can keep the text. JSON can write what no text column holds: NUL, and halves of surrogate
    pairs."""
    return "\0" not in text and not any("\ud800" <= character <= "\udfff" for character in text)


def _instant(timestamp: Any, where: str, arrived_at: datetime) -> datetime:
    latest = (arrived_at + SKEW).timestamp()
    if not isinstance(timestamp, int) or isinstance(timestamp, bool) or not 0 < timestamp <= latest:
        raise Malformed(where, "must be seconds since 1970, and not in the future")
    return datetime.fromtimestamp(timestamp, UTC)
