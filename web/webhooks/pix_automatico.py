"""The callbacks of Pix Automático, under the address of the Pix callback: `/rec` tells of authorisations, `/cobr` of
debits. What can't be read, or is of nothing of ours, is kept in the quarantine."""

from __future__ import annotations

import json
from datetime import UTC, datetime

from anyio import CapacityLimiter
from anyio.to_thread import run_sync
from fastapi import APIRouter, Request
from sqlalchemy import Engine

from models.callback import Malformed
from models.payment.recurrence import Kind, items_of, read_news
from storage.payments.quarantine import Unread, keep
from storage.payments.recurrences import hear
from web.webhooks.openapi import NEWS_OF_DEBITS, NEWS_OF_RECURRENCES, REFUSALS
from web.webhooks.pix import doorkeeper
from web.webhooks.webhook import AT_ONCE, Webhook, log
from workflows.secrecy import Cipher

NOT_OURS = "is of nothing that is on record"


def recurrence_routes(engine: Engine, secrets: str, cipher: Cipher) -> APIRouter:
    """The routes of the callbacks. Raises Refusal when one of the secrets could be guessed."""
    refuse_strangers = doorkeeper(secrets)
    router = APIRouter(route_class=Webhook)
    slots = CapacityLimiter(AT_ONCE)

    async def receive(given: str, request: Request, kind: Kind) -> dict[str, int]:
        refuse_strangers(given)
        body, arrived_at = await request.body(), datetime.now(UTC)
        return {"items": await run_sync(take, engine, body, kind, arrived_at, cipher, limiter=slots)}

    async def receive_recurrences(given: str, request: Request) -> dict[str, int]:
        return await receive(given, request, "rec")

    async def receive_debits(given: str, request: Request) -> dict[str, int]:
        return await receive(given, request, "cobr")

    for ending in ("", "/"):
        for path, endpoint, told in (
            ("rec", receive_recurrences, NEWS_OF_RECURRENCES),
            ("cobr", receive_debits, NEWS_OF_DEBITS),
        ):
            router.add_api_route(
                f"/webhooks/pix/{{given}}/{path}{ending}",
                endpoint,
                methods=["POST"],
                openapi_extra=told,
                responses=REFUSALS,
            )
    return router


def take(engine: Engine, body: bytes, kind: Kind, arrived_at: datetime, cipher: Cipher) -> int:
    """Record a call's news item by item, and keep the others, sealed; return how many items there were. Raises
    Malformed when it is no callback at all."""
    items, unread = items_of(body, kind), dict[int, str]()
    for place, item in enumerate(items):
        try:
            if not hear(engine, read_news(item, kind), arrived_at):
                unread[place] = NOT_OURS
        except Malformed as wrong:
            unread[place] = str(wrong)
    if unread:
        # escaped: JSON may hold half a character, which no encoding has
        sent = {place: json.dumps(items[place]).encode() for place in unread}
        keep(engine, [Unread(sent[at], cipher.seal(sent[at]), why, arrived_at) for at, why in unread.items()])
        log.warning("items of a callback of Pix Automático are in the quarantine", items=len(unread))
    return len(items)
