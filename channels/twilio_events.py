"""Twilio's posts, read into values: what became of a message or call, and what somebody wrote to us."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from email.utils import parsedate_to_datetime
from typing import Any

from models.callback import Malformed
from models.contact.delivery import Progress, Report

PROVIDER = "twilio"

MESSAGES = {
    "accepted": Progress.QUEUED,
    "scheduled": Progress.QUEUED,
    "queued": Progress.QUEUED,
    "sending": Progress.QUEUED,
    "sent": Progress.SENT,
    "delivered": Progress.DELIVERED,
    "read": Progress.READ,
    "undelivered": Progress.FAILED,
    "failed": Progress.FAILED,
    "canceled": Progress.FAILED,
}

CALLS = {
    "queued": Progress.QUEUED,
    "initiated": Progress.QUEUED,
    "ringing": Progress.SENT,
    "in-progress": Progress.SENT,
    "completed": Progress.SENT,
    "busy": Progress.FAILED,
    "no-answer": Progress.FAILED,
    "canceled": Progress.FAILED,
    "failed": Progress.FAILED,
}

UNANSWERED = {
    "busy": "a linha estava ocupada",
    "no-answer": "ninguém atendeu",
    "canceled": "a ligação foi cancelada",
    "failed": "a ligação não se completou",
}

MACHINE = "atendeu uma máquina"

INVALID_NUMBER = "número inválido ou inexistente"
NO_SUCH_ACCOUNT = "o número não tem conta neste aplicativo"

SUPPRESSING_ERRORS = {
    13224: INVALID_NUMBER,
    21211: INVALID_NUMBER,
    21214: INVALID_NUMBER,
    21217: INVALID_NUMBER,
    21219: INVALID_NUMBER,
    21401: INVALID_NUMBER,
    21407: "o número não recebe SMS",
    21610: "o contribuinte pediu para não receber mensagens por este canal",
    21614: "o número não é de um celular",
    30004: "o número está bloqueado para receber mensagens",
    30005: INVALID_NUMBER,
    30006: "o número é de telefone fixo ou de operadora que não recebe SMS",
    63003: NO_SUCH_ACCOUNT,
    63024: NO_SUCH_ACCOUNT,
    63032: "o aplicativo não entrega mensagens a este usuário",
}
"""Error codes after which an address is not tried again (https://www.twilio.com/docs/api/errors), in answers and in
status callbacks. What may pass (30003 switched off, 30007 filtered, 30008 unknown, 21612 no route today) isn't here."""

OPTED_OUT = 21610
"""The taxpayer unsubscribed: nothing is wrong with the address."""

LATEST = timedelta(days=30)
"""How long after it happened an event of a call may still come in with its own instant."""

SID = re.compile(r"[A-Za-z0-9]{1,64}")
NOTICE = re.compile(r"[A-Za-z0-9-]{1,64}")
LONGEST_BODY = 1600
"""Characters of a message, as Twilio allows them."""


@dataclass(frozen=True)
class Inbound:
    """A message that somebody wrote to us."""

    message: str
    channel: str
    address: str
    """As notices carry it: without the channel's prefix."""
    body: str
    opt_out_type: str
    """STOP, START or HELP when the carrier's keyword was answered by Twilio already; else empty."""


def notice_of(written: str) -> str | None:
    """The notice that our own callback address names, of those we give Twilio; None where it names none."""
    return written if NOTICE.fullmatch(written) else None


def read_status(form: Mapping[str, str], notice: str | None, arrived_at: datetime) -> Report:
    """Read the report of a message or a call."""
    return _call(form, notice, arrived_at) if "CallSid" in form else _message(form, notice, arrived_at)


def read_inbound(form: Mapping[str, str]) -> Inbound:
    prefix, _, rest = form.get("From", "").rpartition(":")
    return Inbound(
        message=_sid(form, "MessageSid"),
        channel=prefix if prefix in ("whatsapp", "messenger") else "sms",
        address=rest.strip(),
        body=form.get("Body", "")[:LONGEST_BODY],
        opt_out_type=form.get("OptOutType", "").upper(),
    )


@dataclass(frozen=True)
class Keypress:
    """The answer of a call's listener: a key, or none yet."""

    call: str
    key: str
    address: str
    by_machine: bool

    def report(self, notice: str, at: datetime) -> Report:
        """The report of a pressed key: somebody listens."""
        event = f"{self.call} key"
        return Report(PROVIDER, event, "key", at, notice, self.call, Progress.ANSWERED)


def read_keypress(form: Mapping[str, str]) -> Keypress:
    key = form.get("Digits", "")[:1]
    return Keypress(_sid(form, "CallSid"), key, form.get("To", ""), is_machine(form))


def is_machine(form: Mapping[str, str]) -> bool:
    return form.get("AnsweredBy", "").startswith(("machine", "fax"))


def _message(form: Mapping[str, str], notice: str | None, arrived_at: datetime) -> Report:
    sid, status = _sid(form, "MessageSid"), _status(form, "MessageStatus")
    progress, reason, contact = _meaning(MESSAGES.get(status), form.get("ErrorCode", ""))
    return Report(PROVIDER, f"{sid} {status}", status, arrived_at, notice, sid, progress, reason, contact)


def _meaning(progress: Progress | None, code: str) -> tuple[Progress | None, str | None, Any]:
    if progress is not Progress.FAILED:
        return progress, None, None
    error = int(code) if code.isdecimal() and len(code) < 10 else None
    if error == OPTED_OUT:
        return Progress.BLOCKED, SUPPRESSING_ERRORS[error], "refused"
    if error in SUPPRESSING_ERRORS:
        return Progress.BOUNCED, SUPPRESSING_ERRORS[error], "suppressed"
    return Progress.FAILED, f"a operadora não entregou a mensagem (código {error})" if error else "não entregue", None


def _call(form: Mapping[str, str], notice: str | None, arrived_at: datetime) -> Report:
    sid, status = _sid(form, "CallSid"), _status(form, "CallStatus")
    progress, reason, contact = _meaning(CALLS.get(status), form.get("ErrorCode", ""))
    if contact is None:
        reason = UNANSWERED.get(status)
    if status == "completed" and form.get("AnsweredBy") == "human":
        progress = Progress.ANSWERED
    elif status == "completed" and is_machine(form):
        # whether anybody ever hears it, nobody can tell
        progress, reason = Progress.FAILED, MACHINE
    at = _instant(form.get("Timestamp", ""), arrived_at)
    return Report(PROVIDER, f"{sid} {status}", status, at, notice, sid, progress, reason, contact)


def _sid(form: Mapping[str, str], name: str) -> str:
    sid = form.get(name, "")
    if not SID.fullmatch(sid):
        raise Malformed(name, "must be 1 to 64 letters and digits")
    return sid


def _status(form: Mapping[str, str], name: str) -> str:
    status = form.get(name, "").lower()
    if not re.fullmatch(r"[a-z_-]{1,32}", status):
        raise Malformed(name, "must be a word")
    return status


def _instant(written: str, arrived_at: datetime) -> datetime:
    """The instant of an event. A call's is stated (RFC 2822), a message's isn't: its day is that of its arrival."""
    try:
        stated = parsedate_to_datetime(written)
    except ValueError:
        return arrived_at
    stated = stated if stated.tzinfo else stated.replace(tzinfo=UTC)
    return stated if arrived_at - LATEST < stated < arrived_at else arrived_at
