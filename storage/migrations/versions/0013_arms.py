"""Two rulers in one cohort, and what a taxpayer did before as known when his case was drawn.

The downgrade forgets which cases the other ruler was drawn for; they go on by it.
"""

import sqlalchemy as sa
from alembic import op

revision = "0013"
down_revision = "0012"

FORMER, NEWER = "ck_cohorts_holdout_is_whole", "ck_cohorts_lot_is_whole"


def upgrade() -> None:
    op.add_column("cases", sa.Column("habit", sa.Text(), nullable=True))
    op.add_column("cohorts", sa.Column("rival", sa.Text(), nullable=True))
    op.create_foreign_key(op.f("fk_cohorts_rival"), "cohorts", "rulers", ["rival"], ["digest"])
    op.drop_constraint(op.f(FORMER), "cohorts")
    op.create_check_constraint(op.f(NEWER), "cohorts", "(salt IS NULL) = (num_nonnulls(control_share, rival) = 0)")


def downgrade() -> None:
    op.execute("UPDATE cases SET arm = 'ruler' WHERE arm = 'rival'")
    op.drop_constraint(op.f(NEWER), "cohorts")
    op.execute("""
        UPDATE cases SET status = 'running' FROM cohorts
        WHERE cohorts.name = cases.cohort AND control_share IS NULL AND arm IS NULL AND status = 'control'
    """)
    op.execute("UPDATE cohorts SET salt = NULL WHERE control_share IS NULL")
    op.create_check_constraint(op.f(FORMER), "cohorts", "num_nonnulls(control_share, salt) IN (0, 2)")
    op.drop_constraint(op.f("fk_cohorts_rival"), "cohorts")
    op.drop_column("cohorts", "rival")
    op.drop_column("cases", "habit")
