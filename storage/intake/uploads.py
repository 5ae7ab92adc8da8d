"""Files that people brought, on record: their content in parts, what was asked of each, and what came of it."""

from __future__ import annotations

import hashlib
from collections.abc import Iterator, Mapping
from datetime import datetime, timedelta
from itertools import count
from pathlib import Path
from typing import Any, BinaryIO, Literal, TypedDict

from sqlalchemy import Connection, delete, func, insert, null, or_, select, text, update

from models.errors import Refusal
from models.intake.upload import Kind, Options
from models.roles import Actor
from storage.paging import Listing, Page
from storage.rows import typed_rows
from storage.schema import upload_parts, uploads
from storage.schema.base import NOW

Asked = Literal["check", "import"]
What = Literal["file", "rejects"]

PART = 1 << 20
"""Bytes of a part."""

KEPT = timedelta(days=7)
"""For which a file that nobody imports is kept."""


class Upload(TypedDict):
    id: int
    name: str
    digest: str
    size: int
    brought_by: str
    brought_at: datetime
    kind: str
    """One of `models.intake.upload.Kind`."""
    options: dict[str, Any]
    asked: Asked
    asked_by: str
    asked_role: str | None
    asked_at: datetime
    read: int
    """Bytes of it that were read, for what was asked."""
    found: dict[str, Any] | None
    failure: str | None
    rejected: int
    """Rows that can't be taken, or not as they stand."""
    answered_at: datetime | None


COLUMNS = [uploads.c[name] for name in Upload.__annotations__]
OPEN = uploads.c.dropped_at.is_(None)
IMPORTED = (uploads.c.asked == "import") & uploads.c.answered_at.is_not(None) & uploads.c.failure.is_(None)
UNANSWERED: Mapping[str, Any] = {
    "asked_at": NOW, "read": 0, "found": null(), "failure": null(), "rejected": 0, "answered_at": null()
}  # fmt: skip

LIST = Listing[Upload](
    columns=", ".join(Upload.__annotations__),
    tables="""uploads WHERE dropped_at IS NULL
        AND (NOT CAST(:rejected AS boolean) OR rejected > 0 AND asked = 'import' AND answered_at IS NOT NULL)""",
    order="-id",
    key="id",
    noun="import",
)


def list_uploads(connection: Connection, page: Page, *, rejected: bool = False) -> Iterator[Upload]:
    """The files that people brought, the newest first; `rejected`: only those imported without some of their rows."""
    return LIST.rows(connection, page, {"rejected": rejected})


def read_upload(connection: Connection, upload: int) -> Upload:
    """Raises Refusal when there is no such file, or it was dropped."""
    asked = select(*COLUMNS).where(uploads.c.id == upload, OPEN)
    for found in typed_rows(Upload, connection.execute(asked).mappings()):
        return found
    raise Refusal(f"there is no file {upload}, or it was dropped")


def keep_upload(connection: Connection, content: BinaryIO, name: str, kind: Kind, by: Actor) -> int:
    """Keep a file to be checked; returns its number. Raises Refusal when nothing is in it."""
    file = {"name": name, "digest": "", "size": 0, "brought_by": by.name}
    asked = {"kind": kind, "asked": "check", "asked_by": by.name, "asked_role": by.role}
    row = {**file, **asked}
    upload = int(connection.execute(insert(uploads).values(row).returning(uploads.c.id)).scalar_one())
    digest, size = keep_parts(connection, upload, "file", content)
    if not size:
        raise Refusal(f"{name} is empty")
    connection.execute(update(uploads).where(uploads.c.id == upload).values(digest=digest, size=size))
    return upload


def keep_parts(connection: Connection, upload: int, what: What, content: BinaryIO) -> tuple[str, int]:
    """Keep a content in place of the former one; its SHA-256 and size."""
    drop_parts(connection, upload, what)
    digest, size = hashlib.sha256(), 0
    for nth in count():
        part = content.read(PART)
        if not part:
            break
        digest.update(part)
        size += len(part)
        row = {"upload": upload, "what": what, "nth": nth, "content": part}
        connection.execute(insert(upload_parts).values(row))
    return digest.hexdigest(), size


def drop_parts(connection: Connection, upload: int, what: What) -> None:
    connection.execute(delete(upload_parts).where(upload_parts.c.upload == upload, upload_parts.c.what == what))


