"""Bank return files: payments by slip, known by the bank's reference, besides those by Pix.

The downgrade forgets which files were taken, who matched a payment, and the numbers of the slips that are out: coming
back, debts get others. It is refused while there are payments that only a bank's file reported.
"""

import sqlalchemy as sa
from alembic import op

from models.errors import Refusal

revision = "0003"
down_revision = "0002"


def upgrade() -> None:
    op.create_table(
        "bank_files",
        sa.Column("id", sa.BigInteger(), sa.Identity(always=True), nullable=False),
        sa.Column("digest", sa.Text(), nullable=False),
        sa.Column("layout", sa.Text(), nullable=False),
        sa.Column("agreement", sa.Text(), nullable=False),
        sa.Column("number", sa.Integer(), nullable=False),
        sa.Column("made_on", sa.Date(), nullable=False),
        sa.Column("state", sa.Text(), nullable=False),
        sa.Column("records", sa.Integer(), nullable=False),
        sa.Column("accepted", sa.Integer(), nullable=False),
        sa.Column("amount", sa.Numeric(precision=17, scale=2), nullable=False),
        sa.Column(
            "recorded_at", sa.DateTime(timezone=True), server_default=sa.text("clock_timestamp()"), nullable=False
        ),
        sa.Column("applied_at", sa.DateTime(timezone=True), nullable=True),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_bank_files")),
        sa.UniqueConstraint("digest", name=op.f("uq_bank_files_digest")),
    )
    op.create_index("ix_bank_files_agreement", "bank_files", ["agreement", "number"], unique=False)
    op.add_column("debts", sa.Column("slip_number", sa.BigInteger(), sa.Identity(always=True), nullable=False))
    op.create_unique_constraint(op.f("uq_debts_slip_number"), "debts", ["slip_number"])
    op.add_column("payments", sa.Column("channel", sa.Text(), server_default=sa.text("'pix'"), nullable=False))
    for name in ("reference", "slip", "matched_by"):
        op.add_column("payments", sa.Column(name, sa.Text(), nullable=True))
    op.add_column("payments", sa.Column("bank_file", sa.BigInteger(), nullable=True))
    op.add_column("payments", sa.Column("matched_at", sa.DateTime(timezone=True), nullable=True))
    op.alter_column("payments", "end_to_end_id", nullable=True)
    op.create_unique_constraint(op.f("uq_payments_reference"), "payments", ["reference"])
    op.create_foreign_key(op.f("fk_payments_bank_file"), "payments", "bank_files", ["bank_file"], ["id"])
    op.create_check_constraint(op.f("ck_payments_reported"), "payments", "num_nonnulls(end_to_end_id, reference) > 0")
    op.create_index("ix_payments_unmatched", "payments", ["id"], unique=False, postgresql_where=sa.text("debt IS NULL"))


def downgrade() -> None:
    if by_slip := op.get_bind().scalar(sa.text("SELECT count(*) FROM payments WHERE end_to_end_id IS NULL")):
        raise Refusal(f"{by_slip} payments are known from a bank's file alone; schema 0002 has no place for them")
    op.alter_column("payments", "end_to_end_id", nullable=False)
    op.drop_index("ix_payments_unmatched", table_name="payments", postgresql_where=sa.text("debt IS NULL"))
    op.drop_constraint(op.f("ck_payments_reported"), "payments")
    for name in ("matched_at", "bank_file", "matched_by", "slip", "reference", "channel"):
        op.drop_column("payments", name)
    op.drop_column("debts", "slip_number")
    op.drop_table("bank_files")
