"""Requests that a taxpayer files himself behind his link: in his own words, with files, and followed by protocol and
key."""

from __future__ import annotations

import secrets
from collections.abc import Sequence
from datetime import date, datetime
from typing import TypedDict

from sqlalchemy import Connection, Engine, insert, select, text, update

from models.case.commands import must_be_open
from models.case.credit import CreditId
from models.errors import Refusal
from models.law.requests import RequestKind
from models.portal.attachment import Attachment
from storage.case.cases import read_case
from storage.law.requests import contestable, open_requests, put_request
from storage.rows import typed_rows
from storage.schema import request_files, requests

KEY_BYTES = 5
"""Ten characters, of which a hundred tries in an hour find none in a million years."""


class FiledRequest(TypedDict):
    id: int
    case: str
    kind: str
    made_on: date
    due: date
    key: str | None
    said: str | None
    taken_by: str | None
    taken_on: date | None
    answer: str | None
    answered_on: date | None
    reason: str | None
    credits: list[str]


class RequestFile(TypedDict):
    id: int
    name: str
    media_type: str
    size: int


def file_request(
    engine: Engine,
    case: str,
    kind: RequestKind,
    reference: str,
    said: str,
    files: Sequence[Attachment],
    by: str,
    now: datetime,
    credits: Sequence[CreditId] = (),
) -> int:
    """File a request of an open case; a contest is of these credits, else of all that are open. Returns its number.
    Raises Refusal: the case is closed, nothing is open to contest, or one of its kind is open already."""
    with engine.begin() as connection:
        record = read_case(connection, case, lock=True)
        must_be_open(record.situation)
        today = record.clock.day_at(now)
        meant = contestable(connection, record, credits, today) if kind is RequestKind.CONTEST else ()
        if open_requests(connection, case, kind) and not meant:
            raise Refusal(f"a {kind.replace('_', '-')} is open already", "Um pedido como este já está em análise.")
        key = secrets.token_hex(KEY_BYTES)
        made = put_request(connection, record, kind, today, reference, by, today, meant, said, key)
        rows = [{"request": made.id, **file._asdict()} for file in files]
        if rows:
            connection.execute(insert(request_files), rows)
        return made.id


def take_request(engine: Engine, case: str, request: int, by: str, now: datetime) -> None:
    """Take a request to work on it, which its taxpayer is told as *em análise*. Raises Refusal: there is none of that
    number in the case, it is answered, or somebody works on it."""
    with engine.begin() as connection:
        its = (requests.c.id == request, requests.c.case == case)
        found = connection.execute(select(requests).where(*its).with_for_update()).one_or_none()
        if found is None:
            raise Refusal(f"there is no request {request} in case {case}")
        if found.answered_at is not None:
            raise Refusal(f"request {request} is answered already")
        if found.taken_by not in (None, by):
            raise Refusal(f"{found.taken_by} works on request {request}")
        today = read_case(connection, case).clock.day_at(now)
        taken = {"taken_by": by, "taken_on": found.taken_on or today}
        connection.execute(update(requests).where(requests.c.id == request).values(taken))


COLUMNS = """
    id, "case", kind, made_on, due, key, said, taken_by, taken_on, answer, answered_on, reason,
    ARRAY(SELECT credit FROM request_credits WHERE request = requests.id ORDER BY credit) AS credits
"""

OF_CASE = text(f'SELECT {COLUMNS} FROM requests WHERE "case" = :case AND said IS NOT NULL ORDER BY id DESC')  # noqa: S608 - a constant

OF_NUMBER = text(f"SELECT {COLUMNS} FROM requests WHERE id = :id")  # noqa: S608 - a constant

FILES = text("""
    SELECT id, name, media_type, octet_length(content) AS size FROM request_files WHERE request = :request ORDER BY id
""")


def filed_in(connection: Connection, case: str) -> list[FiledRequest]:
    """The requests that the taxpayer of a case filed himself, the newest first."""
    return typed_rows(FiledRequest, connection.execute(OF_CASE, {"case": case}).mappings())


def read_request(connection: Connection, request: int) -> FiledRequest | None:
    """A request, whoever recorded it; None: there is none of that number."""
    found = typed_rows(FiledRequest, connection.execute(OF_NUMBER, {"id": request}).mappings())
    return found[0] if found else None


def files_of(connection: Connection, request: int) -> list[RequestFile]:
    """The files that were sent with a request."""
    return typed_rows(RequestFile, connection.execute(FILES, {"request": request}).mappings())


def read_file(connection: Connection, request: int, file: int) -> Attachment | None:
    """A file of a request, with its content."""
    mine = select(request_files).where(request_files.c.id == file, request_files.c.request == request)
    row = connection.execute(mine).one_or_none()
    return Attachment(row.name, row.media_type, row.content) if row else None
