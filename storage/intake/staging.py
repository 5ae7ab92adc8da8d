"""Staging of a file in a temporary table: COPY as the rows are read, nothing held back."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from itertools import islice
from typing import Any

from sqlalchemy import Connection, text

from models.errors import Refusal
from models.intake.extract import Reader, Row
from models.intake.fields import ContactRefused, Rejected
from storage.intake.files import SourceFile
from storage.intake.rejects import Rejects

ROWS_A_WRITE = 1_000

Progress = Callable[[int], None]
"""Hears how many bytes of the file were read."""


def stage(
    connection: Connection,
    columns: str,
    source: SourceFile,
    read: Reader[Row],
    rejects: Rejects,
    progress: Progress,
    rejected: Callable[[int, Rejected, list[str]], None] = lambda line, reason, fields: None,
) -> int:
    """Fill the temporary table `staged (line, *Row)` with the rows accepted; how many rows the file has.

    `columns` are those of `Row` with their types, in its order; `rejected` hears of the other rows.
    """
    connection.execute(text(f"CREATE TEMP TABLE staged (line bigint, {columns}) ON COMMIT DROP"))
    accepted = 0
    with copy_into(connection, "staged") as copy:
        lines = _accepted(source, read, rejects, progress, rejected)
        while batch := list(islice(lines, ROWS_A_WRITE)):
            copy.write(escaped("".join(batch)))
            accepted += len(batch)
    rows = accepted + rejects.count
    if not rows:
        raise Refusal(f"{source.path.name} has a header and no rows")
    connection.execute(text("ANALYZE staged"))
    return rows


def copy_into(connection: Connection, table: str) -> Any:
    """A COPY of lines of text, their values apart by tabs, empty for NULL."""
    raw: Any = connection.connection.driver_connection
    return raw.cursor().copy(f"COPY {table} FROM STDIN (FORMAT text, NULL '')")


def escaped(lines: str) -> str:
    """Lines for `copy_into`. No value holds a tab or a line break, so a backslash is all there is to escape."""
    return lines.replace("\\", "\\\\")


def _accepted(
    source: SourceFile,
    read: Reader[Row],
    rejects: Rejects,
    progress: Progress,
    rejected: Callable[[int, Rejected, list[str]], None],
) -> Iterator[str]:
    for line, fields, row, odd in source.records(progress):
        try:
            values: tuple[str, ...] = read(fields)
        except Rejected as rejection:
            rejects.add(line, str(rejection), row)
            rejected(line, rejection, fields)
            continue
        except ContactRefused as refused:
            rejects.remark(line, str(refused), row)
            values = refused.row
        if odd:
            rejects.remark(line, "is not UTF-8, as other lines are; what isn't was read as Windows-1252", row)
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

    What a newer file leaves empty stays as it was; so does a contact that a person gave, until a file states one that
    none had stated before.
    """
    connection.execute(text(MERGE_TAXPAYERS))


def _newest(contact: str) -> str:
    return f"""CASE WHEN excluded.{contact} IS NULL
                OR taxpayers.{contact} <> ALL (taxpayers.extracted_contacts)
                   AND excluded.{contact} = ANY (taxpayers.extracted_contacts)
                THEN taxpayers.{contact} ELSE excluded.{contact} END"""


MERGE_TAXPAYERS = f"""
INSERT INTO taxpayers (key, tax_id, name, is_company, email, phone, extracted_contacts)
SELECT key, tax_id, name, length(tax_id) = 14, email, phone, array_remove(ARRAY[email, phone], NULL)
FROM (
    SELECT key,
           min(tax_id) AS tax_id,
           (array_agg(name ORDER BY line) FILTER (WHERE name IS NOT NULL))[1] AS name,
           (array_agg(email ORDER BY line) FILTER (WHERE email IS NOT NULL))[1] AS email,
           (array_agg(phone ORDER BY line) FILTER (WHERE phone IS NOT NULL))[1] AS phone
    FROM staged
    GROUP BY key
    HAVING count(name) > 0
) AS people
ORDER BY key
ON CONFLICT (key) DO UPDATE
SET name = excluded.name,
    email = {_newest("email")},
    phone = {_newest("phone")},
    extracted_contacts = taxpayers.extracted_contacts || array(
        SELECT unnest(excluded.extracted_contacts) EXCEPT SELECT unnest(taxpayers.extracted_contacts))
WHERE taxpayers.name <> excluded.name
   OR (taxpayers.email, taxpayers.phone) IS DISTINCT FROM
      (coalesce(excluded.email, taxpayers.email), coalesce(excluded.phone, taxpayers.phone))
   OR NOT taxpayers.extracted_contacts @> excluded.extracted_contacts
"""  # noqa: S608 - the columns are our own


def count(connection: Connection, query: str) -> int:
    return int(connection.execute(text(f"SELECT count(*) FROM ({query}) AS counted")).scalar_one())  # noqa: S608 - our own
