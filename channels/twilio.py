"""SMS, WhatsApp, Messenger and voice calls through Twilio.

Twilio has no idempotency key either, but it lists what it took: a message whose answer was lost is looked for there by
recipient, sender, day and text before it is sent again. What Twilio takes only after it was asked, or a call, which has
no text, to somebody who is called twice in the same hour, may still be mistaken.
"""

from __future__ import annotations

import json
import logging
from collections.abc import Callable, Iterable, Mapping
from datetime import UTC, datetime, timedelta
from functools import partial
from typing import Any, TypeVar
from urllib.parse import urlencode

import requests
from requests.adapters import HTTPAdapter
from twilio.base.exceptions import TwilioRestException, TwilioServiceException
from twilio.http.http_client import TwilioHttpClient
from twilio.http.response import Response
from twilio.rest import Client
from twilio.rest.api.v2010.account.call import CallInstance
from twilio.rest.api.v2010.account.message import MessageInstance
from twilio.twiml.voice_response import Gather, VoiceResponse
from urllib3.exceptions import MaxRetryError

from channels.mail_gateway import Busy, Outgoing, Provider, Receipt, Unanswered, Undeliverable, failure_of
from channels.twilio_events import SUPPRESSING_ERRORS

Made = TypeVar("Made")

TIMEOUT = 30.0
"""Seconds."""
CONNECTIONS = 64
"""Kept open at most."""
CLOCK_SKEW = timedelta(minutes=1)
"""By which Twilio's clock may be behind ours."""
LATEST = 50
"""How many of the messages to one recipient are looked through, the latest first."""
LANGUAGE = "pt-BR"
KEY_SECONDS = 8
"""How long a call waits for a key."""
CALL_EVENTS = ["initiated", "ringing", "answered", "completed"]

CALLBACK_PATH = "/webhooks/twilio/status"
VOICE_PATH = "/webhooks/twilio/voice"
"""Under the public URL; `?notice=` says what a request there is about."""

REFUSED = {
    401: "o provedor de mensagens recusou a chave de acesso",
    403: "o provedor de mensagens não permite este envio",
    404: "o provedor de mensagens não conhece esta conta",
    413: "a mensagem é grande demais para o provedor de mensagens",
}
"""By HTTP status; what isn't here is `REFUSED_ANYHOW`."""
REFUSED_ANYHOW = "o provedor de mensagens recusou o envio (código {code})"

# below this their logs quote recipients and texts
for talkative in ("twilio.http_client", "urllib3"):
    logging.getLogger(talkative).setLevel(logging.WARNING)


class Twilio:
    name: Provider = "twilio"
    tells = True
    needs_contact = True

    def __init__(
        self,
        account: str,
        token: str,
        senders: Mapping[str, str],
        public_url: str,
        url: str | None = None,
        timeout: float = TIMEOUT,
    ) -> None:
        """Make the adapter. `senders` are by channel; `public_url` is where Twilio reaches our webhooks; `timeout` in
        seconds."""
        self._senders = senders
        self._public_url = public_url
        self._client = Client(account, token, http_client=_Http(timeout=timeout))
        if url:
            self._client.api.base_url = url

    def deliver(self, message: Outgoing) -> Receipt:
        to = self._recipient(message)
        place = self._call if message.channel == "voice" else self._write
        return self._receipt(_asked(partial(place, message, to)))

    def taken(self, message: Outgoing) -> Receipt | None:
        if message.since is None:
            return None
        look = self._calls if message.channel == "voice" else self._messages
        made = _asked(partial(look, message, message.since - CLOCK_SKEW))
        return self._receipt(made) if made else None

    def _write(self, message: Outgoing, to: str) -> MessageInstance:
        words: dict[str, object] = {"body": message.body}
        if message.content:
            # outside the 24 hours after the recipient's last message WhatsApp takes approved templates only
            variables = {str(n): value for n, value in enumerate(message.content.variables, start=1)}
            words = {"content_sid": message.content.sid, "content_variables": json.dumps(variables, ensure_ascii=False)}
        return self._client.messages.create(
            to=to, from_=self._sender(message), status_callback=self._callback(CALLBACK_PATH, message), **words
        )

    def _call(self, message: Outgoing, to: str) -> CallInstance:
        return self._client.calls.create(
            to=to,
            from_=self._sender(message),
            twiml=voice_twiml(message.body, self._callback(VOICE_PATH, message), message.audio),
            machine_detection="Enable",
            status_callback=self._callback(CALLBACK_PATH, message),
            status_callback_event=CALL_EVENTS,
        )

    def _messages(self, message: Outgoing, since: datetime) -> MessageInstance | None:
        # not by the day it was sent: a message still queued has none
        made = self._client.messages.list(to=self._recipient(message), from_=self._sender(message), limit=LATEST)
        ours = (each for each in _after(since, made) if _says(message, each.body or ""))
        return next(ours, None)

    def _calls(self, message: Outgoing, since: datetime) -> CallInstance | None:
        made = self._client.calls.list(to=self._recipient(message), from_=self._sender(message), limit=LATEST)
        return next(iter(_after(since, made)), None)

    def _recipient(self, message: Outgoing) -> str:
        if not message.recipient:
            raise Undeliverable("sem contato neste canal", contact_is_suppressed=True)
        return _address(message.channel, message.recipient)

    def _sender(self, message: Outgoing) -> str:
        return _address(message.channel, self._senders[message.channel])

    def _callback(self, path: str, message: Outgoing) -> str:
        return f"{self._public_url}{path}?{urlencode({'notice': message.notice})}"

    def _receipt(self, made: MessageInstance | CallInstance) -> Receipt:
        return Receipt(self.name, made.sid, "sent" if made.status in ("sent", "delivered", "read") else "queued")


