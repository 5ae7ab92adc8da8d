"""Staging of a file in a temporary table: COPY as the rows are read, nothing held back."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from itertools import islice
from typing import Any

from sqlalchemy import Connection, text

from models.errors import Refusal
from models.intake.extract import Reader, Rejected, Row
from storage.intake.files import SourceFile
from storage.intake.rejects import Rejects

ROWS_A_WRITE = 1_000

Progress = Callable[[int], None]
"""Hears how many bytes of the file were read."""


def stage(
    connection: Connection, columns: str, source: SourceFile, read: Reader[Row], rejects: Rejects, progress: Progress
) -> int:
    """Fill the temporary table `staged (line, *Row)` with the rows accepted; how many rows the file has.

    `columns` are those of `Row` with their types, in its order.
    """
    connection.execute(text(f"CREATE TEMP TABLE staged (line bigint, {columns}) ON COMMIT DROP"))
    accepted = 0
    with _copy(connection) as copy:
        lines = _accepted(source, read, rejects, progress)
        while batch := list(islice(lines, ROWS_A_WRITE)):
            # no value holds a tab or a line break, so a backslash is all there is to escape
            copy.write("".join(batch).replace("\\", "\\\\"))
            accepted += len(batch)
    rows = accepted + rejects.count
    if not rows:
        raise Refusal(f"{source.path.name} has a header and no rows")
    connection.execute(text("ANALYZE staged"))
    return rows


def _copy(connection: Connection) -> Any:
    raw: Any = connection.connection.driver_connection
    return raw.cursor().copy("COPY staged FROM STDIN (FORMAT text, NULL '')")


def _accepted(source: SourceFile, read: Reader[Row], rejects: Rejects, progress: Progress) -> Iterator[str]:
    for line, fields, row in source.records(progress):
        try:
            values: tuple[str, ...] = read(fields)
        except Rejected as rejection:
            rejects.add(line, str(rejection), row)
        else:
            yield "\t".join((str(line), *values)) + "\n"


def reject_staged(source: SourceFile, rejects: Rejects, lines: Iterable[int], reason: str) -> None:
    """Reject rows that only the database could tell were wrong; `lines` in ascending order."""
    wanted = iter(lines)
    line = next(wanted, None)
    for record in source.records() if line is not None else ():
        if record.line == line:
            rejects.add(record.line, reason, record.text)
            line = next(wanted, None)


def begin_merge(connection: Connection) -> None:
    """One import merges at a time, so that two never wait for each other's rows in a circle."""
    connection.execute(text("SELECT pg_advisory_xact_lock(hashtext('regua imports'))"))
    connection.execute(text("SET LOCAL work_mem = '128MB'"))


def merge_taxpayers(connection: Connection) -> None:
    """Add or rename the people of `staged (line, key, tax_id, name, email, phone)`; the first row that says, decides.

    What a newer file leaves empty stays as it was.
    """
    connection.execute(text(MERGE_TAXPAYERS))


MERGE_TAXPAYERS = """
INSERT INTO taxpayers (key, tax_id, name, is_company, email, phone)
SELECT key,
       min(tax_id),
       (array_agg(name ORDER BY line) FILTER (WHERE name IS NOT NULL))[1],
       length(min(tax_id)) = 14,
       (array_agg(email ORDER BY line) FILTER (WHERE email IS NOT NULL))[1],
       (array_agg(phone ORDER BY line) FILTER (WHERE phone IS NOT NULL))[1]
FROM staged
GROUP BY key
HAVING count(name) > 0
ORDER BY key
ON CONFLICT (key) DO UPDATE
SET name = excluded.name,
    email = coalesce(excluded.email, taxpayers.email),
    phone = coalesce(excluded.phone, taxpayers.phone)
WHERE (taxpayers.name, taxpayers.email, taxpayers.phone) IS DISTINCT FROM
      (excluded.name, coalesce(excluded.email, taxpayers.email), coalesce(excluded.phone, taxpayers.phone))
"""


def count(connection: Connection, query: str) -> int:
    return int(connection.execute(text(f"SELECT count(*) FROM ({query}) AS counted")).scalar_one())  # noqa: S608 - our own
