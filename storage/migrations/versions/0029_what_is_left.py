"""What extracts say of themselves: their day, what their amounts mean; and since when a debt is registered."""

import sqlalchemy as sa
from alembic import op

from storage.migrations.words import forget, know

revision = "0029"
down_revision = "0028"


def upgrade() -> None:
    op.add_column("debts", sa.Column("registered_on", sa.Date(), nullable=True))
    op.add_column("debts", sa.Column("as_of", sa.Date(), nullable=True))
    op.add_column("debts", sa.Column("deducted", sa.Numeric(15, 2), nullable=True))
    op.create_check_constraint("deducted_not_negative", "debts", "deducted >= 0")
    op.create_table(
        "extract_sources",
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column("amounts", sa.Text(), nullable=False),
        sa.Column("as_of", sa.Date(), nullable=False),
        sa.CheckConstraint("amounts IN ('left', 'lodged')", name=op.f("ck_extract_sources_amounts_known")),
        sa.PrimaryKeyConstraint("name", name=op.f("pk_extract_sources")),
    )
    know("decisions", "kind", "debtor_removed")


def downgrade() -> None:
    forget("decisions", "kind", "debtor_removed")
    op.drop_table("extract_sources")
    op.drop_constraint(op.f("ck_debts_deducted_not_negative"), "debts")
    for column in ("deducted", "as_of", "registered_on"):
        op.drop_column("debts", column)
