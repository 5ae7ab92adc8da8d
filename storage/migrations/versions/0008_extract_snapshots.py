"""The source whose snapshot had a debt last."""

import sqlalchemy as sa
from alembic import op

revision = "0008"
down_revision = "0007"


def upgrade() -> None:
    op.create_table(
        "snapshot_debts",
        sa.Column("debt", sa.Text(), nullable=False),
        sa.Column("source", sa.Text(), nullable=False),
        sa.PrimaryKeyConstraint("debt", name=op.f("pk_snapshot_debts")),
    )


def downgrade() -> None:
    op.drop_table("snapshot_debts")
