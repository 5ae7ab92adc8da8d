"""The texts that rulers, policies and their like are made of, each kept once, by its digest."""

from __future__ import annotations

from collections.abc import Mapping
from hashlib import sha256

from sqlalchemy import Connection, select
from sqlalchemy.dialects.postgresql import insert

from models.assets import Texts
from models.errors import Refusal
from storage.schema import assets


def digests_of(texts: Texts) -> dict[str, str]:
    """Each text's SHA-256, by its name."""
    return {name: sha256(content.encode()).hexdigest() for name, content in sorted(texts.items())}


def keep(connection: Connection, texts: Texts) -> dict[str, str]:
    """Put texts on record and answer with their digests by name, in the order of names."""
    digests = digests_of(texts)
    rows = [{"digest": digests[name], "content": content} for name, content in sorted(texts.items())]
    if rows:
        connection.execute(insert(assets).on_conflict_do_nothing(), rows)
    return digests


def read_assets(connection: Connection, digests: Mapping[str, str]) -> dict[str, str]:
    """The texts of these digests by the names given. Raises Refusal for one that is not on record as it was."""
    found = connection.execute(select(assets).where(assets.c.digest.in_(set(digests.values()))))
    contents = {row.digest: row.content for row in found}
    for name, digest in digests.items():
        if sha256(contents.get(digest, "").encode()).hexdigest() != digest:
            raise Refusal(f"{name} ({digest}) is not in the database as it was frozen: restore the backup that has it")
    return {name: contents[digest] for name, digest in digests.items()}
