"""A bank takes a payment back by the title that was paid, so payments are found by it."""

from alembic import op

revision = "0021"
down_revision = "0020"


def upgrade() -> None:
    op.create_index(op.f("ix_payments_slip"), "payments", ["slip"])


def downgrade() -> None:
    op.drop_index(op.f("ix_payments_slip"), table_name="payments")
