"""Notices are found by when they were claimed, for how many leave in a second."""

from alembic import op

revision = "0067"
down_revision = "0066"


def upgrade() -> None:
    op.create_index("ix_notices_claimed_at", "notices", ["claimed_at"])


def downgrade() -> None:
    op.drop_index("ix_notices_claimed_at", "notices")
