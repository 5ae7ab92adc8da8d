"""The Pix callback. Whoever calls is the bank if a segment of the address is a secret of ours.

What is JSON and has `pix` is answered 200, whatever its items are: a bank that is refused either gives up or calls for
ever. Items that can't be read go to the quarantine (`storage/payments/quarantine.py`). Replays change nothing: a
payment is known by its endToEndId, a refund by its own id (`storage/payments/receiving.py`).

Calls that come while others are posted wait, and are then posted together: a posting costs some twenty statements, for
one payment as for a hundred.
"""

import hmac
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime

import anyio
from anyio.to_thread import run_sync
from fastapi import APIRouter, Request
from sqlalchemy import Engine

from channels.rotation import newest_first
from models.callback import Malformed
from models.errors import Refusal
from models.payment.pix import Callback, read_callback
from storage.engine import is_away
from storage.payments.ledger import amounts_on_record, record_calls, record_pix
from storage.payments.quarantine import Unread, keep
from storage.payments.reports import Recorded
from web.webhooks.openapi import PIX_CALLBACK, REFUSALS
from web.webhooks.webhook import Refused, Webhook, log
from workflows.secrecy import Cipher

ENDINGS = ("", "/", "/pix", "/pix/", "/pix/pix", "/pix/pix/")
"""The standard adds `/pix` to the address registered with the bank; some banks don't, and some people do already."""

SHORTEST = 16
"""Characters of a secret: 96 random bits in base64."""

TURNS = 2
"""Postings at the same time: one computes while the database answers the other."""
MOST = 100
"""Calls that are posted together, so that none of them waits long for the others."""
UNREAD = Callback("", "", {}, {})
NOTHING_NEW = Recorded(0, 0, 0)


def pix_routes(engine: Engine, secrets: str, cipher: Cipher) -> APIRouter:
    """The routes of the callback. Raises Refusal when one of the secrets could be guessed."""
    refuse_strangers = doorkeeper(secrets)
    router = APIRouter(route_class=Webhook)
    counter = Counter(engine, cipher)

    async def receive(given: str, request: Request) -> dict[str, int]:
        refuse_strangers(given)
        recorded = await counter.post(Call(await request.body(), datetime.now(UTC)))
        return {"payments": recorded.payments, "reversals": recorded.reversals}

    for ending in ENDINGS:
        path = f"/webhooks/pix/{{given}}{ending}"
        router.add_api_route(path, receive, methods=["POST"], openapi_extra=PIX_CALLBACK, responses=REFUSALS)
    return router


def doorkeeper(secrets: str) -> Callable[[str], None]:
    """A check that refuses who calls without one of the secrets. Raises Refusal when one of them could be guessed."""
    known = [secret.encode() for secret in newest_first(secrets)]
    if not known or any(len(secret) < SHORTEST for secret in known):
        raise Refusal(f"REGUA_PIX_SECRET is shorter than {SHORTEST} characters; make a random one")

    def refuse_strangers(given: str) -> None:
        if not any(hmac.compare_digest(given.encode(), secret) for secret in known):
            raise Refused(401, "this is not the address of a webhook")

    return refuse_strangers


class Unposted(Exception):
    """A call was posted with one that is a fault of ours to read, or was cut short."""


@dataclass(eq=False)
class Call:
    """A call, and what became of it once it was `posted`."""

    body: bytes
    arrived_at: datetime
    callback: Callback = UNREAD
    unreadable: dict[int, str] = field(default_factory=dict)
    """By the places of its items, why people have to look at them."""
    recorded: Recorded = NOTHING_NEW
    error: Exception | None = None
    posted: anyio.Event = field(default_factory=anyio.Event)


