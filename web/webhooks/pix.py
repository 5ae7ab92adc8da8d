"""The Pix callback. Whoever calls is the bank if the last segment of the address is a secret of ours.

Replays change nothing: a payment is known by its endToEndId, a refund by its own id (`storage/payments/ledger.py`).
"""

import hmac
from datetime import UTC, datetime

from anyio import CapacityLimiter
from anyio.to_thread import run_sync
from fastapi import APIRouter, Request
from sqlalchemy import Engine

from channels.rotation import newest_first
from models.errors import Refusal
from models.payment.pix import read_callback
from storage.payments.ledger import Recorded, record_pix
from web.webhooks.openapi import PIX_CALLBACK, REFUSALS
from web.webhooks.webhook import AT_ONCE, Refused, Webhook

SHORTEST = 16
"""Characters of a secret: 96 random bits in base64."""


def pix_routes(engine: Engine, secrets: str) -> APIRouter:
    """The routes of the callback. Raises Refusal when one of the secrets could be guessed."""
    known = [secret.encode() for secret in newest_first(secrets)]
    if not known or any(len(secret) < SHORTEST for secret in known):
        raise Refusal(f"REGUA_PIX_SECRET is shorter than {SHORTEST} characters; make a random one")
    router = APIRouter(route_class=Webhook)
    slots = CapacityLimiter(AT_ONCE)

    # the standard adds `/pix` to the address registered with the bank; some banks don't
    @router.post("/webhooks/pix/{given}", openapi_extra=PIX_CALLBACK, responses=REFUSALS)
    @router.post("/webhooks/pix/{given}/pix", openapi_extra=PIX_CALLBACK, responses=REFUSALS)
    async def receive(given: str, request: Request) -> dict[str, int]:
        if not any(hmac.compare_digest(given.encode(), secret) for secret in known):
            raise Refused(401, "this is not the address of a webhook")
        arrived_at = datetime.now(UTC)
        recorded = await run_sync(take, engine, await request.body(), arrived_at, limiter=slots)
        return {"payments": recorded.payments, "reversals": recorded.reversals}

    return router


def take(engine: Engine, body: bytes, arrived_at: datetime) -> Recorded:
    return record_pix(engine, read_callback(body, arrived_at), arrived_at)
