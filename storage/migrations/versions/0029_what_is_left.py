"""What extracts say of themselves: their day, what their amounts mean; and since when a debt is registered."""

import re

import sqlalchemy as sa
from alembic import op

revision = "0029"
down_revision = "0028"

KINDS = "SELECT pg_get_constraintdef(oid) FROM pg_constraint WHERE conname = 'ck_decisions_kind_known'"


def upgrade() -> None:
    op.add_column("debts", sa.Column("registered_on", sa.Date(), nullable=True))
    op.add_column("debts", sa.Column("as_of", sa.Date(), nullable=True))
    op.add_column("debts", sa.Column("deducted", sa.Numeric(15, 2), nullable=True))
    op.create_check_constraint("deducted_not_negative", "debts", "deducted >= 0")
    op.create_table(
        "extract_sources",
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column("amounts", sa.Text(), nullable=False),
        sa.Column("as_of", sa.Date(), nullable=False),
        sa.CheckConstraint("amounts IN ('left', 'lodged')", name=op.f("ck_extract_sources_amounts_known")),
        sa.PrimaryKeyConstraint("name", name=op.f("pk_extract_sources")),
    )
    _know(lambda kinds: kinds | {"debtor_removed"})


def downgrade() -> None:
    _know(lambda kinds: kinds - {"debtor_removed"})
    op.drop_table("extract_sources")
    op.drop_constraint(op.f("ck_debts_deducted_not_negative"), "debts")
    for column in ("deducted", "as_of", "registered_on"):
        op.drop_column("debts", column)


def _know(change) -> None:  # type: ignore[no-untyped-def]
    """Change the kinds of journal entries that the database knows."""
    known = set(re.findall(r"'([a-z_]+)'", op.get_bind().scalar(sa.text(KINDS)) or ""))
    listed = ", ".join(f"'{kind}'" for kind in sorted(change(known)))
    op.drop_constraint(op.f("ck_decisions_kind_known"), "decisions")
    op.create_check_constraint("kind_known", "decisions", f"kind IN ({listed})")
