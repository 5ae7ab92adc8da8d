"""E-mail through SendGrid (v3 Mail Send). Mails of one text that come at the same time leave in one request.

SendGrid can't say whether it took a mail whose answer was lost: its Mail Send has no idempotency key, and its activity
feed is neither complete nor prompt. Handing such a mail over once more makes one duplicate at most.
"""

from __future__ import annotations

import json
import logging
import re
from collections.abc import Sequence
from dataclasses import dataclass
from http.client import HTTPException
from urllib.error import URLError

from markupsafe import escape
from python_http_client.exceptions import HTTPError
from sendgrid import SendGridAPIClient

from channels.coalescing import Coalescing
from channels.mail_gateway import Busy, Outgoing, Provider, Receipt, Unanswered, Undeliverable, failure_of
from channels.merge_template import merge_template

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

# below this its log quotes addresses and texts
logging.getLogger("python_http_client").setLevel(logging.WARNING)


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
        """Make the adapter. Without a `sender`, mail comes from the address that its ruler names. Times are in
        seconds."""
        self._sender = sender
        self._sandbox = sandbox
        self._client = SendGridAPIClient(key, host=url or URL).client
        self._client.timeout = timeout
        self._company = Coalescing(self._send, patience, most)

    def deliver(self, message: Outgoing) -> Receipt:
        mail = _mail(message, self._sender or message.sender, self._sandbox)
        return self._company.join(mail, mail.shared, mail.address)

    def taken(self, message: Outgoing) -> Receipt | None:
        return None

    def _send(self, mails: Sequence[_Mail]) -> list[Receipt | Exception]:
        """Send mails in one request and give one outcome a mail. A fault of one recipient doesn't keep the others
        from leaving."""
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
        shared: dict[str, object] = json.loads(mails[0].shared)
        request = {**shared, "personalizations": [mail.personalization for mail in mails]}
        answer = self._client.mail.send.post(request_body=request)
        return Receipt(self.name, answer.headers.get("X-Message-Id"), "queued")

    def _without_faulty(self, mails: Sequence[_Mail], error: HTTPError) -> list[Receipt | Exception]:
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

    def _halves(self, mails: Sequence[_Mail]) -> list[Receipt | Exception]:
        middle = len(mails) // 2
        return self._send(mails[:middle]) + self._send(mails[middle:])


@dataclass(frozen=True)
class _Mail:
    address: str
    shared: str
    """The part of the request that it has in common with others, as JSON: those leave together."""
    personalization: dict[str, object]


def _mail(message: Outgoing, sender: str, sandbox: bool) -> _Mail:
    if not message.recipient:
        raise Undeliverable("sem endereço de e-mail", contact_is_suppressed=True)
    text = merge_template(message.body, message.personal, "t")
    # as Jinja escapes them
    html = merge_template(message.html or "", [str(escape(own)) for own in message.personal], "h")
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
    personalization: dict[str, object] = {
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
        Undeliverable(INVALID_ADDRESS, contact_is_suppressed=True)
        if where.startswith("to")
        else Undeliverable(REFUSED[400])
    )
