"""The bank files that were brought, what each had, and whether it was applied."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date, datetime
from decimal import Decimal
from typing import Literal, TypedDict

from sqlalchemy import Connection

from storage.paging import WHOLE, Listing, Page

FileState = Literal["disagreeing", "applying", "applied"]


class ListedFile(TypedDict):
    id: int
    layout: str
    agreement: str
    number: int
    made_on: date
    state: FileState
    records: int
    accepted: int
    amount: Decimal
    recorded_at: datetime


FILES = Listing[ListedFile](
    columns="id, layout, agreement, number, made_on, state, records, accepted, amount, recorded_at",
    tables="bank_files WHERE CAST(:state AS text) IS NULL OR state = :state",
    order="id",
    key="id",
    noun="file",
)


def list_files(connection: Connection, state: FileState | None = None, page: Page = WHOLE) -> Iterator[ListedFile]:
    """The files in the order in which they came."""
    return FILES.rows(connection, page, {"state": state})
