"""A case keeps the contact that was last begun, so that a notice of it is not lost with the workflow that sends it."""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects.postgresql import JSONB

revision = "0057"
down_revision = "0056"


def upgrade() -> None:
    op.add_column("cases", sa.Column("last_contact", JSONB(), nullable=True))


def downgrade() -> None:
    op.drop_column("cases", "last_contact")
