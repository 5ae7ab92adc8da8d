"""A case pins its ruler itself; until now it went by its cohort's. That it changed is told after a taxpayer's own news.

The downgrade lets each case go by its cohort's ruler again, also one that was on another.
"""

import sqlalchemy as sa
from alembic import op

revision = "0012"
down_revision = "0011"

DUE = "ix_owed_signals_due"
UNDELIVERED = sa.text("delivered_at IS NULL")


def upgrade() -> None:
    op.add_column("cases", sa.Column("ruler", sa.Text(), nullable=True))
    op.execute("UPDATE cases SET ruler = cohorts.ruler FROM cohorts WHERE cohorts.name = cases.cohort")
    op.alter_column("cases", "ruler", nullable=False)
    op.create_foreign_key(op.f("fk_cases_ruler"), "cases", "rulers", ["ruler"], ["digest"])
    op.drop_index(DUE, table_name="owed_signals")
    last = sa.text("(name IN ('cohort_steered', 'ruler_changed'))")
    op.create_index(DUE, "owed_signals", [last, "id"], postgresql_where=UNDELIVERED)


def downgrade() -> None:
    # a signal that the older version doesn't know would hold up all that follow it
    op.execute("DELETE FROM owed_signals WHERE name = 'ruler_changed' AND delivered_at IS NULL")
    op.drop_index(DUE, table_name="owed_signals")
    op.create_index(DUE, "owed_signals", [sa.text("(name = 'cohort_steered')"), "id"], postgresql_where=UNDELIVERED)
    op.drop_column("cases", "ruler")
