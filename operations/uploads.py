"""Acts on files that people bring at the console: each is checked, then imported exactly as it was checked."""

from __future__ import annotations

from typing import BinaryIO

from models.intake.upload import Kind, Options
from operations.operation import Act, operation
from storage.intake import uploads


@operation("import upload")
def bring_file(act: Act, content: BinaryIO, name: str, kind: Kind) -> int:
    """Keep a file, and have it checked as one of that kind. Its name is not in the entry: it may name somebody."""
    act.tell(kind=kind)
    with act.engine.begin() as connection:
        uploads.drop_forgotten(connection)
        upload = uploads.keep_upload(connection, content, name, kind, act.actor)
        act.entry.subject = str(upload)
    return upload


@operation("import check")
def check_file(act: Act, upload: int, kind: Kind, options: Options) -> None:
    """Have a file checked anew, as one of another kind or with other options."""
    act.tell(kind=kind)
    with act.engine.begin() as connection:
        uploads.ask_check(connection, upload, kind, options, act.actor)


@operation("import start")
def start_import(act: Act, upload: int) -> None:
    """Have a file imported as it was checked, by the work beside the web, as an act of who starts it."""
    with act.engine.begin() as connection:
        uploads.ask_import(connection, upload, act.actor)


@operation("import rejects")
def take_rejects(act: Act, upload: int) -> bytes:
    """Hand out the rows of a file that were not taken, or not as they stand, with the reason of each, as CSV."""
    with act.engine.connect() as connection:
        uploads.read_upload(connection, upload)
        return b"".join(uploads.parts(connection, upload, "rejects"))


@operation("import drop")
def drop_upload(act: Act, upload: int) -> None:
    """Let go of a file, and of its rejected rows; what was imported of it stays on record."""
    with act.engine.begin() as connection:
        uploads.drop_upload(connection, upload)
