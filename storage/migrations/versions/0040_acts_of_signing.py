"""Signing an agreement is an act on record."""

from alembic import op

revision = "0040"
down_revision = "0039"

KINDS = "ck_acts_kind_known"


def upgrade() -> None:
    op.drop_constraint(op.f(KINDS), "acts")
    op.create_check_constraint(op.f(KINDS), "acts", "kind IN ('approve', 'reject', 'pause', 'resume', 'sign')")


def downgrade() -> None:
    # acts that are on record stay there
    op.drop_constraint(op.f(KINDS), "acts")
    op.create_check_constraint(
        op.f(KINDS), "acts", "kind IN ('approve', 'reject', 'pause', 'resume')", postgresql_not_valid=True
    )
