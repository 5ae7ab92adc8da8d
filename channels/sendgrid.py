"""E-mail through SendGrid (v3 Mail Send). Mails of one text that come at the same time leave in one request.

SendGrid can't say whether it took a mail whose answer was lost: its Mail Send has no idempotency key, and its activity
feed is neither complete nor prompt. Handing such a mail over once more makes one duplicate at most.
"""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Sequence
from concurrent.futures import Future
from dataclasses import dataclass, field
from http.client import HTTPException
from threading import Event, Lock
from typing import Any
from urllib.error import URLError

from markupsafe import escape
from python_http_client.exceptions import HTTPError
from sendgrid import SendGridAPIClient

from channels.post import Busy, Outgoing, Provider, Receipt, Unanswered, Undeliverable, failure_of
from channels.skeleton import skeleton

URL = "https://api.sendgrid.com"
MOST = 1000
"""Personalizations a request may have."""
LONGEST_SUBSTITUTIONS = 10_000
"""Bytes of substitutions a personalization may have."""
PATIENCE = 0.05
"""Seconds for which the first mail of a text waits for others."""
TIMEOUT = 30.0

INVALID_ADDRESS = "endereço de e-mail inválido"
REFUSED = {
    400: "o provedor de e-mail recusou o conteúdo da mensagem",
    401: "o provedor de e-mail recusou a chave de acesso",
    403: "o provedor de e-mail não permite este envio (chave ou remetente)",
    413: "a mensagem é grande demais para o provedor de e-mail",
}
"""By HTTP status; what isn't here is `REFUSED_ANYHOW`."""
REFUSED_ANYHOW = "o provedor de e-mail recusou o pedido"

Outcome = Receipt | Exception


class SendGrid:
    name: Provider = "sendgrid"
    tells = False
    needs_contact = True

    def __init__(
        self,
        key: str,
        sender: str | None = None,
        sandbox: bool = False,
        url: str | None = None,
        timeout: float = TIMEOUT,
        patience: float = PATIENCE,
        most: int = MOST,
    ) -> None:
        """Without a `sender`, mail comes from the address that its ruler names. Times are in seconds."""
        self._sender = sender
        self._sandbox = sandbox
        self._client = SendGridAPIClient(key, host=url or URL).client
        self._client.timeout = timeout
        self._company = _Company(self._send, patience, most)

    def deliver(self, message: Outgoing) -> Receipt:
        return self._company.join(_mail(message, self._sender or message.sender, self._sandbox))

    def taken(self, message: Outgoing) -> Receipt | None:
        return None

    def _send(self, mails: Sequence[_Mail]) -> list[Outcome]:
        """One outcome a mail. What one recipient is at fault for doesn't keep the others from leaving."""
        try:
            return [self._request(mails)] * len(mails)
        except HTTPError as error:
            if error.status_code == 400:
                return self._without_faulty(mails, error)
            if error.status_code == 413 and len(mails) > 1:
                return self._halves(mails)
            reason = REFUSED.get(error.status_code, REFUSED_ANYHOW)
            return [failure_of(error.status_code, dict(error.headers), reason)] * len(mails)
        except URLError:
            # before the request was complete
            return [Busy()] * len(mails)
        except (OSError, HTTPException):
            return [Unanswered()] * len(mails)

    def _request(self, mails: Sequence[_Mail]) -> Receipt:
        shared: dict[str, Any] = json.loads(mails[0].shared)
        request = {**shared, "personalizations": [mail.personalization for mail in mails]}
        answer = self._client.mail.send.post(request_body=request)
        return Receipt(self.name, answer.headers.get("X-Message-Id"), "queued")

    def _without_faulty(self, mails: Sequence[_Mail], error: HTTPError) -> list[Outcome]:
        """SendGrid refuses a whole request, and names the personalizations it doesn't like."""
        fields = _faulty_fields(error.body)
        faults = {n: where for n, where in map(_place, fields) if n is not None and n < len(mails)}
        if not faults:
            # the part that all share is at fault, unless SendGrid doesn't say what is
            refused = Undeliverable(REFUSED[400])
            return [refused] * len(mails) if fields or len(mails) == 1 else self._halves(mails)
        others = [mail for n, mail in enumerate(mails) if n not in faults]
        sent = iter(self._send(others) if others else ())
        return [_refused(faults[n]) if n in faults else next(sent) for n in range(len(mails))]

    def _halves(self, mails: Sequence[_Mail]) -> list[Outcome]:
        middle = len(mails) // 2
        return self._send(mails[:middle]) + self._send(mails[middle:])


@dataclass(frozen=True)
class _Mail:
    address: str
    shared: str
    """The part of the request that it has in common with others, as JSON: those leave together."""
    personalization: dict[str, Any]


