"""Prescription moves by events on record, a debt may be extinct, and prior steps are of debts.

A prior step that is on record already is of no debt in particular: nobody can tell any more which it was taken for.
"""

import sqlalchemy as sa
from alembic import op

from storage.migrations.words import forget, know

revision = "0031"
down_revision = "0030"

KINDS = ("extinction_confirmed", "extinction_refuted", "prescription_interrupted")
CAUSES = (
    "order_to_cite cda_protest judicial_protest judicial_notice acknowledgement agreement_request mediation arbitration"
    " suit_closed bankruptcy_information extrajudicial_execution"
)
GROUNDS = (
    "payment compensation transaction remission prescription lapse deposit_converted advance_payment consignment"
    " administrative_decision court_decision real_estate arbitral_award mediation_fulfilled"
)
LEFT = "greatest(amount - received - remitted, 0)"


def upgrade() -> None:
    op.create_table(
        "interruptions",
        sa.Column("id", sa.BigInteger(), sa.Identity(always=True), nullable=False),
        sa.Column("debt", sa.Text(), nullable=False),
        sa.Column("cause", sa.Text(), nullable=False),
        sa.Column("on", sa.Date(), nullable=False),
        sa.Column("reference", sa.Text(), nullable=False),
        sa.Column("recorded_by", sa.Text(), nullable=False),
        sa.Column("recorded_at", sa.DateTime(timezone=True), server_default=sa.func.clock_timestamp(), nullable=False),
        sa.ForeignKeyConstraint(["debt"], ["debts.id"], name=op.f("fk_interruptions_debt")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_interruptions")),
        sa.UniqueConstraint("debt", "cause", "on", name=op.f("uq_interruptions_debt_cause_on")),
        sa.CheckConstraint(f"cause IN ({_listed(CAUSES)})", name=op.f("ck_interruptions_cause_known")),
    )
    op.create_table(
        "extinctions",
        sa.Column("id", sa.BigInteger(), sa.Identity(always=True), nullable=False),
        sa.Column("debt", sa.Text(), nullable=False),
        sa.Column("ground", sa.Text(), nullable=False),
        sa.Column("on", sa.Date(), nullable=False),
        sa.Column("state", sa.Text(), nullable=False),
        sa.Column("decided_by", sa.Text(), nullable=False),
        sa.Column("reason", sa.Text(), nullable=False),
        sa.Column("recorded_at", sa.DateTime(timezone=True), server_default=sa.func.clock_timestamp(), nullable=False),
        sa.ForeignKeyConstraint(["debt"], ["debts.id"], name=op.f("fk_extinctions_debt")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_extinctions")),
        sa.UniqueConstraint("debt", "ground", "on", name=op.f("uq_extinctions_debt_ground_on")),
        sa.CheckConstraint(f"ground IN ({_listed(GROUNDS)})", name=op.f("ck_extinctions_ground_known")),
        sa.CheckConstraint("state IN ('confirmed', 'refuted')", name=op.f("ck_extinctions_state_known")),
    )
    op.create_table(
        "prior_step_debts",
        sa.Column("prior_step", sa.BigInteger(), nullable=False),
        sa.Column("debt", sa.Text(), nullable=False),
        sa.ForeignKeyConstraint(["prior_step"], ["prior_steps.id"], name=op.f("fk_prior_step_debts_prior_step")),
        sa.ForeignKeyConstraint(["debt"], ["debts.id"], name=op.f("fk_prior_step_debts_debt")),
        sa.PrimaryKeyConstraint("prior_step", "debt", name=op.f("pk_prior_step_debts")),
    )
    op.create_index("ix_prior_step_debts_debt", "prior_step_debts", ["debt"])
    op.drop_constraint(op.f("uq_prior_steps_case_kind"), "prior_steps")
    op.create_index("ix_prior_steps_case", "prior_steps", ["case", "id"])
    op.add_column("debts", sa.Column("extinct_on", sa.Date(), nullable=True))
    _balance(f"CASE WHEN extinct_on IS NULL THEN {LEFT} ELSE 0 END")
    know("decisions", "kind", *KINDS)
    know("tasks", "kind", "prescription")


def downgrade() -> None:
    op.execute("DELETE FROM tasks WHERE kind = 'prescription'")
    forget("tasks", "kind", "prescription")
    forget("decisions", "kind", *KINDS)
    _balance(LEFT)
    op.drop_column("debts", "extinct_on")
    op.drop_index("ix_prior_steps_case", "prior_steps")
    op.drop_table("prior_step_debts")
    op.execute("""DELETE FROM prior_steps AS later USING prior_steps AS first
                  WHERE (first."case", first.kind) = (later."case", later.kind) AND first.id < later.id""")
    op.create_unique_constraint(op.f("uq_prior_steps_case_kind"), "prior_steps", ["case", "kind"])
    op.drop_table("extinctions")
    op.drop_table("interruptions")


def _balance(expression: str) -> None:
    op.drop_column("debts", "balance")
    op.add_column("debts", sa.Column("balance", sa.Numeric(15, 2), sa.Computed(expression, persisted=True)))


def _listed(words: str) -> str:
    return ", ".join(f"'{word}'" for word in words.split())
