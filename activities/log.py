"""The worker's log, for the people who keep it running: it names nobody.

Of an error it has the kind and the place. Its words may quote a row of the database (PostgreSQL's DETAIL does); they
are in the workflow's history, encrypted.
"""

import logging
import sys
import traceback
from pathlib import Path
from types import TracebackType

ErrorInfo = tuple[type[BaseException], BaseException, TracebackType | None] | tuple[None, None, None]


class Discreet(logging.Formatter):
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


def log_to_stderr() -> None:
    handler = logging.StreamHandler(sys.stderr)
    handler.setFormatter(Discreet("%(asctime)s %(levelname)s %(name)s %(message)s"))
    logging.basicConfig(handlers=[handler], level=logging.WARNING)
