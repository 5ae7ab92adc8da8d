"""Slips that we issue, numbered at their bank, and the files that register them.

The downgrade is refused while there are slips, which people hold in their hands.
"""

import sqlalchemy as sa
from alembic import op

from models.errors import Refusal

revision = "0033"
down_revision = "0032"

NOW = sa.text("clock_timestamp()")


def upgrade() -> None:
    op.create_table(
        "remittances",
        sa.Column("id", sa.BigInteger(), sa.Identity(always=True), nullable=False),
        sa.Column("bank", sa.Text(), nullable=False),
        sa.Column("number", sa.Integer(), nullable=False),
        sa.Column("slips", sa.Integer(), nullable=False),
        sa.Column("content", sa.Text(), nullable=False),
        sa.Column("made_by", sa.Text(), nullable=False),
        sa.Column("recorded_at", sa.DateTime(timezone=True), server_default=NOW, nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_remittances")),
        sa.UniqueConstraint("bank", "number", name=op.f("uq_remittances_bank_number")),
    )
    op.create_table(
        "slips",
        sa.Column("id", sa.BigInteger(), sa.Identity(always=True), nullable=False),
        sa.Column("kind", sa.Text(), nullable=False),
        sa.Column("debt", sa.Text(), nullable=True),
        sa.Column("instalment", sa.Text(), nullable=True),
        sa.Column("taxpayer", sa.BigInteger(), nullable=False),
        sa.Column("amount", sa.Numeric(15, 2), nullable=False),
        sa.Column("due", sa.Date(), nullable=False),
        sa.Column("issued_on", sa.Date(), nullable=False),
        sa.Column("issued_by", sa.Text(), nullable=False),
        sa.Column("barcode", sa.Text(), nullable=False),
        sa.Column("beneficiary", sa.Text(), nullable=False),
        sa.Column("beneficiary_tax_id", sa.Text(), server_default=sa.text("''"), nullable=False),
        sa.Column("bank", sa.Text(), nullable=True),
        sa.Column("account", sa.Text(), nullable=True),
        sa.Column("wallet", sa.Text(), nullable=True),
        sa.Column("sequence", sa.BigInteger(), nullable=True),
        sa.Column("printed_number", sa.Text(), nullable=True),
        sa.Column("remitted_number", sa.Text(), nullable=True),
        sa.Column("returned_number", sa.BigInteger(), nullable=True),
        sa.Column("remittance", sa.BigInteger(), nullable=True),
        sa.Column("recorded_at", sa.DateTime(timezone=True), server_default=NOW, nullable=False),
        sa.CheckConstraint("num_nonnulls(debt, instalment) = 1", name=op.f("ck_slips_one_purpose")),
        sa.CheckConstraint("amount > 0", name=op.f("ck_slips_amount_positive")),
        sa.CheckConstraint(
            "num_nonnulls(bank, sequence, returned_number) = CASE kind WHEN 'boleto' THEN 3 ELSE 0 END",
            name=op.f("ck_slips_numbered"),
        ),
        sa.CheckConstraint("kind IN ('boleto', 'collection')", name=op.f("ck_slips_kind_known")),
        sa.ForeignKeyConstraint(["debt"], ["debts.id"], name=op.f("fk_slips_debt")),
        sa.ForeignKeyConstraint(["instalment"], ["instalments.id"], name=op.f("fk_slips_instalment")),
        sa.ForeignKeyConstraint(["taxpayer"], ["taxpayers.id"], name=op.f("fk_slips_taxpayer")),
        sa.ForeignKeyConstraint(["remittance"], ["remittances.id"], name=op.f("fk_slips_remittance")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_slips")),
        sa.UniqueConstraint("bank", "sequence", name=op.f("uq_slips_bank_sequence")),
        sa.UniqueConstraint("bank", "returned_number", name=op.f("uq_slips_bank_returned_number")),
    )
    for column in ("debt", "instalment", "taxpayer", "remittance"):
        op.create_index(op.f(f"ix_slips_{column}"), "slips", [column])


def downgrade() -> None:
    if issued := op.get_bind().scalar(sa.text("SELECT count(*) FROM slips")):
        raise Refusal(f"{issued} slips were issued, for which schema 0032 has no place")
    op.drop_table("slips")
    op.drop_table("remittances")
