"""The Pix callback. Whoever calls is the bank if a segment of the address is a secret of ours.

What is JSON and has `pix` is answered 200, whatever its items are: a bank that is refused either gives up or calls for
ever. Items that can't be read go to the quarantine (`storage/payments/quarantine.py`). Replays change nothing: a
payment is known by its endToEndId, a refund by its own id (`storage/payments/receiving.py`).
"""

import hmac
from datetime import UTC, datetime

from anyio import CapacityLimiter
from anyio.to_thread import run_sync
from fastapi import APIRouter, Request
from sqlalchemy import Engine

from channels.rotation import newest_first
from models.callback import Malformed
from models.errors import Refusal
from models.payment.pix import Callback, read_callback
from storage.engine import is_away
from storage.payments.ledger import amounts_on_record, record_pix
from storage.payments.quarantine import Unread, keep
from storage.payments.reports import Recorded
from web.webhooks.openapi import PIX_CALLBACK, REFUSALS
from web.webhooks.webhook import AT_ONCE, Refused, Webhook, log
from workflows.secrecy import Cipher

ENDINGS = ("", "/", "/pix", "/pix/", "/pix/pix", "/pix/pix/")
"""The standard adds `/pix` to the address registered with the bank; some banks don't, and some people do already."""

SHORTEST = 16
"""Characters of a secret: 96 random bits in base64."""


def pix_routes(engine: Engine, secrets: str, cipher: Cipher) -> APIRouter:
    """The routes of the callback. Raises Refusal when one of the secrets could be guessed."""
    known = [secret.encode() for secret in newest_first(secrets)]
    if not known or any(len(secret) < SHORTEST for secret in known):
        raise Refusal(f"REGUA_PIX_SECRET is shorter than {SHORTEST} characters; make a random one")
    router = APIRouter(route_class=Webhook)
    slots = CapacityLimiter(AT_ONCE)

    async def receive(given: str, request: Request) -> dict[str, int]:
        if not any(hmac.compare_digest(given.encode(), secret) for secret in known):
            raise Refused(401, "this is not the address of a webhook")
        arrived_at = datetime.now(UTC)
        recorded = await run_sync(take, engine, await request.body(), arrived_at, cipher, limiter=slots)
        return {"payments": recorded.payments, "reversals": recorded.reversals}

    for ending in ENDINGS:
        path = f"/webhooks/pix/{{given}}{ending}"
        router.add_api_route(path, receive, methods=["POST"], openapi_extra=PIX_CALLBACK, responses=REFUSALS)
    return router


def take(engine: Engine, body: bytes, arrived_at: datetime, cipher: Cipher) -> Recorded:
    """Record what can be read of a call and keep the rest, sealed. Raises Malformed when it is no callback at all, and
    what was a fault of ours once all that it cost is kept: the bank sends it again, and people have it."""
    callback = read_callback(body, arrived_at)
    unreadable, fault = dict(callback.unreadable), None
    try:
        recorded = record_pix(engine, callback.payments, arrived_at)
    except Exception as error:
        if is_away(error):
            raise
        recorded, beyond, fault = _one_by_one(engine, callback, arrived_at)
        unreadable |= beyond
    if recorded.payments < len(callback.read):
        unreadable |= _reworded(engine, callback)
    if unreadable:
        sent = callback.as_sent()
        keep(engine, [Unread(sent[at], cipher.seal(sent[at]), why) for at, why in unreadable.items()], arrived_at)
        log.warning("items of a pix callback are in the quarantine", items=len(unreadable))
    if fault is not None:
        raise fault
    return recorded


def _reworded(engine: Engine, callback: Callback) -> dict[int, str]:
    """The items that state another amount of a payment than its first report, which stands. One that tells a refund is
    none: some banks write what is left."""
    known = amounts_on_record(engine, {payment.end_to_end_id for payment in callback.payments})
    return {
        place: "states another amount than the first report of this payment, which stands"
        for place, payment in callback.read.items()
        if not payment.refunds and known.get(payment.end_to_end_id, payment.amount) != payment.amount
    }


def _one_by_one(
    engine: Engine, callback: Callback, arrived_at: datetime
) -> tuple[Recorded, dict[int, str], Exception | None]:
    """Record as much of a call as goes, where all of it doesn't; returned with it, why the rest doesn't, and the last
    fault of ours among that."""
    done, beyond, fault = Recorded(0, 0, 0), dict[int, str](), None
    for place, payment in callback.read.items():
        try:
            one = record_pix(engine, [payment], arrived_at)
        except Malformed as wrong:
            beyond[place] = str(wrong)
        except Exception as error:
            if is_away(error):
                raise
            beyond[place], fault = f"a fault of ours ({type(error).__name__}): retry it once it is mended", error
        else:
            done = Recorded(
                done.payments + one.payments, done.reversals + one.reversals, done.unmatched + one.unmatched
            )
    return done, beyond, fault