def voice_twiml(text: str, action_url: str, audio_url: str | None = None) -> str:
    """The TwiML of a call that says a text, or plays a recording, while it waits for one key, which goes to
    `action_url`."""
    response = VoiceResponse()
    gather = Gather(num_digits=1, timeout=KEY_SECONDS, action=action_url, method="POST")
    if audio_url:
        gather.play(audio_url)
    else:
        gather.say(text, language=LANGUAGE)
    response.append(gather)
    return str(response)


def _address(channel: str, contact: str) -> str:
    return f"{channel}:{contact}" if channel in ("whatsapp", "messenger") else contact


def _after(since: datetime, made: Iterable[Any]) -> Iterable[Any]:
    """The resources made at `since` or later, to the second, since Twilio's instants are whole seconds."""
    whole = since.astimezone(UTC).replace(microsecond=0)
    return (each for each in made if each.date_created and each.date_created >= whole)


def _says(message: Outgoing, body: str) -> bool:
    """Whether `body` is the message's text. Of a template only the values are known."""
    if message.content:
        return all(value in body for value in message.content.variables)
    return body.strip() == message.body.strip()


def _asked(ask: Callable[[], Made]) -> Made:
    try:
        return ask()
    except (TwilioRestException, TwilioServiceException) as error:
        suppressing = SUPPRESSING_ERRORS.get(error.code or 0)
        reason = suppressing or REFUSED.get(error.status, REFUSED_ANYHOW.format(code=error.code))
        # not chained: Twilio's sentence quotes the number
        raise failure_of(error.status, {}, reason, contact_is_suppressed=suppressing is not None) from None


class _Http(TwilioHttpClient):  # type: ignore[misc]  # the SDK ships no types
    """The SDK's HTTP client, which raises for answers that may heal: the SDK's own errors have no headers, and with
    them goes the provider's delay."""

    def __init__(self, timeout: float) -> None:
        super().__init__(timeout=timeout)
        # the SDK keeps a handful of connections, fewer than there are activities at once
        self.session.mount("https://", HTTPAdapter(pool_maxsize=CONNECTIONS))

    def request(self, *args: Any, **kwargs: Any) -> Response:
        try:
            response = super().request(*args, **kwargs)
        except requests.RequestException as error:
            # urllib3 gives up on connecting with MaxRetryError; whatever comes later may have been taken
            connected = not (error.args and isinstance(error.args[0], MaxRetryError))
            raise (Unanswered() if connected else Busy()) from None
        if response.status_code in (408, 429) or response.status_code >= 500:
            raise failure_of(response.status_code, response.headers or {}, "")
        return response
