"""The differences between a staged extract and the record, in temporary tables: nothing of the record is changed yet.

One row a debt: an inscription is repeated for each co-debtor, at full value, and its first row decides. New ids begin
with the place among the inscriptions, and end at random, so that every index of `debts` fills from left to right.
"""

from __future__ import annotations

from datetime import date

from sqlalchemy import Connection, text

from models.intake.statement import Amounts


def find_differences(connection: Connection, amounts: Amounts, as_of: date, declared: bool = False) -> None:
    """Make `incoming`, `links`, `lifts`, `ends`, `returned`, `places` and `owned`; there are `staged`, `unusable` and
    `deductions`. `declared` debts are those that no extract has (`storage.intake.declared`)."""
    connection.execute(text(INCOMING), {"left": amounts == "left", "as_of": as_of, "declared": declared})
    connection.execute(text("ANALYZE incoming"))
    for difference in (LINKS, LIFTS, ENDS, PLACES, OWNED):
        connection.execute(text(difference))


def find_absent(connection: Connection, source: str | None) -> None:
    """Make `gone`, and add to `places`: an extract that is a source's snapshot has all of its debts, and of each all
    debtors; one that is of no source says nothing of others."""
    connection.execute(text(PLACE_ABSENT), {"source": source})
    connection.execute(text(GONE), {"source": source})


INCOMING = """
CREATE TEMP TABLE incoming ON COMMIT DROP AS
WITH stated AS (
    SELECT DISTINCT ON (tax, inscription_key)
           tax, inscription_key, inscription, period, due, litigation,
           CASE WHEN ended IS NULL THEN amount END AS amount, ground, ended, kind, prescribes, registered_on, line
    FROM staged
    ORDER BY tax, inscription_key, line
),
ids AS (
    SELECT *, replace(gen_random_uuid()::text, '-', '') AS random,
           (row_number() OVER (ORDER BY tax, inscription_key) - 1 << 32) / count(*) OVER () AS place
    FROM stated
)
SELECT coalesce(debts.id, lpad(to_hex(place), 8, '0') || substr(random, 1, 8)) AS id,
       'RG' || upper(random) AS pix_txid,
       tax, inscription_key, stated.inscription, coalesce(stated.period, debts.period) AS period,
       coalesce(stated.due, debts.due) AS due, stated.litigation,
       coalesce(stated.amount + coalesce(deductions.deducted, 0), debts.amount) AS amount,
       stated.ground, stated.ended,
       coalesce(stated.kind, debts.kind, 'tax') AS kind, coalesce(stated.prescribes, debts.prescribes) AS prescribes,
       coalesce(stated.registered_on, debts.registered_on) AS registered_on,
       CASE WHEN ended IS NOT NULL THEN debts.deducted WHEN :left THEN coalesce(deductions.deducted, 0) END AS deducted,
       coalesce(deductions.as_of, :as_of) AS as_of, line, :declared AS declared,
       debts.id IS NULL AS is_new,
       debts.id IS NOT NULL
           AND (coalesce(stated.period, debts.period), coalesce(stated.due, debts.due), stated.litigation,
                coalesce(stated.amount + coalesce(deductions.deducted, 0), debts.amount),
                coalesce(stated.kind, debts.kind), coalesce(stated.prescribes, debts.prescribes),
                coalesce(stated.registered_on, debts.registered_on), :declared)
               IS DISTINCT FROM
               (debts.period, debts.due, debts.litigation, debts.amount, debts.kind, debts.prescribes,
                debts.registered_on, debts.declared)
               AS is_changed,
       debts.id IS NOT NULL
           AND ended IS NULL
           AND (CASE WHEN :left THEN coalesce(deductions.deducted, 0) END, coalesce(deductions.as_of, debts.as_of))
               IS DISTINCT FROM (debts.deducted, debts.as_of)
               AS is_restated
FROM ids AS stated
LEFT JOIN debts USING (tax, inscription_key)
LEFT JOIN deductions ON deductions.debt = debts.id
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
ORDER BY incoming.id, taxpayers.id, staged.line;
ANALYZE links
"""

LIFTS = """
CREATE TEMP TABLE lifts ON COMMIT DROP AS
SELECT holds.id AS hold, holds.debt, holds.ground, incoming.tax
FROM holds JOIN incoming ON incoming.id = holds.debt
LEFT JOIN unusable ON unusable.debt = holds.debt AND holds.ground = 'unusable_row'
WHERE holds.source = 'extract' AND holds.lifted_at IS NULL AND holds.ground IS DISTINCT FROM incoming.ground
  AND unusable.debt IS NULL
"""

# an extract takes back what an extract said, never what a person did
ENDS = """
CREATE TEMP TABLE ends ON COMMIT DROP AS
SELECT incoming.id AS debt, incoming.tax, ended AS ground, line
FROM incoming JOIN debts ON debts.id = incoming.id
WHERE ended IS NOT NULL AND extinct_on IS NULL;

CREATE TEMP TABLE returned ON COMMIT DROP AS
SELECT incoming.id AS debt, incoming.tax, extinctions.id AS extinction, line
FROM incoming JOIN debts ON debts.id = incoming.id
JOIN extinctions ON extinctions.debt = debts.id AND state = 'confirmed' AND undone_at IS NULL AND source = 'extract'
WHERE ended IS NULL AND extinct_on IS NOT NULL
"""

PLACES = """
CREATE TEMP TABLE places ON COMMIT DROP AS
SELECT wanted.* FROM (
    SELECT id AS debt, tax, ground, NULL AS reason, line FROM incoming WHERE ground IS NOT NULL
    UNION ALL
    SELECT debt, tax, 'unusable_row', 'linha ' || line || ': ' || reason, line FROM unusable
) AS wanted
LEFT JOIN holds ON holds.debt = wanted.debt AND holds.ground = wanted.ground AND holds.lifted_at IS NULL
WHERE holds.id IS NULL
"""

OWNED = """
CREATE TEMP TABLE owned ON COMMIT DROP AS
SELECT DISTINCT ON (taxpayers.id) taxpayers.id AS taxpayer, staged.assets
FROM staged JOIN taxpayers ON taxpayers.key = staged.key
WHERE staged.assets IS NOT NULL
ORDER BY taxpayers.id, line;
DELETE FROM owned USING taxpayers WHERE taxpayers.id = owned.taxpayer AND taxpayers.known_assets = owned.assets
"""

# a debt of which a row can't be used is there, whatever else the row would have said
PLACE_ABSENT = """
INSERT INTO places (debt, tax, ground)
SELECT debts.id, debts.tax, 'absent_from_extract' FROM snapshot_debts JOIN debts ON debts.id = snapshot_debts.debt
WHERE snapshot_debts.source = :source
  AND NOT EXISTS (SELECT FROM incoming WHERE incoming.id = debts.id)
  AND NOT EXISTS (SELECT FROM unusable WHERE unusable.debt = debts.id)
  AND NOT EXISTS (
      SELECT FROM holds WHERE holds.debt = debts.id AND ground = 'absent_from_extract' AND lifted_at IS NULL)
"""

GONE = """
CREATE TEMP TABLE gone ON COMMIT DROP AS
SELECT debtors.debt, debtors.taxpayer, incoming.tax, incoming.line
FROM incoming JOIN debtors ON debtors.debt = incoming.id
LEFT JOIN links ON links.debt = debtors.debt AND links.taxpayer = debtors.taxpayer
WHERE CAST(:source AS text) IS NOT NULL AND links.debt IS NULL
  AND NOT EXISTS (SELECT FROM unusable WHERE unusable.debt = debtors.debt)
"""
