"""What every webhook has in common: how much of a body is taken, and how a call is refused that can't be taken."""

from __future__ import annotations

from collections.abc import Callable, Coroutine
from typing import Any

import structlog
from fastapi import Request, Response
from fastapi.responses import JSONResponse
from fastapi.routing import APIRoute
from sqlalchemy.exc import SQLAlchemyError
from starlette.requests import ClientDisconnect

from models.callback import Malformed

log = structlog.get_logger()

LONGEST = 1024 * 1024
"""Bytes of a body. SendGrid's batches, the largest of all, end at 768 KiB."""

AT_ONCE = 4
"""Calls written at the same time; more of them would only wait for each other's turn at the interpreter."""


class Refused(Exception):
    """The call is answered with `status`, and nothing changed."""

    def __init__(self, status: int, reason: str, retry_after: int | None = None) -> None:
        super().__init__(reason)
        self.status = status
        self.reason = reason
        self.headers: dict[str, str] = {} if retry_after is None else {"Retry-After": str(retry_after)}


class Webhook(APIRoute):
    """A route whose refusals become answers, one way for all senders."""

    def get_route_handler(self) -> Callable[[Request], Coroutine[Any, Any, Response]]:
        handle = super().get_route_handler()

        async def handle_or_refuse(request: Request) -> Response:
            try:
                return await handle(request)
            except (Refused, Malformed, ClientDisconnect, SQLAlchemyError) as error:
                refused = _refusal(error)
            # the pattern of the address, since the address may hold a secret
            log.info("webhook refused", webhook=self.path_format, status=refused.status, reason=refused.reason)
            return JSONResponse({"error": refused.reason}, refused.status, refused.headers)

        return handle_or_refuse


def _refusal(error: Exception) -> Refused:
    if isinstance(error, Refused):
        return error
    if isinstance(error, Malformed):
        return Refused(400, str(error))
    if isinstance(error, ClientDisconnect):
        return Refused(400, "the body ended early")
    # nothing was stored: the sender tries again
    log.error("the database is not answering", reason=type(error).__name__)
    return Refused(503, "the database is not answering; send this again", retry_after=30)


async def body_of(request: Request) -> bytes:
    """Counts what comes, since a length may be absent or a lie."""
    stated = request.headers.get("content-length", "")
    if stated.isdecimal() and len(stated) < 20 and int(stated) > LONGEST:
        raise _too_long()
    body = bytearray()
    async for chunk in request.stream():
        body += chunk
        if len(body) > LONGEST:
            raise _too_long()
    return bytes(body)


def _too_long() -> Refused:
    return Refused(413, f"the body is longer than {LONGEST} bytes")