def parts(connection: Connection, upload: int, what: What) -> Iterator[bytes]:
    """The content, part by part."""
    mine = (upload_parts.c.upload == upload) & (upload_parts.c.what == what)
    for nth in count():
        part = connection.scalar(select(upload_parts.c.content).where(mine, upload_parts.c.nth == nth))
        if part is None:
            return
        yield bytes(part)


def write_file(connection: Connection, upload: Upload, path: Path) -> None:
    """Write the file that was brought to where it can be read."""
    with path.open("wb") as file:
        for part in parts(connection, upload["id"], "file"):
            file.write(part)


def ask_check(connection: Connection, upload: int, kind: Kind, options: Options, by: Actor) -> None:
    """Have a file checked as one of that kind, with those options. Raises Refusal when it was imported, or is being."""
    waits = OPEN & ~IMPORTED & or_(uploads.c.asked != "import", uploads.c.answered_at.is_not(None))
    said = options.model_dump(mode="json", exclude_defaults=True)
    asked = {"kind": kind, "options": said, **_asked("check", by)}
    if not connection.execute(update(uploads).where(uploads.c.id == upload, waits).values(asked)).rowcount:
        read_upload(connection, upload)
        raise Refusal("the file was imported already, or is being imported")


def ask_import(connection: Connection, upload: int, by: Actor) -> None:
    """Have a file imported exactly as it was checked. Raises Refusal when it wasn't, or can't be."""
    checked = OPEN & (uploads.c.asked == "check") & uploads.c.found.is_not(None) & uploads.c.answered_at.is_not(None)
    asked = update(uploads).where(uploads.c.id == upload, checked).values(_asked("import", by))
    if not connection.execute(asked).rowcount:
        read_upload(connection, upload)
        raise Refusal("the file is to be checked before it is imported, and is imported once")


def _asked(what: Asked, by: Actor) -> Mapping[str, Any]:
    return {**UNANSWERED, "asked": what, "asked_by": by.name, "asked_role": by.role}


def drop_upload(connection: Connection, upload: int) -> None:
    """Let go of a file and of its rejected rows. Raises Refusal while it is being imported."""
    still = or_(uploads.c.asked != "import", uploads.c.answered_at.is_not(None))
    dropped = update(uploads).where(uploads.c.id == upload, OPEN, still).values(dropped_at=NOW)
    if not connection.execute(dropped).rowcount:
        read_upload(connection, upload)
        raise Refusal("the file is being imported; wait for its end")
    drop_parts(connection, upload, "file")
    drop_parts(connection, upload, "rejects")


def drop_forgotten(connection: Connection) -> None:
    """Let go of the files that nobody imported for a week."""
    old = OPEN & ~IMPORTED & (uploads.c.asked_at < func.clock_timestamp() - KEPT)
    forgotten = connection.scalars(update(uploads).where(old).values(dropped_at=NOW).returning(uploads.c.id)).all()
    connection.execute(delete(upload_parts).where(upload_parts.c.upload.in_(forgotten)))


# ---- what was asked, carried out

ALONE = text("SELECT pg_try_advisory_xact_lock(hashtext('regua uploads'))")


def next_asked(connection: Connection) -> Upload | None:
    """The file of which something was asked first, and whose check or import nobody else carries out while the
    caller's transaction lasts; none: there is no such file."""
    if not connection.scalar(ALONE):
        return None
    waits = select(*COLUMNS).where(OPEN, uploads.c.answered_at.is_(None)).order_by(uploads.c.asked_at).limit(1)
    return next(iter(typed_rows(Upload, connection.execute(waits).mappings())), None)


def tell_read(connection: Connection, upload: Upload, read: int) -> None:
    connection.execute(update(uploads).where(*_as_asked(upload)).values(read=read))


def answer(
    connection: Connection, upload: Upload, found: Any, failure: str | None, rejected: int, rejects: Path | None
) -> None:
    """Keep what came of what was asked, unless something else was asked meanwhile. What was imported is kept no
    longer."""
    values = {"found": null() if found is None else found, "failure": failure, "rejected": rejected, "answered_at": NOW}
    if not connection.execute(update(uploads).where(*_as_asked(upload)).values(values)).rowcount:
        return
    drop_parts(connection, upload["id"], "rejects")
    if rejects is not None:
        with rejects.open("rb") as rows:
            keep_parts(connection, upload["id"], "rejects", rows)
    if upload["asked"] == "import" and failure is None:
        drop_parts(connection, upload["id"], "file")


def _as_asked(upload: Upload) -> tuple[Any, ...]:
    return uploads.c.id == upload["id"], uploads.c.asked_at == upload["asked_at"]
