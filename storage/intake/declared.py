"""Debts that returns alone declare: what is declared and unpaid is a credit without an act of the authority (Súmula
STJ 436), so it is lodged with a code to pay it by, and becomes the extract's once an extract has it too.
"""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import Connection, text

from storage.intake.changes import apply_differences
from storage.intake.differences import find_absent, find_differences
from storage.intake.left import deduct
from storage.intake.sources import logical_day


def lodge_declared(connection: Connection, now: datetime) -> None:
    """Lodge what the returns of `known` leave unpaid and no extract has, as a statement of what is left: the same
    difference, signals and entries as an extract's. `changes` are those of them that say something new."""
    today = logical_day(connection, now)
    connection.execute(text("DROP TABLE staged"))
    connection.execute(text(UNPAID), {"today": today})
    connection.execute(text(NOTHING_UNUSABLE))
    deduct(connection, "left", today, now)
    find_differences(connection, "left", today, declared=True)
    find_absent(connection, None)
    apply_differences(connection, now)


def take_over_declared(connection: Connection) -> None:
    """Let rows of `staged` that are about a lodged debt be so: of its debtor, tax and period or, where a row names
    none, due date. Its number, payments, notices and terms stay its own."""
    connection.execute(text(TAKE_OVER))


# a return is judged once its due date has passed, and what is lodged follows what it says later; where an extract has a
# debt of that tax, due then or later, and doesn't tell its period, it may be the same, and nothing is lodged. Five
# years run from the due date or the return, whichever is later (Tema STJ 383)
UNPAID = """
CREATE TEMP TABLE staged ON COMMIT DROP AS
WITH unpaid AS (
    SELECT known.*, mine.id AS debt,
           coalesce(mine.inscription, 'DECLARADO-' || known.period || '-N' || filings.id) AS inscription,
           greatest(coalesce(known.corrected, known.declared, 0) - greatest(known.paid, filings.paid_before_due), 0)
               AS amount,
           greatest(known.due, known.filed_on) AS began
    FROM known
    JOIN filings USING (taxpayer, tax, period)
    LEFT JOIN LATERAL (
        SELECT debts.id, inscription, debts.declared FROM debtors JOIN debts ON debts.id = debtors.debt
        WHERE debtors.taxpayer = known.taxpayer AND debts.tax = known.tax
          AND (debts.period = known.period OR (debts.period IS NULL AND debts.due >= known.due))
        ORDER BY debts.period IS NULL, debts.declared LIMIT 1) AS mine ON true
    WHERE superseded_at IS NULL AND CASE
        WHEN mine.id IS NULL THEN known.due < :today
        ELSE mine.declared AND EXISTS (SELECT FROM changes WHERE changes.line = known.line) END
)
SELECT line, tax_id, key, CAST(NULL AS text) AS name, CAST(NULL AS text) AS email, CAST(NULL AS text) AS phone,
       CAST(NULL AS text) AS uf, tax, inscription,
       upper(regexp_replace(inscription, '[^0-9A-Za-z]+', '', 'g')) AS inscription_key, period, due,
       false AS litigation, amount, CAST(NULL AS text) AS ground,
       CASE WHEN amount = 0 THEN CASE WHEN paid > 0 THEN 'payment' ELSE 'cancellation' END END AS ended,
       'tax' AS kind,
       CAST(began + interval '5 years' AS date)
           + CASE WHEN extract(month FROM began) = 2 AND extract(day FROM began) = 29 THEN 1 ELSE 0 END AS prescribes,
       true AS own, CAST(NULL AS numeric) AS assets, CAST(NULL AS date) AS registered_on,
       CAST(NULL AS text) AS access_keys
FROM unpaid WHERE amount > 0 OR debt IS NOT NULL
"""

NOTHING_UNUSABLE = """
CREATE TEMP TABLE unusable (debt text, tax text, line bigint, reason text) ON COMMIT DROP
"""

TAKE_OVER = """
UPDATE staged SET inscription_key = mine.inscription_key
FROM (
    SELECT DISTINCT ON (debts.id) debts.id, debts.inscription_key, staged.tax, staged.inscription_key AS told
    FROM debts
    JOIN debtors ON debtors.debt = debts.id
    JOIN taxpayers ON taxpayers.id = debtors.taxpayer
    JOIN staged ON staged.key = taxpayers.key AND staged.tax = debts.tax
     AND CASE WHEN staged.period IS NULL THEN staged.due = debts.due ELSE staged.period = debts.period END
    WHERE debts.declared AND NOT EXISTS (
        SELECT FROM debts AS others WHERE (others.tax, others.inscription_key) = (staged.tax, staged.inscription_key))
    ORDER BY debts.id, staged.line
) AS mine
WHERE (staged.tax, staged.inscription_key) = (mine.tax, mine.told)
"""