def _mail(message: Outgoing, sender: str, sandbox: bool) -> _Mail:
    if not message.recipient:
        raise Undeliverable("sem endereço de e-mail", contact_is_dead=True)
    text = skeleton(message.body, message.personal, "t")
    # as Jinja escapes them
    html = skeleton(message.html or "", [str(escape(own)) for own in message.personal], "h")
    substitutions = text.values | html.values
    plain, rich = text.text, html.text
    if len(json.dumps(substitutions).encode()) > LONGEST_SUBSTITUTIONS:
        substitutions, plain, rich = {}, message.body, message.html or ""
    # SendGrid wants the plain text first
    content = [{"type": "text/plain", "value": plain}] + ([{"type": "text/html", "value": rich}] if rich else [])
    shared = {
        "from": {"email": sender, "name": message.sender_name},
        "content": content,
        "categories": list(dict.fromkeys([message.ruler, message.cohort])),
        "mail_settings": {
            "sandbox_mode": {"enable": sandbox},
            # what the law requires may not be refused
            "bypass_unsubscribe_management": {"enable": message.formal},
        },
        # a signed link is nobody else's to see, and unsubscribing is ours; opening is how we know that it was read
        "tracking_settings": {
            "click_tracking": {"enable": False, "enable_text": False},
            "open_tracking": {"enable": True},
            "subscription_tracking": {"enable": False},
        },
    }
    personalization: dict[str, Any] = {
        "to": [{"email": message.recipient, "name": message.recipient_name}],
        "subject": message.subject or message.sender_name,
        "custom_args": {"case": message.case, "notice": message.notice},
    }
    if substitutions:
        personalization["substitutions"] = substitutions
    if message.unsubscribe:
        # RFC 8058
        personalization["headers"] = {
            "List-Unsubscribe": f"<{message.unsubscribe}>",
            "List-Unsubscribe-Post": "List-Unsubscribe=One-Click",
        }
    return _Mail(message.recipient.casefold(), json.dumps(shared), personalization)


def _faulty_fields(body: bytes) -> list[str]:
    """The fields that an answer names: `personalizations.3.to.0.email`, `from.email`, …"""
    try:
        errors = json.loads(body)["errors"]
        fields = [error.get("field") for error in errors]
    except (ValueError, KeyError, TypeError, AttributeError):
        return []
    # the description of the API shows "null" as a string
    return [str(named) for named in fields if named not in (None, "", "null")]


def _place(named: str) -> tuple[int | None, str]:
    """Which personalization a field is of, and where in it."""
    match = re.fullmatch(r"personalizations\.(\d+)\.?(.*)", named)
    return (int(match[1]), match[2]) if match else (None, named)


def _refused(where: str) -> Undeliverable:
    return (
        Undeliverable(INVALID_ADDRESS, contact_is_dead=True) if where.startswith("to") else Undeliverable(REFUSED[400])
    )


class _Company:
    """Lets the first mail of a text wait a moment for others of the same, and tells each what became of it."""

    def __init__(self, send: Callable[[Sequence[_Mail]], list[Outcome]], patience: float, most: int) -> None:
        self._send = send
        self._patience = patience
        self._most = most
        self._lock = Lock()
        self._gathering: dict[str, _Group] = {}

    def join(self, mail: _Mail) -> Receipt:
        leads = False
        with self._lock:
            group = self._gathering.get(mail.shared)
            # one request never has an address twice: SendGrid may refuse it
            if group is None or mail.address in group.addresses:
                leads, group = True, _Group()
                self._gathering[mail.shared] = group
            outcome = group.add(mail)
            if len(group.mails) == self._most:
                self._close(mail.shared, group)
        if leads:
            try:
                group.full.wait(self._patience)
            finally:
                with self._lock:
                    self._close(mail.shared, group)
                group.settle(self._send)
        return outcome.result()

    def _close(self, shared: str, group: _Group) -> None:
        group.full.set()
        if self._gathering.get(shared) is group:
            del self._gathering[shared]


@dataclass
class _Group:
    mails: list[_Mail] = field(default_factory=list)
    addresses: set[str] = field(default_factory=set)
    outcomes: list[Future[Receipt]] = field(default_factory=list)
    full: Event = field(default_factory=Event)

    def add(self, mail: _Mail) -> Future[Receipt]:
        self.mails.append(mail)
        self.addresses.add(mail.address)
        self.outcomes.append(Future())
        return self.outcomes[-1]

    def settle(self, send: Callable[[Sequence[_Mail]], list[Outcome]]) -> None:
        # what the others are told when this thread is stopped in the middle
        made: Sequence[Outcome] = [Unanswered()] * len(self.mails)
        try:
            made = send(self.mails)
        finally:
            for outcome, result in zip(self.outcomes, made, strict=True):
                if isinstance(result, Exception):
                    outcome.set_exception(result)
                else:
                    outcome.set_result(result)
