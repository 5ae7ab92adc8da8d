"""One Pix charge for all that a case owes, and what of it is for each debt.

The downgrade is refused while there are such charges: whoever holds their code may pay it.
"""

import sqlalchemy as sa
from alembic import op

from models.errors import Refusal

revision = "0038"
down_revision = "0037"

LIVE = sa.text("state IN ('claimed', 'open')")
NEW = {
    "moved_somewhere": "(kind <> 'refund') = (moved_to IS NOT NULL)",
    "moved_by_somebody": "kind <> 'moved' OR \"by\" IS NOT NULL",
    "kind_known": "kind IN ('refund', 'moved', 'shared')",
}
OLD = {
    "moved_somewhere": "(kind = 'moved') = (moved_to IS NOT NULL)",
    "moved_by_somebody": "kind = 'refund' OR \"by\" IS NOT NULL",
    "kind_known": "kind IN ('refund', 'moved')",
}


def upgrade() -> None:
    op.add_column("charges", sa.Column("case", sa.Text(), nullable=True))
    op.create_foreign_key(op.f("fk_charges_case"), "charges", "cases", ["case"], ["id"])
    op.create_index("uq_charges_case", "charges", ["case"], unique=True, postgresql_where=LIVE)
    op.create_index(op.f("ix_charges_case"), "charges", ["case"])
    _purpose('num_nonnulls(debt, instalment, "case") = 1')
    op.create_table(
        "charge_debts",
        sa.Column("txid", sa.Text(), nullable=False),
        sa.Column("debt", sa.Text(), nullable=False),
        sa.Column("n", sa.Integer(), nullable=False),
        sa.Column("amount", sa.Numeric(15, 2), nullable=False),
        sa.ForeignKeyConstraint(["txid"], ["charges.txid"], name=op.f("fk_charge_debts_txid")),
        sa.ForeignKeyConstraint(["debt"], ["debts.id"], name=op.f("fk_charge_debts_debt")),
        sa.PrimaryKeyConstraint("txid", "debt", name=op.f("pk_charge_debts")),
    )
    op.create_index(op.f("ix_charge_debts_debt"), "charge_debts", ["debt"])
    _reversals(NEW)


def _purpose(condition: str) -> None:
    op.drop_constraint(op.f("ck_charges_one_purpose"), "charges")
    op.create_check_constraint(op.f("ck_charges_one_purpose"), "charges", condition)


def _reversals(checks: dict[str, str]) -> None:
    for name, condition in checks.items():
        op.drop_constraint(op.f(f"ck_reversals_{name}"), "reversals")
        op.create_check_constraint(op.f(f"ck_reversals_{name}"), "reversals", condition)


def downgrade() -> None:
    if joint := op.get_bind().scalar(sa.text('SELECT count(*) FROM charges WHERE "case" IS NOT NULL')):
        raise Refusal(f"{joint} charges are for all that a case owes, for which schema 0037 has no place")
    _reversals(OLD)
    op.drop_table("charge_debts")
    _purpose("num_nonnulls(debt, instalment) = 1")
    op.drop_index(op.f("ix_charges_case"), table_name="charges")
    op.drop_index("uq_charges_case", table_name="charges")
    op.drop_constraint(op.f("fk_charges_case"), "charges", type_="foreignkey")
    op.drop_column("charges", "case")
