"""The Pix callback. Whoever calls is the bank if the last segment of the address is the secret."""

import hmac
from datetime import UTC, datetime
from typing import Any

import structlog
from anyio import CapacityLimiter
from anyio.to_thread import run_sync
from fastapi import APIRouter, Request
from fastapi.responses import JSONResponse
from sqlalchemy import Engine
from sqlalchemy.exc import SQLAlchemyError
from starlette.requests import ClientDisconnect

from models.pix import Malformed, read_callback
from storage.ledger import Recorded, record_pix

log = structlog.get_logger()

LONGEST = 1024 * 1024
"""Bytes of a body."""

AT_ONCE = 4
"""Calls written at the same time; more of them would only wait for each other's turn at the interpreter."""


class TooLong(Exception):
    pass


def pix_routes(engine: Engine, secret: str) -> APIRouter:
    router = APIRouter()
    slots = CapacityLimiter(AT_ONCE)

    # the standard adds `/pix` to the address registered with the bank; some banks don't
    @router.post("/webhooks/pix/{given}")
    @router.post("/webhooks/pix/{given}/pix")
    async def receive(given: str, request: Request) -> JSONResponse:
        if not hmac.compare_digest(given.encode(), secret.encode()):
            return refused(401, "this is not the address of a webhook")
        arrived_at = datetime.now(UTC)
        try:
            recorded = await run_sync(take, engine, await body_of(request), arrived_at, limiter=slots)
        except TooLong:
            return refused(413, f"the body is longer than {LONGEST} bytes")
        except Malformed as malformed:
            return refused(400, str(malformed))
        except ClientDisconnect:
            return refused(400, "the body ended early")
        except SQLAlchemyError as error:
            # nothing was stored: the bank sends it again
            log.error("the ledger is not answering", reason=type(error).__name__)
            return refused(503, "the ledger is not answering; send this again", retry_after=30)
        return JSONResponse({"payments": recorded.payments, "reversals": recorded.reversals})

    return router


def take(engine: Engine, body: bytes, arrived_at: datetime) -> Recorded:
    return record_pix(engine, read_callback(body, arrived_at), arrived_at)


async def body_of(request: Request) -> bytes:
    """Counts what comes, since a length may be absent or a lie."""
    stated = request.headers.get("content-length", "")
    if stated.isdecimal() and len(stated) < 20 and int(stated) > LONGEST:
        raise TooLong
    body = bytearray()
    async for chunk in request.stream():
        body += chunk
        if len(body) > LONGEST:
            raise TooLong
    return bytes(body)


def refused(status: int, reason: str, retry_after: int | None = None) -> JSONResponse:
    log.info("pix callback refused", status=status, reason=reason)
    headers: dict[str, Any] = {} if retry_after is None else {"Retry-After": str(retry_after)}
    return JSONResponse({"error": reason}, status, headers)
