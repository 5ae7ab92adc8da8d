"""The record by credit: what a formal notice lists, what a defence is against, what a suspension is for.

What former notices listed is taken from the journal, where nothing of the case was on hold that day; a notice of which
that can't be told lists nothing, and so has served for nothing. The downgrade forgets all of it.
"""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects.postgresql import ARRAY

from storage.migrations.words import forget, know

revision = "0042"
down_revision = "0041"

LISTED = """
    WITH listed AS (
        SELECT notices.id, evidence FROM notices
        JOIN decisions ON decisions."case" = notices."case" AND decisions.kind = 'notice' AND decisions.at = notices.at
            AND decisions.hypothesis = notices.hypothesis AND decisions.stage = notices.stage
        WHERE notices.formal AND notices.kind = 'rung' AND notices.stage <> 'suspension'
          AND notices.channel = 'domicile' AND evidence -> 'grounds' = '[]'
    )
    INSERT INTO notice_credits (notice, credit, debt, amount, due)
    SELECT listed.id, debts.id, debts.id, CAST(owed.value AS numeric), debts.due
    FROM listed, jsonb_each_text(evidence -> 'debts') AS owed JOIN debts ON debts.id = owed.key
    WHERE CAST(owed.value AS numeric) > 0
    UNION
    SELECT listed.id, 'return:' || split_part(open, ' ', 2), NULL, NULL, NULL
    FROM listed, jsonb_array_elements_text(evidence -> 'open') AS open
    WHERE split_part(open, ' ', 1) IN ('return', 'divergence')
    ON CONFLICT DO NOTHING
"""


def upgrade() -> None:
    op.create_table(
        "notice_credits",
        sa.Column("notice", sa.Text(), nullable=False),
        sa.Column("credit", sa.Text(), nullable=False),
        sa.Column("debt", sa.Text(), nullable=True),
        sa.Column("period", sa.Text(), nullable=True),
        sa.Column("amount", sa.Numeric(15, 2), nullable=True),
        sa.Column("due", sa.Date(), nullable=True),
        sa.ForeignKeyConstraint(["notice"], ["notices.id"], name=op.f("fk_notice_credits_notice")),
        sa.ForeignKeyConstraint(["debt"], ["debts.id"], name=op.f("fk_notice_credits_debt")),
        sa.PrimaryKeyConstraint("notice", "credit", name=op.f("pk_notice_credits")),
    )
    op.create_index("ix_notice_credits_debt", "notice_credits", ["debt"], unique=False)
    op.execute(LISTED)
    op.execute("UPDATE notice_credits SET period = substr(credit, 8) WHERE credit LIKE 'return:%'")
    op.create_table(
        "defence_credits",
        sa.Column("defence", sa.BigInteger(), nullable=False),
        sa.Column("credit", sa.Text(), nullable=False),
        sa.ForeignKeyConstraint(["defence"], ["defences.id"], name=op.f("fk_defence_credits_defence")),
        sa.PrimaryKeyConstraint("defence", "credit", name=op.f("pk_defence_credits")),
    )
    op.add_column("defences", sa.Column("appeal", sa.Boolean(), server_default=sa.text("false"), nullable=False))
    op.drop_index("uq_defences_open", table_name="defences")
    none = sa.text("'{}'")
    op.add_column("suspensions", sa.Column("credits", ARRAY(sa.Text()), server_default=none, nullable=False))
    know("decisions", "kind", "reassessment_due")
    know("tasks", "kind", "reassessment")


def downgrade() -> None:
    op.execute("DELETE FROM tasks WHERE kind = 'reassessment'")
    forget("tasks", "kind", "reassessment")
    forget("decisions", "kind", "reassessment_due")
    op.drop_column("suspensions", "credits")
    op.create_index("uq_defences_open", "defences", ["case"], unique=True, postgresql_where=sa.text("state = 'open'"))
    op.drop_column("defences", "appeal")
    op.drop_table("defence_credits")
    op.drop_table("notice_credits")
