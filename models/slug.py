"""Names that stand in commands, addresses, workflow ids and names of files, and so may hold nothing that any of these
takes for something else."""

from __future__ import annotations

import re

from models.errors import Refusal

LONGEST = 64

_SLUG = re.compile(rf"[A-Za-z0-9][A-Za-z0-9._-]{{0,{LONGEST - 1}}}")


def must_be_slug(what: str, name: str) -> None:
    """Check a name. Raises Refusal, which repeats no more of it than can be shown."""
    if _SLUG.fullmatch(name):
        return
    shown = name if len(name) <= LONGEST else f"{name[:LONGEST]}…"
    raise Refusal(
        f"{shown!r} is no name for {what}: up to {LONGEST} letters without accents, digits, hyphens, underscores and"
        " full stops, the first a letter or digit"
    )
