"""Where rulers are read from."""

from storage.shelf import Shelf

RULERS = Shelf("rulers", "ruler")


def shipped_rulers() -> list[str]:
    return RULERS.names()


def read_ruler_file(name_or_path: str) -> tuple[str, str]:
    """The path and the text of a ruler, shipped or the analyst's own."""
    return RULERS.read(name_or_path)