class Counter:
    """The counter at which calls queue: whoever's turn it is posts all that wait."""

    def __init__(self, engine: Engine, cipher: Cipher) -> None:
        self._engine, self._cipher = engine, cipher
        self._waiting: list[Call] = []
        self._turns = anyio.Semaphore(TURNS)

    async def post(self, call: Call) -> Recorded:
        """Post a call with those that wait. Raises what kept it from being recorded."""
        self._waiting.append(call)
        async with self._turns:
            if call in self._waiting:
                await self._post(self._waiting[:MOST])
        await call.posted.wait()
        if call.error is not None:
            raise call.error
        return call.recorded

    async def _post(self, calls: list[Call]) -> None:
        del self._waiting[: len(calls)]
        try:
            await run_sync(take, self._engine, calls, self._cipher)
        except BaseException:
            # none of them may be told that it was taken: their bank sends them again
            for call in calls:
                call.error = call.error or Unposted()
            raise
        finally:
            for call in calls:
                call.posted.set()


def take(engine: Engine, calls: Sequence[Call], cipher: Cipher) -> None:
    """Record what can be read of calls and keep the rest, sealed. The error of one is Malformed where it is no callback
    at all, and a fault of ours once all that it cost is kept: the bank sends it again, and people have it."""
    read = [call for call in calls if _read(call)]
    try:
        if read:
            _record(engine, read)
            _keep(engine, read, cipher)
    except Exception as error:
        for call in read:
            call.error = error


def _read(call: Call) -> bool:
    try:
        call.callback = read_callback(call.body, call.arrived_at)
    except Malformed as wrong:
        call.error = wrong
        return False
    call.unreadable |= call.callback.unreadable
    return True


def _record(engine: Engine, calls: Sequence[Call]) -> None:
    """Record calls in one transaction; where that doesn't go each by itself, and one item by item."""
    try:
        arrived_at = max(call.arrived_at for call in calls)
        recorded = record_calls(engine, [call.callback.payments for call in calls], arrived_at)
    except Exception as error:
        if is_away(error):
            raise
        if len(calls) == 1:
            _one_by_one(engine, calls[0])
        else:
            for call in calls:
                _record(engine, [call])
    else:
        for call, brought in zip(calls, recorded, strict=True):
            call.recorded = brought


def _one_by_one(engine: Engine, call: Call) -> None:
    """Record as much of a call as goes, where all of it doesn't."""
    for place, payment in call.callback.read.items():
        try:
            one, done = record_pix(engine, [payment], call.arrived_at), call.recorded
        except Malformed as wrong:
            call.unreadable[place] = str(wrong)
        except Exception as error:
            if is_away(error):
                raise
            call.unreadable[place] = f"a fault of ours ({type(error).__name__}): retry it once it is mended"
            call.error = error
        else:
            call.recorded = Recorded(
                done.payments + one.payments, done.reversals + one.reversals, done.unmatched + one.unmatched
            )


def _keep(engine: Engine, calls: Sequence[Call], cipher: Cipher) -> None:
    """Keep the items that people have to look at."""
    _add_reworded(engine, calls)
    items = [
        Unread(sent[place], cipher.seal(sent[place]), why, call.arrived_at)
        for call in calls
        if call.unreadable
        for sent in [call.callback.as_sent()]
        for place, why in call.unreadable.items()
    ]
    if items:
        keep(engine, items)
        log.warning("items of a pix callback are in the quarantine", items=len(items))


def _add_reworded(engine: Engine, calls: Sequence[Call]) -> None:
    """Add the items that state another amount of a payment than its first report, which stands. One that tells a refund
    is none: some banks write what is left."""
    said_before = [call for call in calls if call.recorded.payments < len(call.callback.read)]
    if not said_before:
        return
    known = amounts_on_record(engine, {each.end_to_end_id for call in said_before for each in call.callback.payments})
    for call in said_before:
        for place, payment in call.callback.read.items():
            if not payment.refunds and known.get(payment.end_to_end_id, payment.amount) != payment.amount:
                call.unreadable[place] = "states another amount than the first report of this payment, which stands"
