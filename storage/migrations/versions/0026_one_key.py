"""One key for one inscription and one person, however written; and which contacts came from extracts.

Inscriptions of one tax that differ in case, accents or punctuation alone are one from now on. Where there are debts of
two such, the older one has the key; the other is renamed, and held for people to look at. People known by a masked CPF
get the key of their name without accents and punctuation, unless somebody has it already.
"""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

revision = "0026"
down_revision = "0025"

KEY = "upper(regexp_replace(normalize(inscription, NFKD), '[^0-9A-Za-z]+', '', 'g'))"

RENAME = f"""
    WITH twins AS (
        SELECT id, inscription,
               first_value(inscription) OVER same AS first, row_number() OVER same AS nth
        FROM debts WINDOW same AS (PARTITION BY tax, {KEY} ORDER BY slip_number)
    ), renamed AS (
        UPDATE debts SET inscription = twins.inscription || ' (' || twins.id || ')'
        FROM twins WHERE twins.id = debts.id AND nth > 1
        RETURNING twins.id, twins.first
    )
    INSERT INTO holds (debt, ground, source, placed_by, reason)
    SELECT id, 'data_under_review', 'person', 'migration 0026', 'a mesma inscrição, escrita de outro modo: ' || first
    FROM renamed
    ON CONFLICT DO NOTHING
"""  # noqa: S608 - KEY is a constant

MASKED = """
    UPDATE taxpayers SET key = folded.key
    FROM (
        SELECT DISTINCT ON (key) id, key FROM (
            SELECT id, left(key, 11) || ' ' || trim(upper(regexp_replace(
                       regexp_replace(normalize(name, NFKD), '[\\u0300-\\u036f]', '', 'g'), '[^0-9A-Za-z]+', ' ', 'g'
                   ))) AS key
            FROM taxpayers WHERE key LIKE 'XXX%'
        ) AS masked ORDER BY key, id
    ) AS folded
    WHERE taxpayers.id = folded.id
      AND NOT EXISTS (SELECT FROM taxpayers AS other WHERE other.key = folded.key)
"""


def upgrade() -> None:
    op.execute(RENAME)
    op.add_column("debts", sa.Column("inscription_key", sa.Text(), sa.Computed(KEY, persisted=True), nullable=False))
    op.drop_constraint("uq_debts_tax_inscription", "debts")
    op.create_unique_constraint("uq_debts_tax_inscription_key", "debts", ["tax", "inscription_key"])
    op.execute(MASKED)
    op.add_column(
        "taxpayers",
        sa.Column("extracted_contacts", postgresql.ARRAY(sa.Text()), server_default=sa.text("'{}'"), nullable=False),
    )
    op.execute("UPDATE taxpayers SET extracted_contacts = array_remove(ARRAY[email, phone], NULL)")


def downgrade() -> None:
    op.drop_column("taxpayers", "extracted_contacts")
    op.drop_constraint("uq_debts_tax_inscription_key", "debts")
    op.create_unique_constraint("uq_debts_tax_inscription", "debts", ["tax", "inscription"])
    op.drop_column("debts", "inscription_key")
