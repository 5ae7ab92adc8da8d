"""The log of every process, for the people who keep it running: it names nobody.

Of an error it has the kind and the place. Its words may quote a row of the database (PostgreSQL's DETAIL does); they
are in the workflow's history, encrypted.
"""

import json
import logging
import sys
import traceback
from collections.abc import MutableMapping
from contextlib import suppress
from datetime import UTC, datetime
from pathlib import Path
from types import TracebackType
from typing import Any, TextIO, cast

import structlog
from structlog.contextvars import get_contextvars
from temporalio import activity

ErrorInfo = tuple[type[BaseException], BaseException, TracebackType | None] | tuple[None, None, None]


def belonging() -> dict[str, object]:
    """The request that the web answers, or the workflow for which something is done: what a line belongs to. A
    workflow's id is its case's."""
    known: dict[str, object] = dict(get_contextvars())
    if activity.in_activity():
        info = activity.info()
        known |= {"workflow": info.workflow_id, "activity": info.activity_type, "attempt": info.attempt}
    return known


def with_belonging(_: object, __: str, line: MutableMapping[str, Any]) -> MutableMapping[str, Any]:
    return {**belonging(), **line}


class Discreet(logging.Formatter):
    """Writes a record as a JSON line with the fields that structlog gives ours."""

    def format(self, record: logging.LogRecord) -> str:
        line = {
            **belonging(),
            "logger": record.name,
            "event": record.getMessage(),
            "level": record.levelname.lower(),
            "timestamp": datetime.fromtimestamp(record.created, UTC).isoformat().replace("+00:00", "Z"),
        }
        if record.exc_info:
            line["exception"] = self.formatException(record.exc_info)
        return json.dumps(line, ensure_ascii=False)

    def formatException(self, ei: ErrorInfo) -> str:
        return "\n".join(kind_and_place(error) for error in _with_causes(ei[1]))


def kind_and_place(error: BaseException) -> str:
    ours = [frame for frame in traceback.extract_tb(error.__traceback__) if "site-packages" not in frame.filename]
    places = [f"{Path(frame.filename).name}:{frame.lineno}" for frame in ours]
    return f"{type(error).__name__} at {' '.join(places) or 'no place of ours'}"


def _with_causes(error: BaseException | None) -> list[BaseException]:
    chain: list[BaseException] = []
    while error is not None and error not in chain:
        chain.append(error)
        error = error.__cause__ or error.__context__
    return chain


class Unfailing:
    """A stream on which nothing fails: a line that a full disk has no room for is lost, and what wrote it goes on."""

    def __init__(self, stream: TextIO) -> None:
        self._stream = stream

    def write(self, text: str) -> None:
        with suppress(OSError):
            self._stream.write(text)

    def flush(self) -> None:
        with suppress(OSError):
            self._stream.flush()


def log_to_stderr() -> None:
    """Log as JSON lines on stderr, in every process alike: what is ours, and what libraries warn of."""
    handler = logging.StreamHandler(sys.stderr)
    handler.setFormatter(Discreet())
    logging.basicConfig(handlers=[handler], level=logging.WARNING)
    structlog.configure(
        processors=[
            with_belonging,
            structlog.processors.add_log_level,
            structlog.processors.TimeStamper(fmt="iso", utc=True),
            structlog.processors.JSONRenderer(ensure_ascii=False),
        ],
        logger_factory=structlog.PrintLoggerFactory(cast(TextIO, Unfailing(sys.stderr))),
    )
