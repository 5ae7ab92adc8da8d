"""Instalment agreements, remissions and Pix charges; what a payment's imputation needs to know of a debt.

The downgrade forgets agreements of which nothing was paid (their debts stay on hold, the safe side), charges, and what
a debt's kind, prescription and protest are. It is refused while there is money that only this schema can explain.
"""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects.postgresql import JSONB

from models.errors import Refusal

revision = "0005"
down_revision = "0004"


def upgrade() -> None:
    op.create_table(
        "policies",
        sa.Column("digest", sa.Text(), nullable=False),
        sa.Column("label", sa.Text(), nullable=False),
        sa.Column("source", sa.Text(), nullable=False),
        sa.Column(
            "recorded_at", sa.DateTime(timezone=True), server_default=sa.text("clock_timestamp()"), nullable=False
        ),
        sa.PrimaryKeyConstraint("digest", name=op.f("pk_policies")),
    )
    op.create_table(
        "remissions",
        sa.Column("id", sa.BigInteger(), sa.Identity(always=True), nullable=False),
        sa.Column("debt", sa.Text(), nullable=False),
        sa.Column("amount", sa.Numeric(precision=15, scale=2), nullable=False),
        sa.Column("ground", sa.Text(), nullable=False),
        sa.Column("reference", sa.Text(), nullable=False),
        sa.Column("remitted_on", sa.Date(), nullable=False),
        sa.Column(
            "recorded_at", sa.DateTime(timezone=True), server_default=sa.text("clock_timestamp()"), nullable=False
        ),
        sa.ForeignKeyConstraint(["debt"], ["debts.id"], name=op.f("fk_remissions_debt")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_remissions")),
    )
    op.create_index("ix_remissions_debt", "remissions", ["debt"], unique=False)
    op.create_table(
        "agreements",
        sa.Column(
            "id",
            sa.Text(),
            server_default=sa.text("substr(replace(gen_random_uuid()::text, '-', ''), 1, 16)"),
            nullable=False,
        ),
        sa.Column("case", sa.Text(), nullable=False),
        sa.Column("policy", sa.Text(), nullable=False),
        sa.Column("terms", JSONB(), nullable=False),
        sa.Column("state", sa.Text(), server_default=sa.text("'active'"), nullable=False),
        sa.Column("renegotiation", sa.Integer(), server_default=sa.text("0"), nullable=False),
        sa.Column("amount", sa.Numeric(precision=15, scale=2), nullable=False),
        sa.Column("discount", sa.Numeric(precision=15, scale=2), nullable=False),
        sa.Column("signed_on", sa.Date(), nullable=False),
        sa.Column("signed_by", sa.Text(), nullable=False),
        sa.Column("signed_via", sa.Text(), nullable=False),
        sa.Column("effective_on", sa.Date(), nullable=True),
        sa.Column("broken_on", sa.Date(), nullable=True),
        sa.Column("decided_on", sa.Date(), nullable=True),
        sa.Column("completed_on", sa.Date(), nullable=True),
        sa.Column("next_step", JSONB(), nullable=True),
        sa.Column("revision", sa.Integer(), server_default=sa.text("0"), nullable=False),
        sa.Column(
            "recorded_at", sa.DateTime(timezone=True), server_default=sa.text("clock_timestamp()"), nullable=False
        ),
        sa.Column("closed_at", sa.DateTime(timezone=True), nullable=True),
        sa.ForeignKeyConstraint(["case"], ["cases.id"], name=op.f("fk_agreements_case")),
        sa.ForeignKeyConstraint(["policy"], ["policies.digest"], name=op.f("fk_agreements_policy")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_agreements")),
    )
    op.create_index(
        "uq_agreements_active", "agreements", ["case"], unique=True, postgresql_where=sa.text("closed_at IS NULL")
    )
    op.create_table(
        "agreement_debts",
        sa.Column("agreement", sa.Text(), nullable=False),
        sa.Column("debt", sa.Text(), nullable=False),
        sa.Column("amount", sa.Numeric(precision=15, scale=2), nullable=False),
        sa.ForeignKeyConstraint(["agreement"], ["agreements.id"], name=op.f("fk_agreement_debts_agreement")),
        sa.ForeignKeyConstraint(["debt"], ["debts.id"], name=op.f("fk_agreement_debts_debt")),
        sa.PrimaryKeyConstraint("agreement", "debt", name=op.f("pk_agreement_debts")),
    )
    op.create_index("ix_agreement_debts_debt", "agreement_debts", ["debt"], unique=False)
    op.create_table(
        "instalments",
        sa.Column(
            "id",
            sa.Text(),
            server_default=sa.text("substr(replace(gen_random_uuid()::text, '-', ''), 1, 16)"),
            nullable=False,
        ),
        sa.Column("agreement", sa.Text(), nullable=False),
        sa.Column("n", sa.Integer(), nullable=False),
        sa.Column("due", sa.Date(), nullable=False),
        sa.Column("amount", sa.Numeric(precision=15, scale=2), nullable=False),
        sa.Column("fee", sa.Numeric(precision=15, scale=2), server_default=sa.text("0"), nullable=False),
        sa.Column("credited", sa.Numeric(precision=15, scale=2), server_default=sa.text("0"), nullable=False),
        sa.Column("received", sa.Numeric(precision=15, scale=2), server_default=sa.text("0"), nullable=False),
        sa.Column("paid_on", sa.Date(), nullable=True),
        sa.Column(
            "pix_txid",
            sa.Text(),
            server_default=sa.text("'RG' || upper(replace(gen_random_uuid()::text, '-', ''))"),
            nullable=False,
        ),
        sa.Column("slip_number", sa.BigInteger(), sa.Identity(always=True, start=5000000000000), nullable=False),
        sa.CheckConstraint("amount >= 0", name=op.f("ck_instalments_amount_not_negative")),
        sa.ForeignKeyConstraint(["agreement"], ["agreements.id"], name=op.f("fk_instalments_agreement")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_instalments")),
        sa.UniqueConstraint("agreement", "n", name=op.f("uq_instalments_agreement_n")),
        sa.UniqueConstraint("pix_txid", name=op.f("uq_instalments_pix_txid")),
        sa.UniqueConstraint("slip_number", name=op.f("uq_instalments_slip_number")),
    )
    op.create_table(
        "charges",
        sa.Column("id", sa.BigInteger(), sa.Identity(always=True), nullable=False),
        sa.Column("debt", sa.Text(), nullable=True),
        sa.Column("instalment", sa.Text(), nullable=True),
        sa.Column("txid", sa.Text(), nullable=False),
        sa.Column("amount", sa.Numeric(precision=15, scale=2), nullable=False),
        sa.Column("due", sa.Date(), nullable=False),
        sa.Column("state", sa.Text(), nullable=False),
        sa.Column("location", sa.Text(), nullable=True),
        sa.Column("brcode", sa.Text(), nullable=True),
        sa.Column("revision", sa.Integer(), server_default=sa.text("0"), nullable=False),
        sa.Column(
            "recorded_at", sa.DateTime(timezone=True), server_default=sa.text("clock_timestamp()"), nullable=False
        ),
        sa.Column(
            "updated_at", sa.DateTime(timezone=True), server_default=sa.text("clock_timestamp()"), nullable=False
        ),
        sa.CheckConstraint("num_nonnulls(debt, instalment) = 1", name=op.f("ck_charges_one_purpose")),
        sa.ForeignKeyConstraint(["debt"], ["debts.id"], name=op.f("fk_charges_debt")),
        sa.ForeignKeyConstraint(["instalment"], ["instalments.id"], name=op.f("fk_charges_instalment")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_charges")),
        sa.UniqueConstraint("txid", name=op.f("uq_charges_txid")),
    )
    op.create_index(
        "uq_charges_debt", "charges", ["debt"], unique=True, postgresql_where=sa.text("state IN ('claimed', 'open')")
    )
    op.create_index(
        "uq_charges_instalment",
        "charges",
        ["instalment"],
        unique=True,
        postgresql_where=sa.text("state IN ('claimed', 'open')"),
    )
    op.create_table(
        "allocations",
        sa.Column("payment", sa.BigInteger(), nullable=False),
        sa.Column("debt", sa.Text(), nullable=False),
        sa.Column("amount", sa.Numeric(precision=15, scale=2), nullable=False),
        sa.ForeignKeyConstraint(["debt"], ["debts.id"], name=op.f("fk_allocations_debt")),
        sa.ForeignKeyConstraint(["payment"], ["payments.id"], name=op.f("fk_allocations_payment")),
        sa.PrimaryKeyConstraint("payment", "debt", name=op.f("pk_allocations")),
    )
    op.create_index("ix_allocations_debt", "allocations", ["debt"], unique=False)
    op.add_column("debtors", sa.Column("own", sa.Boolean(), server_default=sa.text("true"), nullable=False))
    op.add_column(
        "debts", sa.Column("remitted", sa.Numeric(precision=15, scale=2), server_default=sa.text("0"), nullable=False)
    )
    op.add_column("debts", sa.Column("kind", sa.Text(), server_default=sa.text("'tax'"), nullable=False))
    op.add_column("debts", sa.Column("prescribes", sa.Date(), nullable=True))
    op.add_column("debts", sa.Column("protested", sa.Boolean(), server_default=sa.text("false"), nullable=False))
    op.drop_column("debts", "balance")
    op.add_column(
        "debts",
        sa.Column(
            "balance", sa.Numeric(15, 2), sa.Computed("greatest(amount - received - remitted, 0)", persisted=True)
        ),
    )
    op.add_column("payments", sa.Column("instalment", sa.Text(), nullable=True))
    op.create_index("ix_payments_instalment", "payments", ["instalment"], unique=False)
    op.create_foreign_key(op.f("fk_payments_instalment"), "payments", "instalments", ["instalment"], ["id"])
    op.drop_index("ix_payments_unmatched", table_name="payments")
    op.create_index(
        "ix_payments_unmatched", "payments", ["id"], postgresql_where=sa.text("debt IS NULL AND instalment IS NULL")
    )
    op.create_check_constraint(op.f("ck_payments_one_purpose"), "payments", "num_nonnulls(debt, instalment) < 2")


UNEXPLAINED = """
    SELECT (SELECT count(*) FROM payments WHERE instalment IS NOT NULL)
         + (SELECT count(*) FROM allocations)
         + (SELECT count(*) FROM remissions)
"""


def downgrade() -> None:
    if op.get_bind().scalar(sa.text(UNEXPLAINED)):
        raise Refusal("instalments were paid or debts remitted; schema 0004 has no place for that")
    op.drop_constraint(op.f("ck_payments_one_purpose"), "payments")
    op.drop_index("ix_payments_unmatched", table_name="payments")
    op.create_index("ix_payments_unmatched", "payments", ["id"], postgresql_where=sa.text("debt IS NULL"))
    op.drop_constraint(op.f("fk_payments_instalment"), "payments", type_="foreignkey")
    op.drop_index("ix_payments_instalment", table_name="payments")
    op.drop_column("payments", "instalment")
    op.drop_column("debts", "protested")
    op.drop_column("debts", "prescribes")
    op.drop_column("debts", "kind")
    op.drop_column("debts", "balance")
    op.add_column(
        "debts", sa.Column("balance", sa.Numeric(15, 2), sa.Computed("greatest(amount - received, 0)", persisted=True))
    )
    op.drop_column("debts", "remitted")
    op.drop_column("debtors", "own")
    op.drop_table("allocations")
    op.drop_table("charges")
    op.drop_table("instalments")
    op.drop_table("agreement_debts")
    op.drop_table("agreements")
    op.drop_table("remissions")
    op.drop_table("policies")
