"""Registered debts and who owes them, merged from an extract."""

from __future__ import annotations

from dataclasses import dataclass

from sqlalchemy import Connection, text

from models.events import ExtractChanged
from models.intake.debts import DebtReader
from storage.intake.files import SourceFile
from storage.intake.rejects import Rejects
from storage.intake.staging import Progress, begin_merge, count, merge_taxpayers, stage
from storage.outbox import enqueue

COLUMNS = """tax_id text, key text, name text, email text, phone text, uf text, tax text, inscription text,
    inscription_key text, period text,
    due date, litigation boolean, amount numeric(15, 2), ground text, kind text, prescribes date, own boolean,
    assets numeric(17, 2)"""


@dataclass(frozen=True)
class DebtsImported:
    rows: int
    taxpayers: int
    debts: int
    on_hold: dict[str, int]


def import_debts(
    connection: Connection,
    source: SourceFile,
    read: DebtReader,
    rejects: Rejects,
    progress: Progress = lambda read: None,
    snapshot_of: str | None = None,
) -> DebtsImported:
    """Import debts in the caller's transaction, with signals for open cases. A file that is a snapshot is the whole of
    its source: debts that the source had before and no longer has are held until they are seen again."""
    rows = stage(connection, COLUMNS, source, read, rejects, progress)
    begin_merge(connection)
    merge_taxpayers(connection)
    for difference in (INCOMING, LINKS, LIFTS, PLACES, OWNED):
        connection.execute(text(difference))
    if snapshot_of is not None:
        connection.execute(text(PLACE_ABSENT), {"source": snapshot_of})
        connection.execute(text(REMEMBER_SNAPSHOT), {"source": snapshot_of})
    connection.execute(text(TOUCHED))
    # cases by id, then debts by id
    cases = connection.execute(text(LOCK_CASES)).scalars().all()
    connection.execute(text(LOCK_DEBTS))
    for change in (UPDATE_DEBTS, ADD_DEBTS, ADD_DEBTORS, MOVE_DEBTORS, LIFT_HOLDS, PLACE_HOLDS, UPDATE_ASSETS):
        connection.execute(text(change))
    enqueue(connection, cases, ExtractChanged())
    return DebtsImported(
        rows=rows,
        taxpayers=count(connection, "SELECT DISTINCT key FROM staged"),
        debts=count(connection, "SELECT FROM incoming"),
        on_hold={held.ground: held.debts for held in connection.execute(text(COUNT_HOLDS), {"source": snapshot_of})},
    )


# One row a debt: an inscription is repeated for each co-debtor, at full value, and its first row decides.
# New ids are dealt out in the order of the inscriptions, so that every index of `debts` fills from left to right.
INCOMING = """
CREATE TEMP TABLE incoming ON COMMIT DROP AS
WITH stated AS (
    SELECT DISTINCT ON (tax, inscription_key)
           tax, inscription_key, inscription, period, due, litigation, amount, ground, kind, prescribes
    FROM staged
    ORDER BY tax, inscription_key, line
),
ids AS (SELECT replace(gen_random_uuid()::text, '-', '') AS random FROM stated)
SELECT coalesce(debts.id, substr(random, 1, 16)) AS id,
       'RG' || upper(random) AS pix_txid,
       tax, inscription_key, stated.inscription, coalesce(stated.period, debts.period) AS period,
       stated.due, stated.litigation, stated.amount, stated.ground,
       coalesce(stated.kind, debts.kind, 'tax') AS kind, coalesce(stated.prescribes, debts.prescribes) AS prescribes,
       debts.id IS NULL AS is_new,
       debts.id IS NOT NULL
           AND (coalesce(stated.period, debts.period), stated.due, stated.litigation, stated.amount,
                coalesce(stated.kind, debts.kind), coalesce(stated.prescribes, debts.prescribes))
               IS DISTINCT FROM (debts.period, debts.due, debts.litigation, debts.amount, debts.kind, debts.prescribes)
               AS is_changed
FROM (SELECT *, row_number() OVER (ORDER BY tax, inscription_key) AS place FROM stated) AS stated
JOIN (SELECT random, row_number() OVER (ORDER BY random) AS place FROM ids) AS ids USING (place)
LEFT JOIN debts USING (tax, inscription_key);
ANALYZE incoming
"""

LINKS = """
CREATE TEMP TABLE links ON COMMIT DROP AS
SELECT DISTINCT ON (incoming.id, taxpayers.id)
       incoming.id AS debt, taxpayers.id AS taxpayer, incoming.tax, staged.uf,
       coalesce(staged.own, debtors.own, true) AS own, debtors.debt IS NULL AS is_new
FROM staged
JOIN incoming USING (tax, inscription_key)
JOIN taxpayers ON taxpayers.key = staged.key
LEFT JOIN debtors ON debtors.debt = incoming.id AND debtors.taxpayer = taxpayers.id
ORDER BY incoming.id, taxpayers.id, line;
ANALYZE links
"""

