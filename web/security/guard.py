"""The guard before every route: how long a body may be, what each answer carries, and that no fault of ours talks."""

from __future__ import annotations

import re
import secrets
import traceback
from pathlib import Path

import structlog
from starlette.datastructures import Headers, MutableHeaders
from starlette.requests import ClientDisconnect
from starlette.types import ASGIApp, Message, Receive, Scope, Send
from structlog.contextvars import bound_contextvars

from web.security.throttle import Throttle
from web.webhooks.webhook import Refused

log = structlog.get_logger()

LONGEST = 1024 * 1024
"""Bytes of a body. SendGrid's batches, the largest of all, end at 768 KiB."""

WITH_FILES = re.compile(r"/p/[^/]+/pedidos/[^/]+")
LONGEST_WITH_FILES = 7 * 1024 * 1024
"""Bytes of a request's form with the files that may be sent with it."""

IMPORTED = "/console/imports"
LONGEST_IMPORTED = 256 * 1024 * 1024
"""Bytes of a form that brings a file to import, which goes to disk as it comes; its page says what is too long."""

HEADERS = {
    "Content-Security-Policy": "default-src 'none'; style-src 'unsafe-inline'; form-action 'self'; base-uri 'none'; "
    "frame-ancestors 'none'",
    "Referrer-Policy": "no-referrer",
    "X-Content-Type-Options": "nosniff",
    "X-Frame-Options": "DENY",
    "X-Robots-Tag": "noindex, nofollow, noarchive",
    "Cache-Control": "no-store",
}
"""Debts stay between the authority and the reader: no cache, no index, no other site learns of the address. A route may
say another of these itself."""

HTTPS_FROM_NOW_ON = {"Strict-Transport-Security": "max-age=31536000"}


class Guard:
    def __init__(self, app: ASGIApp) -> None:
        self._app = app
        self._throttle = Throttle()

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            return await self._app(scope, receive, send)
        request = secrets.token_hex(8)
        headers = HEADERS | {"X-Request-Id": request}
        answer = Answer(send, headers | HTTPS_FROM_NOW_ON if scope["scheme"] == "https" else headers)
        with bound_contextvars(request=request):
            try:
                self._throttle.admit(scope)
                longest = longest_of(scope["path"])
                refuse_stated(Headers(scope=scope).get("content-length", ""), longest)
                await self._app(scope, counted(receive, longest), answer)
            except Exception as error:
                refused = refusal_of(error)
                if not answer.begun:
                    await refused.answer()(scope, receive, answer)


class Answer:
    """The `send` of an answer, with these headers on whatever is sent."""

    def __init__(self, send: Send, headers: dict[str, str]) -> None:
        self._send = send
        self._headers = headers
        self.begun = False

    async def __call__(self, message: Message) -> None:
        if message["type"] == "http.response.start":
            self.begun = True
            sent = MutableHeaders(scope=message)
            for name, value in self._headers.items():
                sent.setdefault(name, value)
        await self._send(message)


def longest_of(path: str) -> int:
    """The bytes that a body sent to an address may have."""
    if path == IMPORTED:
        return LONGEST_IMPORTED
    return LONGEST_WITH_FILES if WITH_FILES.fullmatch(path) else LONGEST


def refuse_stated(length: str, longest: int) -> None:
    """Refuse a body whose stated length is too much, before anything of it is read. A length may be absent or a lie:
    what comes is counted too."""
    if length.isdecimal() and int(length[:20]) > longest:
        raise _too_long(longest)


def counted(receive: Receive, longest: int) -> Receive:
    taken = 0

    async def receive_counting() -> Message:
        nonlocal taken
        message = await receive()
        taken += len(message.get("body", b""))
        if taken > longest:
            raise _too_long(longest)
        return message

    return receive_counting


def _too_long(longest: int) -> Refused:
    return Refused(413, f"the body is longer than {longest} bytes", {"Connection": "close"})


def refusal_of(error: Exception) -> Refused:
    """The answer to an exception. A fault of ours is told by its kind and place alone: its message may quote what was
    sent or is on record."""
    if isinstance(error, Refused):
        log.info("refused", status=error.status, reason=error.reason)
        return error
    if isinstance(error, ClientDisconnect):
        return Refused(400, "the body ended early")
    places = [f"{Path(frame.filename).name}:{frame.lineno}" for frame in traceback.extract_tb(error.__traceback__)]
    log.error("a fault of ours", kind=type(error).__name__, places=places[-5:])
    return Refused(500, "a fault of ours; what happened is in our log")
