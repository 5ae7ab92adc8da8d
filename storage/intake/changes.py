"""The changes that an extract makes in the record, by the differences that were found, and the open cases told."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import Connection, RowMapping, insert, text

from models.case.journal import EntryKind
from models.events import ExtractChanged
from models.intake.access_keys import BETWEEN, IS
from models.law.calendar import Clock
from models.words import EXTINCTIONS
from storage.case.journal import JournalRow
from storage.outbox import enqueue
from storage.schema import decisions


def apply_differences(connection: Connection, now: datetime) -> None:
    """Change the record by the tables of `find_differences` and `find_absent`, and tell the open cases."""
    connection.execute(text(TOUCHED))
    # cases by id, then debts by id
    cases = connection.execute(text(LOCK_CASES)).scalars().all()
    connection.execute(text(LOCK_DEBTS))
    entries = [_entry(happened, now) for happened in connection.execute(text(CONCERNED)).mappings()]
    for change in (
        *(UPDATE_DEBTS, ADD_DEBTS, ADD_DEBTORS, MOVE_DEBTORS, REMOVE_DEBTORS),
        *(LIFT_HOLDS, PLACE_HOLDS, HOLD_CONTRADICTED, HOLD_DOUBTFUL, END_DEBTS, OWE_AGAIN, UPDATE_ASSETS, KEEP_KEYS),
    ):
        connection.execute(text(change))
    if entries:
        connection.execute(insert(decisions), entries)
    enqueue(connection, cases, ExtractChanged())


def _entry(happened: RowMapping, now: datetime) -> JournalRow:
    kind, how = EntryKind(happened["kind"]), EXTINCTIONS.get(happened["ground"], "")
    whom = "a declaração" if happened["declared"] else "o extrato"
    return {
        "case": happened["case"],
        "at": Clock.model_validate(happened["clock"]).day_at(now),
        "kind": kind,
        "reason": WHY[kind].format(debt=happened["debt"], how=how, whom=whom),
        "ruler": happened["ruler"],
        "evidence": {},
        "hypothesis": happened["row"],
    }


WHY = {
    EntryKind.DEBTOR_REMOVED: "o último extrato não o nomeia mais devedor do débito {debt}",
    EntryKind.EXTINCTION_CONFIRMED: "débito {debt} extinto, segundo {whom}: {how}",
    EntryKind.EXTINCTION_REFUTED: "débito {debt} de novo em cobrança, segundo {whom}",
}

# debts known before, of which something else is true now
TOUCHED = """
CREATE TEMP TABLE touched ON COMMIT DROP AS
SELECT id AS debt, tax FROM incoming WHERE is_changed
UNION SELECT debt, tax FROM lifts
UNION SELECT debt, places.tax FROM places LEFT JOIN incoming ON incoming.id = debt WHERE is_new IS NOT TRUE
UNION SELECT debt, tax FROM deductions JOIN debts ON debts.id = debt WHERE contradiction IS NOT NULL
UNION SELECT debt, tax FROM gone
UNION SELECT debt, tax FROM ends
UNION SELECT debt, tax FROM returned
"""

LOCK_CASES = """
SELECT id FROM cases
WHERE closed_at IS NULL AND (taxpayer, tax) IN (
    SELECT taxpayer, tax FROM links WHERE is_new
    UNION ALL
    SELECT debtors.taxpayer, touched.tax FROM touched JOIN debtors USING (debt)
    UNION ALL
    SELECT cases.taxpayer, cases.tax FROM owned JOIN cases USING (taxpayer)
    UNION ALL
    SELECT cases.taxpayer, cases.tax FROM cases JOIN taxpayers ON taxpayers.id = cases.taxpayer
    WHERE closed_at IS NULL AND status = 'unreachable'
      AND EXISTS (SELECT FROM staged WHERE staged.key = taxpayers.key AND num_nonnulls(staged.email, staged.phone) > 0)
)
ORDER BY id FOR UPDATE
"""

LOCK_DEBTS = """
SELECT count(*) FROM (
    SELECT id FROM debts
    WHERE id IN (SELECT debt FROM touched UNION SELECT id FROM incoming WHERE is_restated) ORDER BY id FOR UPDATE
) AS locked
"""

# the open cases whose journals say what happened: who was a debtor, and of which debt
CONCERNED = """
SELECT cases.id AS "case", happened.kind, happened.debt, happened.ground, incoming.declared, cases.ruler, clock,
       state -> 'place' ->> 'row' AS "row"
FROM (
    SELECT 'debtor_removed' AS kind, debt, NULL AS ground, taxpayer, tax FROM gone
    UNION ALL
    SELECT 'extinction_confirmed', debt, ground, taxpayer, tax FROM ends JOIN debtors USING (debt)
    UNION ALL
    SELECT 'extinction_refuted', debt, NULL, taxpayer, tax FROM returned JOIN debtors USING (debt)
) AS happened
JOIN incoming ON incoming.id = happened.debt
JOIN cases ON cases.taxpayer = happened.taxpayer AND cases.tax = happened.tax AND closed_at IS NULL
JOIN cohorts ON cohorts.name = cases.cohort
ORDER BY cases.id, happened.debt
"""

UPDATE_DEBTS = """
UPDATE debts
SET inscription = CASE WHEN debts.declared THEN incoming.inscription ELSE debts.inscription END,
    period = incoming.period, due = incoming.due, litigation = incoming.litigation, amount = incoming.amount,
    declared = incoming.declared, kind = incoming.kind, prescribes = incoming.prescribes,
    registered_on = incoming.registered_on, deducted = incoming.deducted, as_of = incoming.as_of
