"""The ground of every webhook: how a call is refused that can't be taken."""

from __future__ import annotations

import time
from collections.abc import Callable, Coroutine, Mapping
from functools import cache
from typing import Any

import structlog
from fastapi import Request, Response
from fastapi.responses import JSONResponse
from fastapi.routing import APIRoute
from starlette.requests import ClientDisconnect
from temporalio.common import MetricHistogramFloat

from models.callback import Malformed
from storage.engine import is_away
from workflows.metrics import meter

log = structlog.get_logger()

AT_ONCE = 4
"""Calls written at the same time; more of them would only wait for each other's turn at the interpreter."""


class Refused(Exception):
    """A refused call: it is answered with `status`, and nothing changed."""

    def __init__(self, status: int, reason: str, headers: Mapping[str, str] | None = None) -> None:
        super().__init__(reason)
        self.status = status
        self.reason = reason
        self.headers = headers

    def answer(self) -> JSONResponse:
        return JSONResponse({"error": self.reason}, self.status, self.headers)


@cache
def latency() -> MetricHistogramFloat:
    """The metric of how long calls take: by the webhook's provider and the answer's status."""
    return meter().create_histogram_float("regua_webhook_latency", "how long calls of webhooks take", "ms")


class Webhook(APIRoute):
    """A route whose refusals become answers, one way for all senders."""

    @property
    def sender(self) -> str:
        """The first word of the address that names somebody: `pix` of `/webhooks/pix/{secret}`, `codec` of its own."""
        words = [word for word in self.path_format.split("/") if word and not word.startswith("{")]
        return next((word for word in words if word != "webhooks"), "webhooks")

    def get_route_handler(self) -> Callable[[Request], Coroutine[Any, Any, Response]]:
        handle = super().get_route_handler()

        async def handle_timed(request: Request) -> Response:
            began, status = time.perf_counter(), 500
            try:
                answer = await handle_or_refuse(request)
                status = answer.status_code
                return answer
            finally:
                took = (time.perf_counter() - began) * 1000
                latency().record(took, {"webhook": self.sender, "status": status})

        async def handle_or_refuse(request: Request) -> Response:
            try:
                return await handle(request)
            except (Refused, Malformed, ClientDisconnect) as error:
                refused = _refusal(error)
            except Exception as error:
                if not is_away(error):
                    raise  # a fault of ours: the guard logs it and says so
                # nothing was stored: the sender tries again
                refused = Refused(503, "the database is not answering; send this again", {"Retry-After": "30"})
            # the pattern of the address, since the address may hold a secret
            log.info("webhook refused", webhook=self.path_format, status=refused.status, reason=refused.reason)
            return refused.answer()

        return handle_timed


def _refusal(error: Exception) -> Refused:
    if isinstance(error, Refused):
        return error
    if isinstance(error, Malformed):
        return Refused(400, str(error))
    return Refused(400, "the body ended early")
