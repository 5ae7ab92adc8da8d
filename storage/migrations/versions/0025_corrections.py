"""People put money where it belongs by new entries: a part of a payment, and a reversal that says who moved it and why.

The downgrade is refused while there are such entries, since without them sums would be wrong.
"""

import sqlalchemy as sa
from alembic import op

from models.errors import Refusal

revision = "0025"
down_revision = "0024"


def upgrade() -> None:
    op.add_column("payments", sa.Column("origin", sa.BigInteger(), nullable=True))
    op.create_foreign_key(op.f("fk_payments_origin"), "payments", "payments", ["origin"], ["id"])
    op.create_index("ix_payments_origin", "payments", ["origin"])
    op.drop_constraint(op.f("ck_payments_reported"), "payments")
    op.create_check_constraint(
        op.f("ck_payments_reported"), "payments", "num_nonnulls(end_to_end_id, reference, origin) > 0"
    )
    op.add_column("reversals", sa.Column("kind", sa.Text(), server_default=sa.text("'refund'"), nullable=False))
    op.add_column("reversals", sa.Column("moved_to", sa.BigInteger(), nullable=True))
    op.add_column("reversals", sa.Column("by", sa.Text(), nullable=True))
    op.add_column("reversals", sa.Column("reason", sa.Text(), nullable=True))
    op.create_foreign_key(op.f("fk_reversals_moved_to"), "reversals", "payments", ["moved_to"], ["id"])
    op.create_unique_constraint(op.f("uq_reversals_moved_to"), "reversals", ["moved_to"])
    for name, condition in CHECKS.items():
        op.create_check_constraint(op.f(f"ck_reversals_{name}"), "reversals", condition)


CHECKS = {
    "moved_somewhere": "(kind = 'moved') = (moved_to IS NOT NULL)",
    "by_somebody_for_a_reason": 'num_nonnulls("by", reason) IN (0, 2)',
    "moved_by_somebody": "kind = 'refund' OR \"by\" IS NOT NULL",
    "kind_known": "kind IN ('refund', 'moved')",
}


def downgrade() -> None:
    if moved := op.get_bind().scalar(sa.text('SELECT count(*) FROM reversals WHERE "by" IS NOT NULL')):
        raise Refusal(f"people moved or gave back {moved} payments, for which schema 0024 has no place")
    for name in CHECKS:
        op.drop_constraint(op.f(f"ck_reversals_{name}"), "reversals")
    op.drop_constraint(op.f("uq_reversals_moved_to"), "reversals")
    op.drop_constraint(op.f("fk_reversals_moved_to"), "reversals", type_="foreignkey")
    for column in ("kind", "moved_to", "by", "reason"):
        op.drop_column("reversals", column)
    op.drop_constraint(op.f("ck_payments_reported"), "payments")
    op.create_check_constraint(op.f("ck_payments_reported"), "payments", "num_nonnulls(end_to_end_id, reference) > 0")
    op.drop_index("ix_payments_origin", table_name="payments")
    op.drop_constraint(op.f("fk_payments_origin"), "payments", type_="foreignkey")
    op.drop_column("payments", "origin")
