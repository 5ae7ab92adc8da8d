"""Every sitting asks for the last defence of one case, every resolution for what is suspended because of it."""

from alembic import op

revision = "0015"
down_revision = "0014"


def upgrade() -> None:
    op.create_index(op.f("ix_defences_case"), "defences", ["case", "id"])
    op.create_index(op.f("ix_suspensions_case"), "suspensions", ["case"])


def downgrade() -> None:
    op.drop_index(op.f("ix_suspensions_case"), "suspensions")
    op.drop_index(op.f("ix_defences_case"), "defences")
