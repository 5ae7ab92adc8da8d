"""A debt may be known by a return alone, until an extract has it."""

import sqlalchemy as sa
from alembic import op

revision = "0073"
down_revision = "0072"


def upgrade() -> None:
    op.add_column("debts", sa.Column("declared", sa.Boolean, nullable=False, server_default=sa.text("false")))
    op.create_index("ix_debts_declared", "debts", ["tax", "period"], postgresql_where=sa.text("declared"))


def downgrade() -> None:
    op.drop_index("ix_debts_declared", "debts")
    op.drop_column("debts", "declared")
