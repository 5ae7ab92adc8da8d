"""A cohort is running, paused or cancelled; what concerns a whole cohort lets a taxpayer's own news pass.

The downgrade forgets that a cohort was paused: its cases go on as each of them looks at the record.
"""

import sqlalchemy as sa
from alembic import op

revision = "0011"
down_revision = "0010"

DUE = "ix_owed_signals_due"
UNDELIVERED = sa.text("delivered_at IS NULL")


def upgrade() -> None:
    op.add_column("cohorts", sa.Column("state", sa.Text(), nullable=False, server_default=sa.text("'running'")))
    op.add_column("cohorts", sa.Column("steered_by", sa.Text(), nullable=False, server_default=sa.text("''")))
    op.add_column("cohorts", sa.Column("steered_because", sa.Text(), nullable=False, server_default=sa.text("''")))
    op.add_column("cohorts", sa.Column("steered_on", sa.Date()))
    op.drop_index(DUE, table_name="owed_signals")
    late = sa.text("(name = 'cohort_steered')")
    op.create_index(DUE, "owed_signals", [late, "id"], postgresql_where=UNDELIVERED)


def downgrade() -> None:
    # a signal that the older version doesn't know would hold up all that follow it
    op.execute("DELETE FROM owed_signals WHERE name = 'cohort_steered' AND delivered_at IS NULL")
    op.drop_index(DUE, table_name="owed_signals")
    op.create_index(DUE, "owed_signals", ["id"], postgresql_where=UNDELIVERED)
    for column in ("steered_on", "steered_because", "steered_by", "state"):
        op.drop_column("cohorts", column)
