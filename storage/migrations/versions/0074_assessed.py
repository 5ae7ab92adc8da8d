"""A formal notice says at how much each credit was assessed when it left: for more than that it serves no more."""

import sqlalchemy as sa
from alembic import op

revision = "0074"
down_revision = "0073"


def upgrade() -> None:
    op.add_column("notice_credits", sa.Column("assessed", sa.Numeric(15, 2), nullable=True))


def downgrade() -> None:
    op.drop_column("notice_credits", "assessed")
