"""Drafts of rulers on record: the texts of each, and who changed them. A ruler has one open draft at most."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping
from datetime import datetime
from typing import TypedDict

from sqlalchemy import Connection, func, select, update
from sqlalchemy.dialects.postgresql import insert

from models.assets import Texts
from models.errors import Refusal
from storage.rows import typed_rows
from storage.schema import ruler_drafts
from storage.schema.base import NOW


class RulerDraft(TypedDict):
    id: int
    ruler: str
    made_by: str
    made_at: datetime
    texts: dict[str, str]
    """The files that would be published, by name."""
    revision: int
    editors: list[str]
    """Everybody who changed it, the last one last."""
    changed_at: datetime


COLUMNS = [ruler_drafts.c[name] for name in RulerDraft.__annotations__]
OPEN = ruler_drafts.c.published_at.is_(None) & ruler_drafts.c.dropped_at.is_(None)


def open_drafts(connection: Connection) -> dict[str, RulerDraft]:
    """The open drafts by their rulers."""
    rows = typed_rows(RulerDraft, connection.execute(select(*COLUMNS).where(OPEN)).mappings())
    return {row["ruler"]: row for row in rows}


def draft_of(connection: Connection, ruler: str, *, lock: bool = False) -> RulerDraft | None:
    """The open draft of a ruler, if there is one."""
    asked = select(*COLUMNS).where(ruler_drafts.c.ruler == ruler, OPEN)
    found = connection.execute(asked.with_for_update() if lock else asked)
    return next(iter(typed_rows(RulerDraft, found.mappings())), None)


def make_draft(connection: Connection, ruler: str, texts: Mapping[str, str], by: str) -> None:
    """Begin a draft, unless there is one."""
    row = {"ruler": ruler, "texts": dict(texts), "made_by": by}
    connection.execute(insert(ruler_drafts).values(row).on_conflict_do_nothing())


def change_draft(connection: Connection, ruler: str, revision: int, file: str, text: str, by: str) -> None:
    """Put a text in place of what the draft had. Raises Refusal when the draft is no longer the one that was edited."""
    draft = draft_of(connection, ruler, lock=True)
    if draft is None:
        raise Refusal(f"there is no draft of {ruler}: it was published or dropped meanwhile")
    if draft["revision"] != revision:
        raise Refusal(f"the draft was changed by {draft['editors'][-1]} meanwhile; look at it and edit it again")
    if draft["texts"].get(file) == text:
        return
    changed = {
        "texts": {**draft["texts"], file: text},
        "editors": [*(name for name in draft["editors"] if name != by), by],
        "revision": revision + 1,
        "changed_at": NOW,
    }
    connection.execute(update(ruler_drafts).where(ruler_drafts.c.id == draft["id"]).values(changed))


def end_draft(connection: Connection, ruler: str, *, published: bool) -> None:
    """Published, or dropped. Raises Refusal when there is no draft."""
    ended = {"published_at" if published else "dropped_at": func.clock_timestamp()}
    asked = update(ruler_drafts).where(ruler_drafts.c.ruler == ruler, OPEN).values(ended)
    if not connection.execute(asked).rowcount:
        raise Refusal(f"there is no draft of {ruler}: it was published or dropped already")


def digest_of(draft: RulerDraft, in_force: Texts) -> str:
    """The digest of all that publishing the draft rests on: its texts, and those that they take the place of."""
    both = [(file, text, in_force.get(file)) for file, text in sorted(draft["texts"].items())]
    return hashlib.sha256(json.dumps(both).encode()).hexdigest()
