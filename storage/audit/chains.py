"""The proof that the record is what was written: each case's decisions in a chain, and the audit log in another.

The hashes are computed anew by this query, not by the database's own functions: who could change rows could change
those too.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import TypedDict

from sqlalchemy import Connection, bindparam, text
from sqlalchemy.dialects.postgresql import ARRAY
from sqlalchemy.types import Text

LINK = """
    sha256(coalesce(previous, '') || convert_to((
        SELECT jsonb_object_agg(key, value)::text FROM jsonb_each(entry) WHERE key <> 'hash' AND value <> 'null'
    ), 'UTF8'))
"""
"""As the trigger `chained` of migration 0007 has it."""

BROKEN_DECISIONS = text(f"""
    SELECT id, "case" FROM (
        SELECT id, "case", hash, lag(hash) OVER (PARTITION BY "case" ORDER BY id) AS previous, to_jsonb(d) AS entry
        FROM decisions AS d WHERE "case" = ANY(:cases)
    ) AS each WHERE hash IS DISTINCT FROM {LINK} ORDER BY id
""").bindparams(bindparam("cases", type_=ARRAY(Text)))  # noqa: S608 - LINK is a constant

BROKEN_LOG = text(f"""
    SELECT id, number FROM (
        SELECT id, row_number() OVER (ORDER BY id) AS number, hash, lag(hash) OVER (ORDER BY id) AS previous,
               to_jsonb(a) AS entry
        FROM audit_log AS a
    ) AS each WHERE hash IS DISTINCT FROM {LINK} OR id <> number ORDER BY id LIMIT 1
""")  # noqa: S608


def in_utc(connection: Connection) -> None:
    """Set the session's time zone to UTC, in which instants were written when they were hashed."""
    connection.execute(text("SET LOCAL timezone = 'UTC'"))


def broken_decisions(connection: Connection, cases: Sequence[str]) -> Iterator[str]:
    in_utc(connection)
    for row in connection.execute(BROKEN_DECISIONS, {"cases": list(cases)}):
        yield (
            f"case {row.case}: decision {row.id} is not what was written after the one before it:"
            " it was changed, or one before it was changed or taken out"
        )


def broken_log(connection: Connection) -> Iterator[str]:
    """The fault of the audit log, at most one sentence: what comes after the first hangs on it."""
    in_utc(connection)
    for row in connection.execute(BROKEN_LOG):
        if row.id != row.number:
            yield f"the audit log has no entry {row.number}: it was taken out"
        else:
            yield f"entry {row.id} of the audit log is not what was written after the one before it: it was changed"


class ToVerify(TypedDict):
    """How many links the chains have."""

    decisions: int
    audit_log: int
    seals: int


def counts(connection: Connection, cases: Sequence[str] | None) -> ToVerify:
    """How many decisions (of these cases, or all), log entries and checkpoints there are to be verified."""
    row = connection.execute(COUNTS, {"all": cases is None, "cases": list(cases or ())}).one()
    return {"decisions": row.decisions, "audit_log": row.audit_log, "seals": row.checkpoints}


COUNTS = text("""
    SELECT (SELECT count(*) FROM decisions WHERE :all OR "case" = ANY(:cases)) AS decisions,
           (SELECT count(*) FROM audit_log) AS audit_log,
           (SELECT count(*) FROM audit_log WHERE command = 'seal') AS checkpoints
""").bindparams(bindparam("cases", type_=ARRAY(Text)))
