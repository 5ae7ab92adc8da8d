"""SendGrid's Event Webhook. Whoever calls is SendGrid if the body bears its signature.

Not the age of a call but the id of each event tells whether it was told before, and ids are kept for good. An age would
add nothing, and could lose something: SendGrid repeats for 24 hours what it could not deliver, and doesn't promise to
sign it anew.
"""

from __future__ import annotations

from datetime import UTC, datetime

from anyio import CapacityLimiter
from anyio.to_thread import run_sync
from fastapi import APIRouter, Request
from sendgrid.helpers.eventwebhook import EventWebhook, EventWebhookHeader
from sqlalchemy import Engine

from channels.rotation import newest_first
from channels.sendgrid_events import read_events
from models.errors import Refusal
from storage.contact.delivery import record_reports
from web.webhooks.openapi import REFUSALS, SENDGRID_EVENTS
from web.webhooks.webhook import AT_ONCE, Refused, Webhook


def sendgrid_routes(engine: Engine, public_keys: str) -> APIRouter:
    """The route of the webhook. Without the verification key that SendGrid shows (Settings, Mail Settings, Event
    Webhook) nothing is taken.

    Raises Refusal when one is no such key.
    """
    router = APIRouter(route_class=Webhook)
    slots = CapacityLimiter(AT_ONCE)
    verifiers = [verifier_of(key) for key in newest_first(public_keys)]

    @router.post("/webhooks/sendgrid", openapi_extra=SENDGRID_EVENTS, responses=REFUSALS)
    async def receive(request: Request) -> dict[str, int]:
        if not verifiers:
            raise Refused(404, "events of SendGrid are not taken here: SENDGRID_WEBHOOK_KEY is not set")
        arrived_at = datetime.now(UTC)
        signature = request.headers.get(EventWebhookHeader.SIGNATURE, "")
        timestamp = request.headers.get(EventWebhookHeader.TIMESTAMP, "")
        body = await request.body()
        if not any(is_signed(verifier, body, signature, timestamp) for verifier in verifiers):
            raise Refused(403, "the signature is not SendGrid's")
        return {"events": await run_sync(take, engine, body, arrived_at, limiter=slots)}

    return router


def verifier_of(public_key: str) -> EventWebhook:
    try:
        return EventWebhook(public_key)
    except ValueError:
        raise Refusal("SENDGRID_WEBHOOK_KEY is not a verification key: it begins with MFkw, all in one line") from None


def is_signed(verifier: EventWebhook, body: bytes, signature: str, timestamp: str) -> bool:
    try:
        return bool(verifier.verify_signature(body.decode(), signature, timestamp))
    except ValueError:
        # no base64, or a body that isn't text
        return False


def take(engine: Engine, body: bytes, arrived_at: datetime) -> int:
    return record_reports(engine, read_events(body, arrived_at), arrived_at)
