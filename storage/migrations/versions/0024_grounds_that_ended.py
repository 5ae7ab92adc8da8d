"""A hold that people lift carries the day its ground ended: an injunction's is that of the decision's publication."""

import sqlalchemy as sa
from alembic import op

revision = "0024"
down_revision = "0023"


def upgrade() -> None:
    op.add_column("holds", sa.Column("ended_on", sa.Date(), nullable=True))


def downgrade() -> None:
    op.drop_column("holds", "ended_on")
