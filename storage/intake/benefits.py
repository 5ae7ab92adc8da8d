"""Tax benefits that taxpayers hold, and may lose."""

from __future__ import annotations

from dataclasses import dataclass

from sqlalchemy import Connection, text

from models.intake.benefits import BenefitRow
from models.intake.extract import Reader
from storage.intake.files import SourceFile
from storage.intake.rejects import Rejects
from storage.intake.staging import Progress, begin_merge, count, reject_staged, stage

COLUMNS = "tax_id text, key text, code text, name text, tax text"


@dataclass(frozen=True)
class BenefitsImported:
    rows: int
    benefits: int
    taxpayers: int


def import_benefits(
    connection: Connection,
    source: SourceFile,
    read: Reader[BenefitRow],
    rejects: Rejects,
    progress: Progress = lambda read: None,
) -> BenefitsImported:
    """Import benefits in the caller's transaction."""
    rows = stage(connection, COLUMNS, source, read, rejects, progress)
    begin_merge(connection)
    strangers = connection.execute(text(STRANGERS)).scalars()
    reject_staged(source, rejects, strangers, "tax_id is of a taxpayer not known yet; import the taxpayer first")
    connection.execute(text(KNOWN))
    connection.execute(text(MERGE))
    return BenefitsImported(
        rows=rows,
        benefits=count(connection, "SELECT FROM known"),
        taxpayers=count(connection, "SELECT DISTINCT taxpayer FROM known"),
    )


STRANGERS = """
SELECT line FROM staged WHERE NOT EXISTS (SELECT FROM taxpayers WHERE taxpayers.key = staged.key) ORDER BY line
"""

# the first row of a taxpayer and code decides
KNOWN = """
CREATE TEMP TABLE known ON COMMIT DROP AS
SELECT DISTINCT ON (taxpayers.id, code) taxpayers.id AS taxpayer, code, staged.name, tax
FROM staged JOIN taxpayers USING (key)
ORDER BY taxpayers.id, code, line
"""

MERGE = """
INSERT INTO benefits (taxpayer, code, name, tax)
SELECT taxpayer, code, name, tax FROM known ORDER BY taxpayer, code
ON CONFLICT (taxpayer, code) DO UPDATE SET name = excluded.name, tax = excluded.tax
WHERE (benefits.name, benefits.tax) IS DISTINCT FROM (excluded.name, excluded.tax)
"""
