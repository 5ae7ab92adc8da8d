"""Rows that can't be taken, of debts that are known: what they would have said is missing, so people have to look."""

from __future__ import annotations

from collections.abc import Callable
from tempfile import TemporaryFile
from types import TracebackType
from typing import Self

from sqlalchemy import Connection, text

from models.intake.debts import About
from models.intake.fields import DamagedKey, Rejected
from storage.intake.staging import copy_into, escaped

CHUNK = 1 << 20
BETWEEN = "\x1f"
"""Stands between the words of a list."""


class UnusableRows:
    """The rejected rows of a file, each with the debts that it may be about; kept on disk, since they may be all."""

    def __init__(self, about: Callable[[list[str]], About]) -> None:
        self._about = about

    def __enter__(self) -> Self:
        self._file = TemporaryFile("w+", encoding="utf-8", newline="\n")
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, at: TracebackType | None) -> None:
        self._file.close()

    def add(self, line: int, reason: Rejected, fields: list[str]) -> None:
        taxes, keys = self._about(fields)
        damaged = "t" if isinstance(reason, DamagedKey) else "f"
        row = (str(line), str(reason), damaged, BETWEEN.join(taxes), BETWEEN.join(keys))
        self._file.write(escaped("\t".join(row)) + "\n")

    def match(self, connection: Connection) -> None:
        """Make the table `rejected` of these rows, and `unusable (debt, tax, line, reason)` of the known debts that any
        is about."""
        connection.execute(text(REJECTED))
        self._file.seek(0)
        with copy_into(connection, "rejected") as copy:
            while chunk := self._file.read(CHUNK):
                copy.write(chunk)
        connection.execute(text(UNUSABLE), {"between": BETWEEN})


REJECTED = (
    "CREATE TEMP TABLE rejected (line bigint, reason text, damaged boolean, taxes text, keys text) ON COMMIT DROP"
)

UNUSABLE = """
CREATE TEMP TABLE unusable ON COMMIT DROP AS
SELECT DISTINCT ON (debts.id) debts.id AS debt, debts.tax, line, reason
FROM rejected
CROSS JOIN LATERAL unnest(string_to_array(taxes, :between)) AS tax
CROSS JOIN LATERAL unnest(string_to_array(keys, :between)) AS inscription_key
JOIN debts USING (tax, inscription_key)
ORDER BY debts.id, line
"""
