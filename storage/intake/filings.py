"""Returns by period: a newer one supersedes the former and tells the open case."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime

from sqlalchemy import Connection, text

from models.events import Event, ExtractChanged, ReturnCorrected, ReturnFiled
from models.intake.extract import Reader
from models.intake.filings import FilingRow
from storage.intake.declared import lodge_declared
from storage.intake.files import SourceFile
from storage.intake.rejects import Rejects
from storage.intake.staging import Progress, begin_merge, count, merge_taxpayers, reject_staged, stage
from storage.outbox import enqueue
from storage.statistics import take_statistics

COLUMNS = """tax_id text, key text, name text, email text, phone text, tax text, period text, due date, status text,
    filed_on date, declared numeric(15, 2), assessed numeric(15, 2), paid numeric(15, 2), paid_on date,
    corrected numeric(15, 2), corrected_on date"""


@dataclass(frozen=True)
class FilingsImported:
    rows: int
    filings: int
    taxpayers: int
    changed: int
    debts: int
    """Lodged, changed or ended, that no extract has."""


def import_filings(
    connection: Connection,
    source: SourceFile,
    read: Reader[FilingRow],
    rejects: Rejects,
    progress: Progress = lambda read: None,
    now: datetime | None = None,
) -> FilingsImported:
    """Import returns in the caller's transaction, with signals for open cases; what they declare and leave unpaid is
    lodged as a debt where no extract has it."""
    rows = stage(connection, COLUMNS, source, read, rejects, progress)
    begin_merge(connection)
    merge_taxpayers(connection)
    strangers = connection.execute(text(STRANGERS)).scalars()
    reject_staged(
        source, rejects, strangers, "tax_id is of a taxpayer not known yet; give the name, or import it first"
    )
    connection.execute(text(CHANGES))
    connection.execute(text(LOCK_CASES))
    owed = connection.execute(text(OWED)).all()
    connection.execute(text(SUPERSEDE))
    connection.execute(text(ADD))
    for what, tax, period, cases in owed:
        enqueue(connection, cases, _event(what, tax, period))
    lodge_declared(connection, now or datetime.now(UTC))
    changed = count(connection, "SELECT FROM changes")
    take_statistics(connection, ("taxpayers", "filings", "debts", "debtors"), changed)
    return FilingsImported(
        rows=rows,
        filings=count(connection, "SELECT DISTINCT taxpayer, tax, period FROM known"),
        taxpayers=count(connection, "SELECT DISTINCT taxpayer FROM known"),
        changed=changed,
        debts=count(connection, "SELECT FROM incoming"),
    )


def _event(what: str, tax: str, period: str) -> Event:
    if what == "filed":
        return ReturnFiled(tax=tax, period=period)
    if what == "corrected":
        return ReturnCorrected(tax=tax, period=period)
    return ExtractChanged()


STRANGERS = """
SELECT line FROM staged WHERE NOT EXISTS (SELECT FROM taxpayers WHERE taxpayers.key = staged.key) ORDER BY line
"""

# the first row of a taxpayer, tax and period decides
CHANGES = """
CREATE TEMP TABLE known ON COMMIT DROP AS
SELECT DISTINCT ON (taxpayers.id, tax, period) taxpayers.id AS taxpayer, staged.*
FROM staged JOIN taxpayers USING (key)
ORDER BY taxpayers.id, tax, period, line;
ANALYZE known;

CREATE TEMP TABLE changes ON COMMIT DROP AS
SELECT known.*, former.id AS former,
       greatest(former.paid_before_due, CASE WHEN known.paid_on <= known.due THEN known.paid ELSE 0 END)
           AS paid_before_due,
       CASE WHEN former.id IS NULL THEN 'new'
            WHEN former.status = 'missing' AND known.status IN ('filed', 'late') THEN 'filed'
            ELSE 'corrected' END AS what
FROM known
LEFT JOIN filings AS former
       ON (former.taxpayer, former.tax, former.period) = (known.taxpayer, known.tax, known.period)
      AND former.superseded_at IS NULL
WHERE former.id IS NULL
   OR (former.due, former.status, former.filed_on, former.declared, former.assessed, former.paid, former.paid_on,
       former.corrected, former.corrected_on)
      IS DISTINCT FROM (known.due, known.status, known.filed_on, known.declared, known.assessed, known.paid,
                        known.paid_on, known.corrected, known.corrected_on)
"""

LOCK_CASES = """
SELECT count(*) FROM (
    SELECT id FROM cases
    WHERE closed_at IS NULL AND (taxpayer, tax) IN (SELECT taxpayer, tax FROM changes)
    ORDER BY id FOR UPDATE
) AS locked
"""

OWED = """
SELECT what, changes.tax, period, array_agg(cases.id ORDER BY cases.id)
FROM changes JOIN cases ON cases.taxpayer = changes.taxpayer AND cases.tax = changes.tax AND cases.closed_at IS NULL
GROUP BY what, changes.tax, period
ORDER BY what, changes.tax, period
"""

SUPERSEDE = "UPDATE filings SET superseded_at = clock_timestamp() FROM changes WHERE filings.id = changes.former"

ADD = """
INSERT INTO filings (taxpayer, tax, period, due, status, filed_on, declared, assessed, paid, paid_on,
                     paid_before_due, corrected, corrected_on)
SELECT taxpayer, tax, period, due, status, filed_on, declared, assessed, paid, paid_on,
       paid_before_due, corrected, corrected_on
FROM changes
ORDER BY taxpayer, tax, period
"""
