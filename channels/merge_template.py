"""The text that messages to many recipients share: it stands with each recipient's own strings taken out."""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass

TAG = "-regua:"


@dataclass(frozen=True)
class MergeTemplate:
    text: str
    """With tags such as `-regua:t0-` where a personal string stood."""
    values: dict[str, str]
    """The text each tag stands for. Put back one after another, in any order, they give the text again."""


def merge_template(text: str, personal: Iterable[str], kind: str) -> MergeTemplate:
    """Take the personal strings out of a text. `kind` keeps the tags of two texts apart. A text that looks as if it
    held tags stays as it is."""
    tags: dict[str, str] = {}
    for place, own in enumerate(personal):
        tags.setdefault(own, f"{TAG}{kind}{place}-")
    tags.pop("", None)
    if not tags or TAG in text:
        return MergeTemplate(text, {})
    # the longest first, since one may be part of another
    found = re.compile("|".join(re.escape(own) for own in sorted(tags, key=len, reverse=True)))
    values = {tags[own]: own for own in found.findall(text)}
    return MergeTemplate(found.sub(lambda own: tags[own[0]], text), values)
