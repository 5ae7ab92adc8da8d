"""The Central Bank's files of monthly rates, as text."""

from pathlib import Path

from models.errors import Refusal

LONGEST = 10_000_000
"""Bytes: more than all monthly series of the Central Bank together."""


def read_rate_file(path: Path) -> str:
    """Its text. Refuses, in one sentence, what is no text file."""
    try:
        with path.open("rb") as file:
            content = file.read(LONGEST + 1)
    except IsADirectoryError:
        raise Refusal(f"{path} is a directory; name a file of the Central Bank's SGS") from None
    except FileNotFoundError:
        raise Refusal(f"{path} doesn't exist") from None
    except (OSError, ValueError) as error:
        raise Refusal(f"{path} can't be read: {getattr(error, 'strerror', None) or error}") from None
    if len(content) > LONGEST:
        raise Refusal(f"{path.name} is longer than {LONGEST:,} bytes: it is no monthly series")
    if b"\0" in content:
        raise Refusal(f"{path.name} is a binary file or UTF-16; save it as UTF-8")
    try:
        text = content.decode("utf-8-sig")
    except UnicodeDecodeError:
        text = content.decode("latin-1")
    if not text.strip():
        raise Refusal(f"{path.name} is empty")
    return text
