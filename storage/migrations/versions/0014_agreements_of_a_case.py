"""Every sitting asks for the agreements of one case, closed ones too."""

from alembic import op

revision = "0014"
down_revision = "0013"


def upgrade() -> None:
    op.create_index(op.f("ix_agreements_case"), "agreements", ["case"])


def downgrade() -> None:
    op.drop_index(op.f("ix_agreements_case"), "agreements")
