"""An index of the notices that are on their way: they are few, and looked for every few seconds."""

import sqlalchemy as sa
from alembic import op

revision = "0064"
down_revision = "0063"


def upgrade() -> None:
    op.create_index("ix_notices_claimed", "notices", ["case"], postgresql_where=sa.text("status = 'claimed'"))


def downgrade() -> None:
    op.drop_index("ix_notices_claimed", "notices")
