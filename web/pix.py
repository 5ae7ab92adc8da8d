"""The Pix callback. Whoever calls is the bank if the last segment of the address is the secret."""

import hmac
from datetime import UTC, datetime

from anyio import CapacityLimiter
from anyio.to_thread import run_sync
from fastapi import APIRouter, Request
from sqlalchemy import Engine

from models.pix import read_callback
from storage.ledger import Recorded, record_pix
from web.webhook import AT_ONCE, Refused, Webhook, body_of


def pix_routes(engine: Engine, secret: str) -> APIRouter:
    router = APIRouter(route_class=Webhook)
    slots = CapacityLimiter(AT_ONCE)

    # the standard adds `/pix` to the address registered with the bank; some banks don't
    @router.post("/webhooks/pix/{given}")
    @router.post("/webhooks/pix/{given}/pix")
    async def receive(given: str, request: Request) -> dict[str, int]:
        if not hmac.compare_digest(given.encode(), secret.encode()):
            raise Refused(401, "this is not the address of a webhook")
        arrived_at = datetime.now(UTC)
        recorded = await run_sync(take, engine, await body_of(request), arrived_at, limiter=slots)
        return {"payments": recorded.payments, "reversals": recorded.reversals}

    return router


def take(engine: Engine, body: bytes, arrived_at: datetime) -> Recorded:
    return record_pix(engine, read_callback(body, arrived_at), arrived_at)
