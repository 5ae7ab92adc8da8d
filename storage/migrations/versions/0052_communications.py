"""Communications beside the rungs, whose notices are of no rung; receipts of payments let a taxpayer's own news pass.

The way back forgets the communications with their notices; what the journal and the providers say of them stays.
"""

import sqlalchemy as sa
from alembic import op

from storage.migrations.words import forget, know

revision = "0052"
down_revision = "0051"

KINDS = ("instalment_reminder", "instalment_alert", "receipt", "correction")
LISTED = ", ".join(f"'{kind}'" for kind in KINDS)
JOURNAL = ("communication", "communication_unsent")
OF_A_RUNG = ("step", "hypothesis", "stage", "rigidity", "tone")
COHORTS = "'cohort_state_changed'::text", "'ruler_changed'::text"
ALL = "'cohort_state_changed'::text", "'communication_changed'::text", "'ruler_changed'::text"


def upgrade() -> None:
    op.create_table(
        "communications",
        sa.Column("id", sa.Text(), nullable=False),
        sa.Column("case", sa.Text(), nullable=False),
        sa.Column("kind", sa.Text(), nullable=False),
        sa.Column("instalment", sa.Text(), nullable=True),
        sa.Column("payment", sa.BigInteger(), nullable=True),
        sa.Column("asked_on", sa.Date(), nullable=False),
        sa.Column("recorded_at", sa.DateTime(timezone=True), server_default=sa.func.clock_timestamp(), nullable=False),
        sa.Column("unpaid_since", sa.DateTime(timezone=True), nullable=True),
        sa.Column("outcome", sa.Text(), nullable=True),
        sa.Column("reason", sa.Text(), nullable=True),
        sa.Column("closed_at", sa.DateTime(timezone=True), nullable=True),
        sa.CheckConstraint("num_nonnulls(instalment, payment) = 1", name=op.f("ck_communications_about_one_thing")),
        sa.CheckConstraint(
            "(outcome IS NULL) = (closed_at IS NULL)", name=op.f("ck_communications_closed_with_an_outcome")
        ),
        sa.CheckConstraint(f"kind IN ({LISTED})", name=op.f("ck_communications_kind_known")),
        sa.CheckConstraint(
            "outcome IN ('sent', 'withdrawn', 'unreached')", name=op.f("ck_communications_outcome_known")
        ),
        sa.ForeignKeyConstraint(["case"], ["cases.id"], name=op.f("fk_communications_case")),
        sa.ForeignKeyConstraint(["instalment"], ["instalments.id"], name=op.f("fk_communications_instalment")),
        sa.ForeignKeyConstraint(["payment"], ["payments.id"], name=op.f("fk_communications_payment")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_communications")),
    )
    op.create_index("ix_communications_case", "communications", ["case"])
    op.create_index("ix_communications_instalment", "communications", ["instalment"])
    op.create_index("ix_communications_payment", "communications", ["payment"])
    still_open = sa.text("closed_at IS NULL")
    op.create_index("ix_communications_open", "communications", ["id"], postgresql_where=still_open)
    op.add_column("notices", sa.Column("communication", sa.Text(), nullable=True))
    op.create_foreign_key(op.f("fk_notices_communication"), "notices", "communications", ["communication"], ["id"])
    op.create_unique_constraint(op.f("uq_notices_communication_channel"), "notices", ["communication", "channel"])
    for column in OF_A_RUNG:
        op.alter_column("notices", column, nullable=True)
    know("notices", "kind", *KINDS)
    op.create_check_constraint(
        op.f("ck_notices_of_a_rung_or_beside"),
        "notices",
        f"num_nonnulls({', '.join(OF_A_RUNG)}) = CASE WHEN communication IS NULL THEN 5 ELSE 0 END",
    )
    op.create_check_constraint(
        op.f("ck_notices_kind_of_a_rung_or_beside"),
        "notices",
        "(kind IN ('rung', 'reinstatement')) = (communication IS NULL)",
    )
    know("decisions", "kind", *JOURNAL)
    _yield(ALL)
    # an agreement's workflow sent its messages itself
    op.execute("""
        INSERT INTO outbox ("case", name, payload)
        SELECT "case", 'history_retired', jsonb_build_object('agreement', id) FROM agreements WHERE closed_at IS NULL
    """)


def downgrade() -> None:
    op.execute("DELETE FROM outbox WHERE name = 'communication_changed'")
    op.execute("DELETE FROM outbox WHERE name = 'history_retired' AND payload ->> 'agreement' IS NOT NULL")
    _yield(COHORTS)
    forget("decisions", "kind", *JOURNAL)
    for table in ("delivery_events", "suppressed_contacts"):
        op.execute(
            f"UPDATE {table} SET notice = NULL FROM notices"  # noqa: S608 - constants
            f" WHERE notices.id = {table}.notice AND communication IS NOT NULL"
        )
    op.execute("DELETE FROM notices WHERE communication IS NOT NULL")
    op.drop_constraint(op.f("ck_notices_kind_of_a_rung_or_beside"), "notices")
    op.drop_constraint(op.f("ck_notices_of_a_rung_or_beside"), "notices")
    forget("notices", "kind", *KINDS)
    for column in OF_A_RUNG:
        op.alter_column("notices", column, nullable=False)
    op.drop_column("notices", "communication")
    op.drop_table("communications")


def _yield(events: tuple[str, ...]) -> None:
    """Have the relay deliver these events after all others."""
    op.drop_index("ix_outbox_due", "outbox")
    last = sa.text(f"(name = ANY (ARRAY[{', '.join(events)}]))")
    op.create_index("ix_outbox_due", "outbox", [last, "id"], postgresql_where=sa.text("delivered_at IS NULL"))
