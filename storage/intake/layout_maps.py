"""Maps of layouts as people hand them in."""

from __future__ import annotations

from pathlib import Path

from models.errors import Refusal
from models.intake.layout_map import LayoutMap, read_map


def load_map(file: Path) -> LayoutMap:
    """Load a map. Refuses a faulty one with all its faults, one a line."""
    try:
        read = read_map(file.read_text(encoding="utf-8"))
    except OSError as error:
        raise Refusal(f"{file} can't be read: {error.strerror}") from None
    except UnicodeDecodeError:
        raise Refusal(f"{file} is not text in UTF-8") from None
    if read.table is None:
        raise Refusal("\n".join([f"{file} is faulty:", *(f"{file}: {fault}" for fault in read.faults)]))
    return read.table
