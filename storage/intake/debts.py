"""Registered debts and who owes them, merged from an extract."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, date, datetime

from sqlalchemy import Connection, text

from models.intake.debts import DebtReader
from models.intake.statement import Amounts, Statement
from storage.intake.changes import apply_differences
from storage.intake.declared import take_over_declared
from storage.intake.differences import find_absent, find_differences
from storage.intake.files import SourceFile
from storage.intake.guards import must_be_plausible, must_have_whole_keys
from storage.intake.left import deduct
from storage.intake.preview import Foreseen, foresee_changes
from storage.intake.rejects import Rejects
from storage.intake.sources import day_of, known_source, logical_day, remember_source
from storage.intake.staging import Progress, begin_merge, count, merge_taxpayers, stage
from storage.intake.unusable import UnusableRows
from storage.statistics import take_statistics

COLUMNS = """tax_id text, key text, name text, email text, phone text, uf text, tax text, inscription text,
    inscription_key text, period text, due date, litigation boolean, amount numeric(15, 2), ground text,
    ended text, kind text,
    prescribes date, own boolean, assets numeric(17, 2), registered_on date, access_keys text"""

NOTHING_SAID = Statement()


@dataclass(frozen=True)
class DebtsImported:
    rows: int
    taxpayers: int
    debts: int
    on_hold: dict[str, int]
    ended: dict[str, int]
    """Debts that the source says are over, by ground."""
    as_of: date
    amounts: Amounts
    outdated: int
    """Rows of debts of which a newer extract has told already."""
    nothing_owed: int
    """Rows of debts that are over, and were never known here."""


def import_debts(
    connection: Connection,
    source: SourceFile,
    read: DebtReader,
    rejects: Rejects,
    progress: Progress = lambda read: None,
    statement: Statement = NOTHING_SAID,
    now: datetime | None = None,
) -> DebtsImported:
    """Import debts in the caller's transaction, with signals for open cases. A file that is a snapshot is the whole of
    its source: debts that the source had before and no longer has are held until they are seen again, and debtors who
    are no longer named are off the debt. Raises Refusal."""
    now = now or datetime.now(UTC)
    imported = _compare(connection, source, read, rejects, progress, statement, now)
    apply_differences(connection, now)
    if statement.snapshot_of is not None:
        remember_source(connection, statement.snapshot_of, imported.amounts, imported.as_of)
    take_statistics(connection, ("taxpayers", "debts", "debtors"), imported.debts)
    return imported


def foresee_debts(
    connection: Connection,
    source: SourceFile,
    read: DebtReader,
    rejects: Rejects,
    progress: Progress,
    statement: Statement,
    now: datetime,
) -> tuple[DebtsImported, list[Foreseen]]:
    """Tell what an import would do; the caller's transaction is to be rolled back. Raises Refusal."""
    return _compare(connection, source, read, rejects, progress, statement, now), foresee_changes(connection)


def _compare(
    connection: Connection,
    source: SourceFile,
    read: DebtReader,
    rejects: Rejects,
    progress: Progress,
    statement: Statement,
    now: datetime,
) -> DebtsImported:
    """Stage a file, put its people on record, and find what it says otherwise of debts."""
    with UnusableRows(read.about) as unusable:
        rows = stage(connection, COLUMNS, source, read.read, rejects, progress, unusable.add)
        begin_merge(connection)
        unusable.match(connection)
    must_have_whole_keys(connection, statement)
    known = known_source(connection, statement.snapshot_of)
    amounts = statement.amounts or known.amounts or read.amounts
    as_of = day_of(connection, statement, known, logical_day(connection, now))
    outdated = connection.execute(text(DROP_OUTDATED), {"as_of": as_of}).rowcount if statement.as_of else 0
    take_over_declared(connection)
    nothing_owed = connection.execute(text(DROP_NOTHING_OWED)).rowcount
    merge_taxpayers(connection)
    deduct(connection, amounts, statement.as_of, now)
    find_differences(connection, amounts, as_of)
    find_absent(connection, statement.snapshot_of)
    must_be_plausible(connection, statement, read.columns_vary)
    held = connection.execute(text(COUNT_HOLDS), {"source": statement.snapshot_of})
    return DebtsImported(
        rows=rows,
        taxpayers=count(connection, "SELECT DISTINCT key FROM staged"),
        debts=count(connection, "SELECT FROM incoming"),
        on_hold={each.ground: each.debts for each in held},
        as_of=as_of,
        amounts=amounts,
        ended={each.ground: each.debts for each in connection.execute(text(COUNT_ENDS))},
        outdated=outdated,
        nothing_owed=nothing_owed,
    )


# what is of no day that was said is the newest there is, whatever a rehearsal's clock has said before
DROP_OUTDATED = """
DELETE FROM staged USING debts
WHERE (debts.tax, debts.inscription_key) = (staged.tax, staged.inscription_key) AND debts.as_of > :as_of
"""

# nobody is put on record for a debt that is over
DROP_NOTHING_OWED = """
DELETE FROM staged WHERE ended IS NOT NULL AND NOT EXISTS (
    SELECT FROM debts WHERE (debts.tax, debts.inscription_key) = (staged.tax, staged.inscription_key))
"""

COUNT_ENDS = "SELECT ground, count(*) AS debts FROM ends GROUP BY ground ORDER BY ground"

COUNT_HOLDS = """
SELECT ground, count(*) AS debts FROM (
    SELECT ground FROM incoming WHERE ground IS NOT NULL
    UNION ALL
    SELECT 'unusable_row' FROM unusable
    UNION ALL
    SELECT 'data_under_review' FROM deductions WHERE contradiction IS NOT NULL
    UNION ALL
    SELECT ground FROM places WHERE ground = 'absent_from_extract'
    UNION ALL
    SELECT ground FROM snapshot_debts JOIN holds USING (debt)
    WHERE snapshot_debts.source = :source AND ground = 'absent_from_extract' AND lifted_at IS NULL
      AND NOT EXISTS (SELECT FROM lifts WHERE lifts.hold = holds.id)
) AS held
GROUP BY ground ORDER BY ground
"""
