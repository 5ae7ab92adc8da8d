"""Guards against files that are surely a mistake: each refuses the whole file, with the reason."""

from __future__ import annotations

from sqlalchemy import Connection, text

from models.errors import Refusal
from models.intake.statement import Statement

FEWEST, ONE_IN = 50, 10
"""Debts of a source from which on it is strange that more than one in so many is gone at once."""
MANY_DEBTORS = 24
"""More people than owe one debt together; who is only responsible for it isn't counted."""
SAMPLE, DOUBLES = 1_000, 10
"""Debts that are looked at, and the fewest that are more than a coincidence."""


def must_be_plausible(connection: Connection, statement: Statement, columns_vary: bool) -> None:
    """Check the differences that were found. Raises Refusal."""
    if columns_vary:
        _must_not_be_one_debt(connection)
        _must_not_confuse(connection)
    _must_not_double(connection)
    if statement.snapshot_of is not None and not statement.expect_fewer:
        _must_keep_most(connection, statement.snapshot_of)


def must_have_whole_keys(connection: Connection, statement: Statement) -> None:
    """Check that no key was damaged on the way. Raises Refusal."""
    row = connection.execute(text(DAMAGED)).one()
    if row.lines and not statement.expect_fewer:
        raise Refusal(
            f"line {row.first}: a spreadsheet has rewritten an inscription or a tax id as a number such as 2,26E+12,"
            f" and its digits are lost ({row.lines} lines are so); export the file anew with these columns as text, or"
            " leave those lines out with --expect-fewer"
        )


def _must_keep_most(connection: Connection, source: str) -> None:
    row = connection.execute(text(TAKEN), {"source": source}).one()
    if row.had >= FEWEST and row.taken * ONE_IN > row.had:
        raise Refusal(
            f"this snapshot takes away {row.taken} of the {row.had} debts of {source}, more than a tenth; if that is"
            " right, say --expect-fewer"
        )


def _must_not_be_one_debt(connection: Connection) -> None:
    found = connection.execute(text(MANY), {"many": MANY_DEBTORS}).first()
    if found:
        raise Refusal(
            f"line {found.line}: one inscription has {found.debtors} debtors who have nothing in common; is that column"
            " the inscription? Who is only responsible for a debt has NAO in the column own"
        )


def _must_not_confuse(connection: Connection) -> None:
    found = connection.execute(text(CONFUSED)).first()
    if found:
        raise Refusal(
            f"line {found.line}: the inscription {found.inscription} differs from {found.other} by punctuation, accents"
            " or case alone, and is somebody else's debt: give both a form that tells them apart, with zeros perhaps"
        )


def _must_not_double(connection: Connection) -> None:
    row = connection.execute(text(DOUBLED), {"sample": SAMPLE}).one()
    if row.doubled >= DOUBLES and row.doubled * 2 > row.added:
        raise Refusal(
            f"line {row.line}: {row.doubled} of {row.added} new debts are on record already under other inscriptions or"
            " taxes, of the same debtor, due date and amount: they would be asked for twice. Give them the names"
            " they have there, or a period that tells them apart"
        )


DAMAGED = "SELECT count(*) AS lines, min(line) AS first FROM rejected WHERE damaged"

# what was taken away before isn't there to be taken
TAKEN = """
SELECT count(*) FILTER (WHERE NOT EXISTS (
           SELECT FROM holds
           WHERE holds.debt = snapshot_debts.debt AND ground = 'absent_from_extract' AND lifted_at IS NULL)) AS had,
       (SELECT count(*) FROM places WHERE ground = 'absent_from_extract')
       + (SELECT count(*) FROM ends JOIN snapshot_debts AS mine USING (debt) WHERE mine.source = :source) AS taken
FROM snapshot_debts JOIN debts ON debts.id = snapshot_debts.debt
WHERE source = :source AND debts.extinct_on IS NULL
"""

# companies of one root are one
MANY = """
SELECT incoming.line, debtors FROM (
    SELECT debt FROM links WHERE own GROUP BY debt HAVING count(*) >= :many
) AS many
JOIN incoming ON incoming.id = many.debt
CROSS JOIN LATERAL (
    SELECT count(DISTINCT CASE WHEN is_company THEN left(tax_id, 8) ELSE key END) AS debtors
    FROM links JOIN taxpayers ON taxpayers.id = links.taxpayer WHERE links.debt = many.debt AND links.own
) AS counted
WHERE debtors >= :many
ORDER BY line LIMIT 1
"""

# of two spellings of one key, in the file or on record, that no person and no amount have in common
CONFUSED = """
WITH keys AS (
    SELECT tax, inscription_key FROM staged GROUP BY tax, inscription_key HAVING min(inscription) <> max(inscription)
    UNION
    SELECT incoming.tax, incoming.inscription_key FROM incoming JOIN debts USING (id)
    WHERE incoming.inscription <> debts.inscription
),
spelled AS (
    SELECT tax, inscription_key, inscription, min(line) AS line, array_agg(key) AS people, min(amount) AS amount
    FROM staged JOIN keys USING (tax, inscription_key) GROUP BY tax, inscription_key, inscription
    UNION ALL
    SELECT tax, inscription_key, inscription, 0, array_agg(taxpayers.key), debts.amount
    FROM debts JOIN keys USING (tax, inscription_key)
    JOIN debtors ON debtors.debt = debts.id JOIN taxpayers ON taxpayers.id = debtors.taxpayer
    GROUP BY debts.id
)
SELECT one.line, one.inscription, other.inscription AS other
FROM spelled AS one JOIN spelled AS other USING (tax, inscription_key)
WHERE one.line > other.line AND one.inscription <> other.inscription AND one.amount <> other.amount
  AND NOT one.people && other.people
ORDER BY one.line LIMIT 1
"""

DOUBLED = """
WITH new AS (SELECT * FROM incoming WHERE is_new ORDER BY line LIMIT :sample),
twins AS (
    SELECT new.line, debts.id FROM new
    JOIN links ON links.debt = new.id
    JOIN debtors ON debtors.taxpayer = links.taxpayer
    JOIN debts ON debts.id = debtors.debt AND debts.due = new.due AND debts.amount = new.amount
              AND coalesce(debts.period = new.period, true)
              AND (debts.tax = new.tax OR debts.inscription_key = new.inscription_key)
    LEFT JOIN incoming AS same ON same.id = debts.id
    WHERE same.id IS NULL
)
SELECT (SELECT count(*) FROM new) AS added, count(DISTINCT id) AS doubled, min(line) AS line FROM twins
"""
