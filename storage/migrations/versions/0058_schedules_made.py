"""The moment at which Temporal made a schedule, so that one made there by hand isn't taken for ours."""

import sqlalchemy as sa
from alembic import op

revision = "0058"
down_revision = "0057"


def upgrade() -> None:
    op.add_column("intakes", sa.Column("made_at", sa.DateTime(timezone=True), nullable=True))


def downgrade() -> None:
    op.drop_column("intakes", "made_at")
