"""The acts of people on agreements are acts: one is broken, its direct debit ended, its precatório refused."""

from alembic import op

revision = "0063"
down_revision = "0062"

KINDS = "ck_acts_kind_known"


def upgrade() -> None:
    op.drop_constraint(op.f(KINDS), "acts")
    op.create_check_constraint(
        op.f(KINDS),
        "acts",
        "kind IN ('approve', 'reject', 'pause', 'resume', 'sign', 'break', 'end-debit', 'refuse-offset')",
    )


def downgrade() -> None:
    op.execute("DELETE FROM acts WHERE kind IN ('break', 'end-debit', 'refuse-offset')")
    op.drop_constraint(op.f(KINDS), "acts")
    op.create_check_constraint(op.f(KINDS), "acts", "kind IN ('approve', 'reject', 'pause', 'resume', 'sign')")
