"""Twilio's posts: the fate of a message or call, what taxpayers write, and which key they press in a call.

Whoever calls is Twilio if the signature fits our public address, which a proxy hides from us, and the form.
Replays change nothing: a status is known by its message and status, a reply by its message, a key by its call and key.
"""

from __future__ import annotations

import re
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import TypeVar, cast
from urllib.parse import parse_qsl, quote

from anyio import CapacityLimiter
from anyio.to_thread import run_sync
from fastapi import APIRouter, Request, Response
from sqlalchemy import Engine
from starlette.datastructures import ImmutableMultiDict
from twilio.request_validator import RequestValidator
from twilio.twiml.messaging_response import MessagingResponse
from twilio.twiml.voice_response import VoiceResponse

from channels.rotation import newest_first
from channels.settings import NOWHERE
from channels.twilio import LANGUAGE, VOICE_PATH, voice_twiml
from channels.twilio_events import PROVIDER, Inbound, Keypress, notice_of, read_inbound, read_keypress, read_status
from models.callback import Malformed
from models.contact.channel import Channel
from models.contact.replies import KEYS, SPOKEN, Intent, intent_of
from models.errors import Refusal
from storage.contact.delivery import record_reports, text_of
from storage.contact.replies import PayLink, Reply, record_reply
from web.webhooks.openapi import REFUSALS, TWILIO_CALL, TWILIO_MESSAGE, TWILIO_STATUS
from web.webhooks.webhook import AT_ONCE, Refused, Webhook

Form = ImmutableMultiDict[str, str]
Answer = TypeVar("Answer")

PUBLIC_URL = re.compile(r"https?://[\w.-]+(:\d{1,5})?(/[^\s?#]*)?", re.ASCII)
SIGNATURE = "X-Twilio-Signature"
MOST_FIELDS = 500
STOPPED = "STOP"


class Twiml(Response):
    media_type = "application/xml"


@dataclass(frozen=True)
class TwilioSettings:
    tokens: tuple[str, ...]
    public_url: str
    """Under which Twilio reaches us; a proxy may hide it from us."""
    sms_from: str | None = None
    """Who sends what is asked for in a call; none: the number that calls."""


def twilio_settings(environment: Mapping[str, str]) -> TwilioSettings | None:
    """Twilio's settings; None when nothing of Twilio's can be told from a forgery. Raises Refusal when the public
    address is none."""
    tokens = tuple(newest_first(environment.get("TWILIO_AUTH_TOKEN", "")))
    public_url = environment.get("REGUA_PUBLIC_URL", "").strip()
    if not tokens or not public_url:
        return None
    if not PUBLIC_URL.fullmatch(public_url):
        raise Refusal("REGUA_PUBLIC_URL is not the address of a site, for example https://regua.exemplo.gov.br")
    sms_from = environment.get("REGUA_SMS_FROM")
    return TwilioSettings(tokens, public_url.rstrip("/"), None if sms_from == NOWHERE else sms_from)


def twilio_routes(engine: Engine, settings: TwilioSettings | None, pay_link: PayLink | None) -> APIRouter:
    router = APIRouter(route_class=Webhook)
    slots = CapacityLimiter(AT_ONCE)

    async def signed(request: Request) -> tuple[Form, TwilioSettings]:
        if settings is None:
            raise Refused(404, "Twilio is not heard here: TWILIO_AUTH_TOKEN or REGUA_PUBLIC_URL is not set")
        form = form_of(await request.body())
        query = request.scope["query_string"].decode("latin-1")
        address = f"{settings.public_url}{request.url.path}" + (f"?{query}" if query else "")
        given = request.headers.get(SIGNATURE, "")
        if not any(RequestValidator(token).validate(address, form, given) for token in settings.tokens):
            raise Refused(403, "the signature is not Twilio's")
        return storable(form), settings

    def aside(work: Callable[[], Answer]) -> Awaitable[Answer]:
        return run_sync(work, limiter=slots)

    @router.post("/webhooks/twilio/status", status_code=204, openapi_extra=TWILIO_STATUS, responses=REFUSALS)
    async def status(request: Request, notice: str = "") -> None:
        now = datetime.now(UTC)
        form, _ = await signed(request)
        report = read_status(form, notice_of(notice), now)
        await aside(lambda: record_reports(engine, [report], now))

    @router.post("/webhooks/twilio/inbound", response_class=Twiml, openapi_extra=TWILIO_MESSAGE, responses=REFUSALS)
    async def inbound(request: Request) -> Twiml:
        now = datetime.now(UTC)
        form, _ = await signed(request)
        reply = reply_of(read_inbound(form))
        return Twiml(written(await aside(lambda: record_reply(engine, reply, now, pay_link))))

    @router.post(VOICE_PATH, response_class=Twiml, openapi_extra=TWILIO_CALL, responses=REFUSALS)
    async def voice(request: Request, notice: str = "") -> Twiml:
        now = datetime.now(UTC)
        form, ours = await signed(request)
        pressed, about = read_keypress(form), notice_of(notice)
        text = await aside(lambda: text_of(engine, about)) if about else None
        if about is None or text is None or pressed.by_machine:
            return Twiml(hung_up())
        if pressed.key in KEYS:
            reply = reply_by_key(pressed, about)
            answer = await aside(lambda: record_reply(engine, reply, now, pay_link))
            return Twiml(goodbye(reply.intent, answer, ours.sms_from))
        if pressed.key:
            await aside(lambda: record_reports(engine, [pressed.report(about, now)], now))
        return Twiml(voice_twiml(text, f"{ours.public_url}{VOICE_PATH}?notice={quote(about)}"))

    return router


def form_of(body: bytes) -> Form:
    try:
        fields = parse_qsl(body.decode(), keep_blank_values=True, errors="strict", max_num_fields=MOST_FIELDS)
    except ValueError:
        raise Malformed("body", f"is not a form of at most {MOST_FIELDS} fields in UTF-8") from None
    return ImmutableMultiDict(fields)


def storable(form: Form) -> Form:
    """The form as PostgreSQL can keep it: no text of it holds a NUL."""
    return ImmutableMultiDict([(name, value.replace("\0", "")) for name, value in form.multi_items()])


def reply_of(inbound: Inbound) -> Reply:
    """Read a reply. Twilio itself answers the carriers' commands, and sends nothing to who said STOP."""
    command = inbound.opt_out_type
    intent = intent_of(inbound.body)
    if command:
        intent = Intent.OPT_OUT if command == STOPPED else Intent.UNCLEAR
    return Reply(
        provider=PROVIDER,
        event=inbound.message,
        channel=cast(Channel, inbound.channel),
        address=inbound.address,
        body=inbound.body,
        intent=intent,
        answered_already=bool(command),
    )


def reply_by_key(pressed: Keypress, notice: str) -> Reply:
    event = f"{pressed.call} {pressed.key}"
    return Reply(PROVIDER, event, "voice", pressed.address, pressed.key, KEYS[pressed.key], notice)


def written(answer: str | None) -> str:
    response = MessagingResponse()
    if answer:
        response.message(answer)
    return str(response)


def goodbye(intent: Intent, answer: str | None, sms_from: str | None) -> str:
    """The end of a call, with the SMS that was asked for. Twilio calls its verb deprecated, but it is what sends one
    without a second request to Twilio whose answer could be lost."""
    response = VoiceResponse()
    response.say(SPOKEN[intent], language=LANGUAGE)
    if intent is Intent.PAY and answer:
        response.sms(answer, from_=sms_from)
    return str(response)


def hung_up() -> str:
    response = VoiceResponse()
    response.hangup()
    return str(response)
