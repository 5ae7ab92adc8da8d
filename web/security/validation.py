"""The answer to a request that is not as its route describes it: where and by which rule, and nothing of what was
sent."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from fastapi import FastAPI, Request
from fastapi.exceptions import RequestValidationError
from fastapi.responses import JSONResponse

from web.webhooks.webhook import Refused

UNKNOWN = "extra_forbidden"
"""The place of a field that no rule names: its name is something that was sent."""


def quote_nothing(app: FastAPI) -> None:
    """Have each such request answered so, whichever route it is for. FastAPI itself would repeat what was sent."""

    @app.exception_handler(RequestValidationError)
    async def refuse(_: Request, error: RequestValidationError) -> JSONResponse:
        return Refused(422, sentence(error.errors())).answer()


def sentence(errors: Iterable[Any]) -> str:
    """Each place and the name of its rule, as pydantic's documents list them: `body.reason: string_too_short`."""
    broken = dict.fromkeys(f"{_place(error)}: {error['type']}" for error in errors)
    return f"the request is not as described: {', '.join(broken)}"


def _place(error: Any) -> str:
    place = error["loc"][:-1] if error["type"] == UNKNOWN else error["loc"]
    return ".".join(map(str, place))