FROM incoming
WHERE incoming.id = debts.id AND (incoming.is_changed OR incoming.is_restated)
"""

ADD_DEBTS = """
INSERT INTO debts (id, pix_txid, tax, inscription, period, due, litigation, amount, kind, prescribes, registered_on,
                   deducted, as_of, declared)
SELECT id, pix_txid, tax, inscription, period, due, litigation, amount, kind, prescribes, registered_on, deducted,
       as_of, declared
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

REMOVE_DEBTORS = """
DELETE FROM debtors USING gone WHERE (debtors.debt, debtors.taxpayer) = (gone.debt, gone.taxpayer)
"""

LIFT_HOLDS = "UPDATE holds SET lifted_at = clock_timestamp() FROM lifts WHERE holds.id = lifts.hold"

PLACE_HOLDS = """
INSERT INTO holds (debt, ground, source, reason) SELECT debt, ground, 'extract', reason FROM places ORDER BY debt
"""

# of a person's kind: people alone can say which of the two ledgers is right
HOLD_CONTRADICTED = """
INSERT INTO holds (debt, ground, source, placed_by, reason)
SELECT debt, 'data_under_review', 'person', 'taxpayers import', contradiction
FROM deductions WHERE contradiction IS NOT NULL ORDER BY debt
ON CONFLICT DO NOTHING
"""

# people alone can say whether what a return declared is in what an extract has now
HOLD_DOUBTFUL = """
INSERT INTO holds (debt, ground, source, placed_by, reason)
SELECT DISTINCT ON (lodged.id) lodged.id, 'data_under_review', 'person', 'taxpayers import',
       'linha ' || incoming.line || ' do extrato: débito deste tributo, sem período, que pode ser o mesmo'
FROM incoming JOIN links ON links.debt = incoming.id
JOIN debtors ON debtors.taxpayer = links.taxpayer
JOIN debts AS lodged ON lodged.id = debtors.debt AND lodged.tax = incoming.tax AND lodged.due <= incoming.due
WHERE incoming.is_new AND incoming.period IS NULL AND lodged.declared AND lodged.extinct_on IS NULL
ORDER BY lodged.id, incoming.line
ON CONFLICT DO NOTHING
"""

END_DEBTS = """
WITH ended AS (
    INSERT INTO extinctions (debt, ground, "on", state, source, decided_by, reason)
    SELECT debt, ends.ground, incoming.as_of, 'confirmed', 'extract',
           CASE WHEN declared THEN 'filings import' ELSE 'taxpayers import' END,
           'linha ' || ends.line || CASE WHEN declared THEN ' das declarações de ' ELSE ' do extrato de ' END
               || to_char(incoming.as_of, 'DD/MM/YYYY')
    FROM ends JOIN incoming ON incoming.id = ends.debt ORDER BY debt
    RETURNING debt, "on"
)
UPDATE debts SET extinct_on = ended."on" FROM ended WHERE ended.debt = debts.id
"""

OWE_AGAIN = """
WITH back AS (
    UPDATE extinctions
    SET undone_at = clock_timestamp(),
        undone_by = CASE WHEN declared THEN 'filings import' ELSE 'taxpayers import' END,
        undone_because = 'linha ' || returned.line
            || CASE WHEN declared THEN ' das declarações seguintes' ELSE ' do extrato seguinte' END || ': em cobrança'
    FROM returned JOIN incoming ON incoming.id = returned.debt WHERE returned.extinction = extinctions.id
    RETURNING extinctions.debt
)
UPDATE debts SET extinct_on = NULL FROM back WHERE back.debt = debts.id
"""

UPDATE_ASSETS = "UPDATE taxpayers SET known_assets = owned.assets FROM owned WHERE taxpayers.id = owned.taxpayer"

# the first row of a debt that has a key of that kind decides
KEEP_KEYS = f"""
INSERT INTO access_keys (debt, kind, value)
SELECT DISTINCT ON (debt, kind) debt, split_part(word, '{IS}', 1) AS kind, substr(word, strpos(word, '{IS}') + 1)
FROM (
    SELECT incoming.id AS debt, staged.line, unnest(string_to_array(access_keys, '{BETWEEN}')) AS word
    FROM staged JOIN incoming USING (tax, inscription_key) WHERE access_keys IS NOT NULL
) AS told
ORDER BY debt, kind, line
ON CONFLICT (debt, kind) DO UPDATE SET value = excluded.value WHERE access_keys.value <> excluded.value
"""  # noqa: S608 - constants
