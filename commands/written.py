"""Files that a command hands out, with personal data in them: for their owner alone, and never over another."""

from __future__ import annotations

import os
from pathlib import Path

from models.errors import Refusal


def must_be_free(file: Path) -> None:
    """Check that a file can be written before anything is done for it. Raises Refusal."""
    if file.exists():
        raise Refusal(f"{file} is there already; name another file")
    if not os.access(file.parent, os.W_OK):
        raise Refusal(f"{file} can't be written: {file.parent} is no folder that may be written to")


def write(file: Path, content: bytes) -> None:
    """Write the file. Raises Refusal: it can't be written."""
    try:
        with os.fdopen(os.open(file, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "wb") as out:
            out.write(content)
    except OSError as error:
        raise Refusal(f"{file} can't be written: {error.strerror}; `copy` writes it once more") from None
