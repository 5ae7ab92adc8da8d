"""The lines of a ruler's own text that a decision went by, so that a reader need not trust a paraphrase."""

from __future__ import annotations

from dataclasses import dataclass
from functools import lru_cache

import yaml

from models.law.dated import Where


@dataclass(frozen=True)
class Quotation:
    first: int
    """Number of its first line, from 1."""
    lines: tuple[str, ...]

    @property
    def last(self) -> int:
        return self.first + len(self.lines) - 1


@lru_cache(maxsize=1024)
def quoted(source: str, where: Where) -> Quotation | None:
    """The lines of a YAML text at `where`, such as ("rows", "h1", "rungs", 0), with their key; None when it has no such
    place."""
    place: int = 0
    node = _tree(source)
    for part in where:
        found = _inside(node, part)
        if found is None:
            return None
        place, node = found
    if node is None:
        return None
    written = source.splitlines()
    # a block ends where the next thing begins; anything else ends on its own last line
    block = isinstance(node, yaml.CollectionNode) and not node.flow_style
    end = node.end_mark.line if block else node.end_mark.line + 1
    lines = written[place:end]
    while lines and (not lines[-1].strip() or lines[-1].lstrip().startswith("#")):
        lines.pop()
    return Quotation(place + 1, tuple(lines)) if lines else None


@lru_cache(maxsize=16)
def _tree(source: str) -> yaml.Node | None:
    return yaml.compose(source, Loader=yaml.SafeLoader)


def _inside(node: yaml.Node | None, part: str | int) -> tuple[int, yaml.Node] | None:
    """The line, from 0, on which a key or an item begins, and its value."""
    if isinstance(node, yaml.MappingNode):
        return next(((key.start_mark.line, value) for key, value in node.value if key.value == part), None)
    if isinstance(node, yaml.SequenceNode) and isinstance(part, int) and part < len(node.value):
        return node.value[part].start_mark.line, node.value[part]
    return None
