"""The ground: people, debts, filings, benefits, cases, notices, money and the journal."""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

revision = "0001"
down_revision = None

# a decision is never changed or taken back; what follows from it is another row
APPEND_ONLY = """
CREATE FUNCTION refuse_change() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    RAISE EXCEPTION 'table % is append-only', TG_TABLE_NAME;
END $$;
CREATE TRIGGER decisions_append_only BEFORE UPDATE OR DELETE OR TRUNCATE ON decisions
    FOR EACH STATEMENT EXECUTE FUNCTION refuse_change();
"""


def upgrade() -> None:
    op.create_table(
        "debts",
        sa.Column(
            "id",
            sa.Text(),
            server_default=sa.text("substr(replace(gen_random_uuid()::text, '-', ''), 1, 16)"),
            nullable=False,
        ),
        sa.Column("tax", sa.Text(), nullable=False),
        sa.Column("inscription", sa.Text(), nullable=False),
        sa.Column("period", sa.Text(), nullable=True),
        sa.Column("due", sa.Date(), nullable=False),
        sa.Column("litigation", sa.Boolean(), server_default=sa.text("false"), nullable=False),
        sa.Column("amount", sa.Numeric(precision=15, scale=2), nullable=False),
        sa.Column("received", sa.Numeric(precision=15, scale=2), server_default=sa.text("0"), nullable=False),
        sa.Column(
            "balance",
            sa.Numeric(precision=15, scale=2),
            sa.Computed("greatest(amount - received, 0)", persisted=True),
            nullable=True,
        ),
        sa.Column(
            "pix_txid",
            sa.Text(),
            server_default=sa.text("'RG' || upper(replace(gen_random_uuid()::text, '-', ''))"),
            nullable=False,
        ),
        sa.CheckConstraint("amount > 0", name=op.f("ck_debts_amount_positive")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_debts")),
        sa.UniqueConstraint("pix_txid", name=op.f("uq_debts_pix_txid")),
        sa.UniqueConstraint("tax", "inscription", name=op.f("uq_debts_tax_inscription")),
    )
    op.create_table(
        "rulers",
        sa.Column("digest", sa.Text(), nullable=False),
        sa.Column("label", sa.Text(), nullable=False),
        sa.Column("source", sa.Text(), nullable=False),
        sa.Column("holidays", postgresql.JSONB(astext_type=sa.Text()), nullable=False),
        sa.Column(
            "recorded_at", sa.DateTime(timezone=True), server_default=sa.text("clock_timestamp()"), nullable=False
        ),
        sa.PrimaryKeyConstraint("digest", name=op.f("pk_rulers")),
    )
    op.create_table(
        "taxpayers",
        sa.Column("id", sa.BigInteger(), sa.Identity(always=True), nullable=False),
        sa.Column("key", sa.Text(), nullable=False),
        sa.Column("tax_id", sa.Text(), nullable=False),
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column("is_company", sa.Boolean(), nullable=False),
        sa.Column("email", sa.Text(), nullable=True),
        sa.Column("phone", sa.Text(), nullable=True),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_taxpayers")),
        sa.UniqueConstraint("key", name=op.f("uq_taxpayers_key")),
    )
    op.create_table(
        "benefits",
        sa.Column(
            "id",
            sa.Text(),
            server_default=sa.text("substr(replace(gen_random_uuid()::text, '-', ''), 1, 16)"),
            nullable=False,
        ),
        sa.Column("taxpayer", sa.BigInteger(), nullable=False),
        sa.Column("code", sa.Text(), nullable=False),
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column("tax", sa.Text(), nullable=True),
        sa.ForeignKeyConstraint(["taxpayer"], ["taxpayers.id"], name=op.f("fk_benefits_taxpayer")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_benefits")),
        sa.UniqueConstraint("taxpayer", "code", name=op.f("uq_benefits_taxpayer_code")),
    )
    op.create_table(
        "cohorts",
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column("ruler", sa.Text(), nullable=False),
        sa.Column("started_by", sa.Text(), nullable=False),
        sa.Column("selection", postgresql.JSONB(astext_type=sa.Text()), nullable=False),
        sa.Column("clock", postgresql.JSONB(astext_type=sa.Text()), nullable=False),
        sa.Column(
            "started_at", sa.DateTime(timezone=True), server_default=sa.text("clock_timestamp()"), nullable=False
        ),
        sa.ForeignKeyConstraint(["ruler"], ["rulers.digest"], name=op.f("fk_cohorts_ruler")),
        sa.PrimaryKeyConstraint("name", name=op.f("pk_cohorts")),
    )
    op.create_table(
        "debtors",
        sa.Column("debt", sa.Text(), nullable=False),
        sa.Column("taxpayer", sa.BigInteger(), nullable=False),
        sa.Column("uf", sa.Text(), nullable=True),
        sa.ForeignKeyConstraint(["debt"], ["debts.id"], name=op.f("fk_debtors_debt")),
        sa.ForeignKeyConstraint(["taxpayer"], ["taxpayers.id"], name=op.f("fk_debtors_taxpayer")),
        sa.PrimaryKeyConstraint("debt", "taxpayer", name=op.f("pk_debtors")),
    )
    op.create_index("ix_debtors_taxpayer", "debtors", ["taxpayer"], unique=False)
    op.create_table(
        "filings",
        sa.Column("id", sa.BigInteger(), sa.Identity(always=True), nullable=False),
        sa.Column("taxpayer", sa.BigInteger(), nullable=False),
        sa.Column("tax", sa.Text(), nullable=False),
        sa.Column("period", sa.Text(), nullable=False),
        sa.Column("due", sa.Date(), nullable=False),
        sa.Column("status", sa.Text(), nullable=False),
        sa.Column("filed_on", sa.Date(), nullable=True),
        sa.Column("declared", sa.Numeric(precision=15, scale=2), nullable=True),
        sa.Column("assessed", sa.Numeric(precision=15, scale=2), nullable=True),
        sa.Column("paid", sa.Numeric(precision=15, scale=2), server_default=sa.text("0"), nullable=False),
        sa.Column("paid_on", sa.Date(), nullable=True),
        sa.Column("paid_before_due", sa.Numeric(precision=15, scale=2), server_default=sa.text("0"), nullable=False),
        sa.Column("corrected", sa.Numeric(precision=15, scale=2), nullable=True),
        sa.Column("corrected_on", sa.Date(), nullable=True),
        sa.Column(
            "recorded_at", sa.DateTime(timezone=True), server_default=sa.text("clock_timestamp()"), nullable=False
        ),
        sa.Column("superseded_at", sa.DateTime(timezone=True), nullable=True),
        sa.ForeignKeyConstraint(["taxpayer"], ["taxpayers.id"], name=op.f("fk_filings_taxpayer")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_filings")),
    )
    op.create_index(
        "uq_filings_current",
        "filings",
        ["taxpayer", "tax", "period"],
        unique=True,
        postgresql_where=sa.text("superseded_at IS NULL"),
    )
    op.create_table(
        "holds",
        sa.Column("id", sa.BigInteger(), sa.Identity(always=True), nullable=False),
        sa.Column("debt", sa.Text(), nullable=False),
        sa.Column("ground", sa.Text(), nullable=False),
        sa.Column("source", sa.Text(), nullable=False),
        sa.Column("placed_at", sa.DateTime(timezone=True), server_default=sa.text("clock_timestamp()"), nullable=False),
        sa.Column("lifted_at", sa.DateTime(timezone=True), nullable=True),
        sa.ForeignKeyConstraint(["debt"], ["debts.id"], name=op.f("fk_holds_debt")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_holds")),
    )
    op.create_index(
        "uq_holds_current", "holds", ["debt", "ground"], unique=True, postgresql_where=sa.text("lifted_at IS NULL")
    )
    op.create_table(
        "payments",
        sa.Column("id", sa.BigInteger(), sa.Identity(always=True), nullable=False),
        sa.Column("end_to_end_id", sa.Text(), nullable=False),
        sa.Column("txid", sa.Text(), nullable=True),
        sa.Column("debt", sa.Text(), nullable=True),
        sa.Column("amount", sa.Numeric(precision=15, scale=2), nullable=False),
        sa.Column("paid_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("paid_on", sa.Date(), nullable=False),
        sa.Column(
            "recorded_at", sa.DateTime(timezone=True), server_default=sa.text("clock_timestamp()"), nullable=False
        ),
        sa.CheckConstraint("amount > 0", name=op.f("ck_payments_amount_positive")),
        sa.ForeignKeyConstraint(["debt"], ["debts.id"], name=op.f("fk_payments_debt")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_payments")),
        sa.UniqueConstraint("end_to_end_id", name=op.f("uq_payments_end_to_end_id")),
    )
    op.create_index("ix_payments_debt", "payments", ["debt"], unique=False)
    op.create_table(
        "cases",
        sa.Column(
            "id",
            sa.Text(),
            server_default=sa.text("substr(replace(gen_random_uuid()::text, '-', ''), 1, 16)"),
            nullable=False,
        ),
        sa.Column("taxpayer", sa.BigInteger(), nullable=False),
        sa.Column("tax", sa.Text(), nullable=False),
        sa.Column("cohort", sa.Text(), nullable=False),
        sa.Column("status", sa.Text(), server_default=sa.text("'running'"), nullable=False),
        sa.Column("position", postgresql.JSONB(astext_type=sa.Text()), nullable=False),
        sa.Column("next_step", postgresql.JSONB(astext_type=sa.Text()), nullable=True),
        sa.Column("revision", sa.Integer(), server_default=sa.text("0"), nullable=False),
        sa.Column("paused_by", sa.Text(), nullable=True),
        sa.Column("hardship_on", sa.Date(), nullable=True),
        sa.Column("opened_at", sa.DateTime(timezone=True), server_default=sa.text("clock_timestamp()"), nullable=False),
        sa.Column("closed_at", sa.DateTime(timezone=True), nullable=True),
        sa.ForeignKeyConstraint(["cohort"], ["cohorts.name"], name=op.f("fk_cases_cohort")),
        sa.ForeignKeyConstraint(["taxpayer"], ["taxpayers.id"], name=op.f("fk_cases_taxpayer")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_cases")),
    )
    op.create_index("ix_cases_cohort_status", "cases", ["cohort", "status"], unique=False)
    op.create_index("ix_cases_taxpayer_tax", "cases", ["taxpayer", "tax"], unique=False)
    op.create_index(
        "uq_cases_open", "cases", ["taxpayer", "tax"], unique=True, postgresql_where=sa.text("closed_at IS NULL")
    )
    op.create_table(
        "reversals",
        sa.Column("id", sa.BigInteger(), sa.Identity(always=True), nullable=False),
        sa.Column("payment", sa.BigInteger(), nullable=False),
        sa.Column("reference", sa.Text(), nullable=False),
        sa.Column("amount", sa.Numeric(precision=15, scale=2), nullable=False),
        sa.Column("reversed_on", sa.Date(), nullable=False),
        sa.Column(
            "recorded_at", sa.DateTime(timezone=True), server_default=sa.text("clock_timestamp()"), nullable=False
        ),
        sa.CheckConstraint("amount > 0", name=op.f("ck_reversals_amount_positive")),
        sa.ForeignKeyConstraint(["payment"], ["payments.id"], name=op.f("fk_reversals_payment")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_reversals")),
        sa.UniqueConstraint("payment", "reference", name=op.f("uq_reversals_payment_reference")),
    )
    op.create_table(
        "decisions",
        sa.Column("id", sa.BigInteger(), sa.Identity(always=True), nullable=False),
        sa.Column("case", sa.Text(), nullable=False),
        sa.Column("at", sa.Date(), nullable=False),
        sa.Column("kind", sa.Text(), nullable=False),
        sa.Column("reason", sa.Text(), nullable=False),
        sa.Column("hypothesis", sa.Text(), nullable=True),
        sa.Column("stage", sa.Text(), nullable=True),
        sa.Column("rigidity", sa.Integer(), nullable=True),
        sa.Column("occurrences", sa.Integer(), nullable=True),
        sa.Column("ruler", sa.Text(), nullable=False),
        sa.Column("evidence", postgresql.JSONB(astext_type=sa.Text()), nullable=False),
        sa.Column(
            "recorded_at", sa.DateTime(timezone=True), server_default=sa.text("clock_timestamp()"), nullable=False
        ),
        sa.ForeignKeyConstraint(["case"], ["cases.id"], name=op.f("fk_decisions_case")),
        sa.ForeignKeyConstraint(["ruler"], ["rulers.digest"], name=op.f("fk_decisions_ruler")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_decisions")),
    )
    op.create_index("ix_decisions_case", "decisions", ["case", "id"], unique=False)
    op.create_table(
        "notices",
        sa.Column("id", sa.Text(), nullable=False),
        sa.Column("case", sa.Text(), nullable=False),
        sa.Column("step", sa.Integer(), nullable=False),
        sa.Column("channel", sa.Text(), nullable=False),
        sa.Column("at", sa.Date(), nullable=False),
        sa.Column("hypothesis", sa.Text(), nullable=False),
        sa.Column("stage", sa.Text(), nullable=False),
        sa.Column("rigidity", sa.Integer(), nullable=False),
        sa.Column("tone", sa.Text(), nullable=False),
        sa.Column("template", sa.Text(), nullable=False),
        sa.Column("formal", sa.Boolean(), nullable=False),
        sa.Column("status", sa.Text(), nullable=False),
        sa.Column("subject", sa.Text(), nullable=True),
        sa.Column("body", sa.Text(), nullable=False),
        sa.Column(
            "claimed_at", sa.DateTime(timezone=True), server_default=sa.text("clock_timestamp()"), nullable=False
        ),
        sa.Column("sent_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("served_on", sa.Date(), nullable=True),
        sa.Column("served_by", sa.Text(), nullable=True),
        sa.Column("served_reference", sa.Text(), nullable=True),
        sa.ForeignKeyConstraint(["case"], ["cases.id"], name=op.f("fk_notices_case")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_notices")),
        sa.UniqueConstraint("case", "step", "channel", name=op.f("uq_notices_case_step_channel")),
    )
    op.create_table(
        "owed_signals",
        sa.Column("id", sa.BigInteger(), sa.Identity(always=True), nullable=False),
        sa.Column("case", sa.Text(), nullable=False),
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column("payload", postgresql.JSONB(astext_type=sa.Text()), nullable=False),
        sa.Column(
            "recorded_at", sa.DateTime(timezone=True), server_default=sa.text("clock_timestamp()"), nullable=False
        ),
        sa.Column("delivered_at", sa.DateTime(timezone=True), nullable=True),
        sa.ForeignKeyConstraint(["case"], ["cases.id"], name=op.f("fk_owed_signals_case")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_owed_signals")),
    )
    op.create_index(
        "ix_owed_signals_due", "owed_signals", ["id"], unique=False, postgresql_where=sa.text("delivered_at IS NULL")
    )
    op.create_table(
        "suspensions",
        sa.Column("id", sa.BigInteger(), sa.Identity(always=True), nullable=False),
        sa.Column("benefit", sa.Text(), nullable=False),
        sa.Column("case", sa.Text(), nullable=False),
        sa.Column("suspended_on", sa.Date(), nullable=False),
        sa.Column("approved_by", sa.Text(), nullable=False),
        sa.Column("reinstated_on", sa.Date(), nullable=True),
        sa.Column(
            "recorded_at", sa.DateTime(timezone=True), server_default=sa.text("clock_timestamp()"), nullable=False
        ),
        sa.Column("reinstated_at", sa.DateTime(timezone=True), nullable=True),
        sa.ForeignKeyConstraint(["benefit"], ["benefits.id"], name=op.f("fk_suspensions_benefit")),
        sa.ForeignKeyConstraint(["case"], ["cases.id"], name=op.f("fk_suspensions_case")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_suspensions")),
    )
    op.create_index(
        "uq_suspensions_current",
        "suspensions",
        ["benefit", "case"],
        unique=True,
        postgresql_where=sa.text("reinstated_at IS NULL"),
    )

    op.execute(APPEND_ONLY)


def downgrade() -> None:
    op.drop_index("uq_suspensions_current", table_name="suspensions", postgresql_where=sa.text("reinstated_at IS NULL"))
    op.drop_table("suspensions")
    op.drop_index("ix_owed_signals_due", table_name="owed_signals", postgresql_where=sa.text("delivered_at IS NULL"))
    op.drop_table("owed_signals")
    op.drop_table("notices")
    op.drop_index("ix_decisions_case", table_name="decisions")
    op.drop_table("decisions")
    op.drop_table("reversals")
    op.drop_index("uq_cases_open", table_name="cases", postgresql_where=sa.text("closed_at IS NULL"))
    op.drop_index("ix_cases_taxpayer_tax", table_name="cases")
    op.drop_index("ix_cases_cohort_status", table_name="cases")
    op.drop_table("cases")
    op.drop_index("ix_payments_debt", table_name="payments")
    op.drop_table("payments")
    op.drop_index("uq_holds_current", table_name="holds", postgresql_where=sa.text("lifted_at IS NULL"))
    op.drop_table("holds")
    op.drop_index("uq_filings_current", table_name="filings", postgresql_where=sa.text("superseded_at IS NULL"))
    op.drop_table("filings")
    op.drop_index("ix_debtors_taxpayer", table_name="debtors")
    op.drop_table("debtors")
    op.drop_table("cohorts")
    op.drop_table("benefits")
    op.drop_table("taxpayers")
    op.drop_table("rulers")
    op.drop_table("debts")
    op.execute("DROP FUNCTION refuse_change")
