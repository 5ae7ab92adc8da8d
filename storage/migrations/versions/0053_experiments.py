"""Experiments are registered when their cohort starts.

downgrade forgets what was registered: the log keeps it.
"""

import sqlalchemy as sa
from alembic import op

revision = "0053"
down_revision = "0052"


def upgrade() -> None:
    op.create_table(
        "experiments",
        sa.Column("cohort", sa.Text(), nullable=False),
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column("claim", sa.Text(), nullable=False),
        sa.Column("primary_figure", sa.Text(), nullable=False),
        sa.Column("registered_by", sa.Text(), nullable=False),
        sa.Column(
            "registered_at", sa.DateTime(timezone=True), server_default=sa.func.clock_timestamp(), nullable=False
        ),
        sa.CheckConstraint("primary_figure IN ('payers', 'value')", name=op.f("ck_experiments_primary_figure_known")),
        sa.ForeignKeyConstraint(["cohort"], ["cohorts.name"], name=op.f("fk_experiments_cohort")),
        sa.PrimaryKeyConstraint("cohort", name=op.f("pk_experiments")),
        sa.UniqueConstraint("name", name=op.f("uq_experiments_name")),
    )


def downgrade() -> None:
    op.drop_table("experiments")
