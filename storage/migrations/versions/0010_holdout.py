"""Hold-outs: what a case owed when it was opened, on which logical day, and the arm it was drawn for.

Cases of before get the day their cohort's clock had reached and what they owe now plus what came in since. The
downgrade closes the cases of hold-outs: without an arm nothing says why nobody may contact them.
"""

import sqlalchemy as sa
from alembic import op

revision = "0010"
down_revision = "0009"


def upgrade() -> None:
    op.add_column("cohorts", sa.Column("control_share", sa.Numeric(), nullable=True))
    op.add_column("cohorts", sa.Column("salt", sa.Text(), nullable=True))
    whole = "num_nonnulls(control_share, salt) IN (0, 2)"
    op.create_check_constraint(op.f("ck_cohorts_holdout_is_whole"), "cohorts", whole)
    op.add_column("cases", sa.Column("owed", sa.Numeric(15, 2), server_default=sa.text("0"), nullable=False))
    op.add_column("cases", sa.Column("opened_on", sa.Date(), server_default=sa.text("CURRENT_DATE"), nullable=False))
    op.add_column("cases", sa.Column("arm", sa.Text(), nullable=True))
    op.add_column("cases", sa.Column("drawn_at", sa.DateTime(timezone=True), nullable=True))
    undrawn = sa.text("status = 'control' AND arm IS NULL")
    op.create_index("ix_cases_undrawn", "cases", ["cohort", "id"], postgresql_where=undrawn)
    op.execute("UPDATE cases SET opened_on = (position ->> 'started')::date")
    op.execute("""
        UPDATE cases SET owed = known.owed FROM (
            SELECT cases.id, sum(debts.balance + coalesce((
                SELECT sum(amount) FROM payments WHERE debt = debts.id AND recorded_at >= cases.opened_at), 0)) AS owed
            FROM cases JOIN debtors ON debtors.taxpayer = cases.taxpayer
            JOIN debts ON debts.id = debtors.debt AND debts.tax = cases.tax GROUP BY cases.id
        ) AS known WHERE known.id = cases.id
    """)


def downgrade() -> None:
    op.execute("UPDATE cases SET closed_at = clock_timestamp() WHERE status = 'control' AND closed_at IS NULL")
    op.drop_index("ix_cases_undrawn", table_name="cases")
    for column in ("drawn_at", "arm", "opened_on", "owed"):
        op.drop_column("cases", column)
    op.drop_constraint(op.f("ck_cohorts_holdout_is_whole"), "cohorts")
    op.drop_column("cohorts", "salt")
    op.drop_column("cohorts", "control_share")
