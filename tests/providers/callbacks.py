"""The providers' reports of the messages they took: signed as they sign it, to the product's webhooks."""

from __future__ import annotations

import base64
import json
from collections.abc import Iterable
from typing import Any

import httpx
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat
from sendgrid.helpers.eventwebhook.eventwebhook_header import EventWebhookHeader
from twilio.request_validator import RequestValidator

from tests.providers.fake import ACCOUNT, TOKEN, Taken

MAIL_FATES: dict[str, list[dict[str, Any]]] = {
    "delivered": [{"event": "processed"}, {"event": "delivered"}],
    "read": [{"event": "processed"}, {"event": "delivered"}, {"event": "open"}],
    "bounced": [{"event": "processed"}, {"event": "bounce", "type": "bounce", "status": "5.1.1"}],
    "blocked": [{"event": "dropped", "reason": "Spam Reporting Address"}],
    "unsubscribed": [{"event": "processed"}, {"event": "delivered"}, {"event": "unsubscribe"}],
}
MESSAGE_FATES: dict[str, list[dict[str, str]]] = {
    "delivered": [{"MessageStatus": "sent"}, {"MessageStatus": "delivered"}],
    "read": [{"MessageStatus": "sent"}, {"MessageStatus": "delivered"}, {"MessageStatus": "read"}],
    "bounced": [{"MessageStatus": "sent"}, {"MessageStatus": "undelivered", "ErrorCode": "30005"}],
    "blocked": [{"MessageStatus": "failed", "ErrorCode": "21610"}],
    "failed": [{"MessageStatus": "sent"}, {"MessageStatus": "undelivered", "ErrorCode": "30003"}],
}
CALL_FATES: dict[str, list[dict[str, str]]] = {
    "answered": [
        {"CallStatus": "ringing"},
        {"CallStatus": "in-progress", "AnsweredBy": "human"},
        {"CallStatus": "completed", "AnsweredBy": "human", "CallDuration": "21"},
    ],
    "machine": [
        {"CallStatus": "in-progress", "AnsweredBy": "machine_start"},
        {"CallStatus": "completed", "AnsweredBy": "machine_start", "CallDuration": "9"},
    ],
    "failed": [{"CallStatus": "ringing"}, {"CallStatus": "no-answer"}],
    "bounced": [{"CallStatus": "failed", "ErrorCode": "21217"}],
}


class Callbacks:
    """`http` posts to the product, whose address providers know as `public_url`."""

    def __init__(self, http: httpx.Client, public_url: str, token: str = TOKEN) -> None:
        self._http = http
        self._public_url = public_url
        self._validator = RequestValidator(token)
        self._key = ec.generate_private_key(ec.SECP256R1())

    @property
    def public_key(self) -> str:
        """As SendGrid shows it, and the SDK's `EventWebhook` takes it: base64 of the DER."""
        der = self._key.public_key().public_bytes(Encoding.DER, PublicFormat.SubjectPublicKeyInfo)
        return base64.b64encode(der).decode()

    def mail(self, events: list[dict[str, Any]]) -> httpx.Response:
        payload, timestamp = json.dumps(events), str(events[0]["timestamp"])
        signature = self._key.sign((timestamp + payload).encode(), ec.ECDSA(SHA256()))
        headers = {
            "Content-Type": "application/json",
            EventWebhookHeader.SIGNATURE: base64.b64encode(signature).decode(),
            EventWebhookHeader.TIMESTAMP: timestamp,
        }
        return self._http.post(f"{self._public_url}/webhooks/sendgrid", content=payload, headers=headers)

    def form(self, url: str, values: dict[str, str]) -> httpx.Response:
        """To `url` as Twilio was given it: a status, a key, or an inbound message."""
        signature = self._validator.compute_signature(url, values)
        return self._http.post(url, data=values, headers={"X-Twilio-Signature": signature})


def play_events(callbacks: Callbacks, taken: Iterable[Taken], fate: str) -> list[httpx.Response]:
    """Reports that each message met `fate`: a key of the table of its kind."""
    answers: list[httpx.Response] = []
    for each in taken:
        if each.kind == "mail":
            answers.append(callbacks.mail(_mail_events(each, fate)))
        else:
            fates = MESSAGE_FATES if each.kind == "message" else CALL_FATES
            answers += [callbacks.form(each.asked["StatusCallback"], _status(each, told)) for told in fates[fate]]
    return answers


def _mail_events(taken: Taken, fate: str) -> list[dict[str, Any]]:
    return [
        {
            "email": taken.to,
            "timestamp": int(taken.at.timestamp()) + n,
            "sg_event_id": f"{taken.id}-{taken.notice}-{n}",
            "sg_message_id": f"{taken.id}.recvd-0",
            **taken.asked["custom_args"],
            **told,
        }
        for n, told in enumerate(MAIL_FATES[fate])
    ]


def _status(taken: Taken, told: dict[str, str]) -> dict[str, str]:
    about = {"AccountSid": ACCOUNT, "ApiVersion": "2010-04-01", "To": taken.to, "From": taken.sender}
    if taken.kind == "message":
        return {**about, "MessageSid": taken.id, "SmsSid": taken.id, "SmsStatus": told["MessageStatus"], **told}
    return {**about, "CallSid": taken.id, "Direction": "outbound-api", **told}
