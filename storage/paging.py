"""Lists in pages: at most so many rows, from the one after the last that was shown."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any, Generic, cast

from sqlalchemy import BindParameter, Connection, RowMapping, TextClause, text

from models.errors import Refusal
from storage.rows import RowT

ROWS_AT_ONCE = 1_000
"""Read from the database at a time, however many a list has."""


@dataclass(frozen=True)
class Page:
    limit: int | None = None
    """Rows at most; none: all there are."""
    after: str | None = None
    """The cursor: the id of the last row of the page before; none: from the first."""


WHOLE = Page()


def as_read(connection: Connection, query: TextClause, asked: Mapping[str, object]) -> Iterator[RowMapping]:
    """The rows of a query, read as they are used."""
    return iter(connection.execute(query, asked, execution_options={"yield_per": ROWS_AT_ONCE}).mappings())


def no_such_row(noun: str, cursor: str) -> Refusal:
    return Refusal(f"the list has no {noun} {cursor!r} to go on after; leave --after out to begin anew")


@dataclass(frozen=True)
class Listing(Generic[RowT]):
    """A list that is read in pages, of rows whose type names the columns."""

    columns: str
    tables: str
    """FROM what, and WHERE."""
    order: str
    key: str
    """The column by whose value a row is named as the cursor."""
    noun: str
    binds: tuple[BindParameter[Any], ...] = ()
    ctes: str = "WITH"
    """The beginning of the query: `WITH`, and the common table expressions that `tables` names, each with its comma."""

    def rows(self, connection: Connection, page: Page, asked: Mapping[str, object]) -> Iterator[RowT]:
        """The rows of a page, read as they are used. Raises Refusal when the list has no row of the cursor's name."""
        start = self._place(connection, page.after, asked) if page.after is not None else 0
        query = f"{self._numbered()} SELECT * FROM listed WHERE place > :start ORDER BY place LIMIT :limit"  # noqa: S608
        bounds = {"start": start, "limit": page.limit}
        for row in as_read(connection, text(query).bindparams(*self.binds), {**asked, **bounds}):
            yield cast(RowT, {column: value for column, value in row.items() if column != "place"})

    def _place(self, connection: Connection, after: str, asked: Mapping[str, object]) -> int:
        query = f"{self._numbered()} SELECT place FROM listed WHERE CAST({self.key} AS text) = :after"  # noqa: S608
        place = connection.execute(text(query).bindparams(*self.binds), {**asked, "after": after}).scalar_one_or_none()
        if place is None:
            raise no_such_row(self.noun, after)
        return int(place)

    def _numbered(self) -> str:
        return (
            f"{self.ctes} listed AS (SELECT {self.columns}, row_number() OVER (ORDER BY {self.order}) AS place"  # noqa: S608 - constants
            f" FROM {self.tables})"
        )
