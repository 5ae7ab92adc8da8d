"""An agreement's row tells what of the money on each of its debts paid what time added to instalments."""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects.postgresql import JSONB

revision = "0078"
down_revision = "0077"


def upgrade() -> None:
    op.add_column("agreements", sa.Column("charges", JSONB(), server_default=sa.text("'{}'"), nullable=False))


def downgrade() -> None:
    op.drop_column("agreements", "charges")