LIFTS = """
CREATE TEMP TABLE lifts ON COMMIT DROP AS
SELECT holds.id AS hold, holds.debt, incoming.tax
FROM holds JOIN incoming ON incoming.id = holds.debt
WHERE holds.source = 'extract' AND holds.lifted_at IS NULL AND holds.ground IS DISTINCT FROM incoming.ground
"""

PLACES = """
CREATE TEMP TABLE places ON COMMIT DROP AS
SELECT incoming.id AS debt, incoming.tax, incoming.ground
FROM incoming
LEFT JOIN holds ON holds.debt = incoming.id AND holds.ground = incoming.ground AND holds.lifted_at IS NULL
WHERE incoming.ground IS NOT NULL AND holds.id IS NULL
"""

OWNED = """
CREATE TEMP TABLE owned ON COMMIT DROP AS
SELECT DISTINCT ON (taxpayers.id) taxpayers.id AS taxpayer, staged.assets
FROM staged JOIN taxpayers ON taxpayers.key = staged.key
WHERE staged.assets IS NOT NULL
ORDER BY taxpayers.id, line;
DELETE FROM owned USING taxpayers WHERE taxpayers.id = owned.taxpayer AND taxpayers.known_assets = owned.assets
"""

PLACE_ABSENT = """
INSERT INTO places (debt, tax, ground)
SELECT debts.id, debts.tax, 'absent_from_extract' FROM snapshot_debts JOIN debts ON debts.id = snapshot_debts.debt
WHERE snapshot_debts.source = :source AND NOT EXISTS (SELECT FROM incoming WHERE incoming.id = debts.id)
  AND NOT EXISTS (
      SELECT FROM holds WHERE holds.debt = debts.id AND ground = 'absent_from_extract' AND lifted_at IS NULL)
"""

REMEMBER_SNAPSHOT = """
INSERT INTO snapshot_debts (debt, source) SELECT id, :source FROM incoming ORDER BY id
ON CONFLICT (debt) DO UPDATE SET source = excluded.source WHERE snapshot_debts.source <> excluded.source
"""

# debts known before, of which something else is true now
TOUCHED = """
CREATE TEMP TABLE touched ON COMMIT DROP AS
SELECT id AS debt, tax FROM incoming WHERE is_changed
UNION SELECT debt, tax FROM lifts
UNION SELECT debt, places.tax FROM places LEFT JOIN incoming ON incoming.id = debt WHERE is_new IS NOT TRUE
"""

LOCK_CASES = """
SELECT id FROM cases
WHERE closed_at IS NULL AND (taxpayer, tax) IN (
    SELECT taxpayer, tax FROM links WHERE is_new
    UNION ALL
    SELECT debtors.taxpayer, touched.tax FROM touched JOIN debtors USING (debt)
    UNION ALL
    SELECT cases.taxpayer, cases.tax FROM owned JOIN cases USING (taxpayer)
)
ORDER BY id FOR UPDATE
"""

LOCK_DEBTS = """
SELECT count(*) FROM (SELECT id FROM debts WHERE id IN (SELECT debt FROM touched) ORDER BY id FOR UPDATE) AS locked
"""

UPDATE_DEBTS = """
UPDATE debts
SET period = incoming.period, due = incoming.due, litigation = incoming.litigation, amount = incoming.amount,
    kind = incoming.kind, prescribes = incoming.prescribes
FROM incoming
WHERE incoming.id = debts.id AND incoming.is_changed
"""

ADD_DEBTS = """
INSERT INTO debts (id, pix_txid, tax, inscription, period, due, litigation, amount, kind, prescribes)
SELECT id, pix_txid, tax, inscription, period, due, litigation, amount, kind, prescribes
FROM incoming WHERE is_new ORDER BY id
"""

ADD_DEBTORS = """
INSERT INTO debtors (debt, taxpayer, uf, own)
SELECT debt, taxpayer, uf, own FROM links WHERE is_new ORDER BY debt, taxpayer
"""

MOVE_DEBTORS = """
UPDATE debtors SET uf = coalesce(links.uf, debtors.uf), own = links.own
FROM links
WHERE NOT links.is_new AND (debtors.debt, debtors.taxpayer) = (links.debt, links.taxpayer)
  AND (coalesce(links.uf, debtors.uf), links.own) IS DISTINCT FROM (debtors.uf, debtors.own)
"""

LIFT_HOLDS = "UPDATE holds SET lifted_at = clock_timestamp() FROM lifts WHERE holds.id = lifts.hold"

PLACE_HOLDS = "INSERT INTO holds (debt, ground, source) SELECT debt, ground, 'extract' FROM places ORDER BY debt"

UPDATE_ASSETS = "UPDATE taxpayers SET known_assets = owned.assets FROM owned WHERE taxpayers.id = owned.taxpayer"

COUNT_HOLDS = """
SELECT ground, count(*) AS debts FROM (
    SELECT ground FROM incoming WHERE ground IS NOT NULL
    UNION ALL
    SELECT ground FROM snapshot_debts JOIN holds USING (debt)
    WHERE snapshot_debts.source = :source AND ground = 'absent_from_extract' AND lifted_at IS NULL
) AS held
GROUP BY ground ORDER BY ground
"""
