"""Promises to pay, their kinds of journal entries, and the task to follow up a broken one."""

import sqlalchemy as sa
from alembic import op

from storage.migrations.words import forget, know

revision = "0060"
down_revision = "0059"

KINDS = (
    "promise_made",
    "promise_kept",
    "promise_kept_in_part",
    "promise_broken",
    "promise_reopened",
    "promise_cancelled",
    "promise_overtaken",
)


def upgrade() -> None:
    op.create_table(
        "promises",
        sa.Column("id", sa.BigInteger(), sa.Identity(always=True), nullable=False),
        sa.Column("case", sa.Text(), nullable=False),
        sa.Column("amount", sa.Numeric(15, 2), nullable=False),
        sa.Column("promised_for", sa.Date(), nullable=False),
        sa.Column("due", sa.Date(), nullable=False),
        sa.Column("judged_on", sa.Date(), nullable=False),
        sa.Column("channel", sa.Text(), nullable=False),
        sa.Column("made_by", sa.Text(), nullable=False),
        sa.Column("made_on", sa.Date(), nullable=False),
        sa.Column("after_payment", sa.BigInteger(), nullable=False),
        sa.Column(
            "recorded_at", sa.DateTime(timezone=True), server_default=sa.text("clock_timestamp()"), nullable=False
        ),
        sa.Column("state", sa.Text(), server_default=sa.text("'open'"), nullable=False),
        sa.Column("paid", sa.Numeric(15, 2), server_default=sa.text("0"), nullable=False),
        sa.Column("decided_on", sa.Date(), nullable=True),
        sa.Column("cancelled_by", sa.Text(), nullable=True),
        sa.Column("reason", sa.Text(), nullable=True),
        sa.CheckConstraint("amount > 0", name=op.f("ck_promises_amount_positive")),
        sa.CheckConstraint(
            "made_on <= promised_for AND promised_for <= due AND due < judged_on",
            name=op.f("ck_promises_days_in_order"),
        ),
        sa.CheckConstraint(
            "(state = 'cancelled') = (cancelled_by IS NOT NULL)", name=op.f("ck_promises_cancelled_by_somebody")
        ),
        sa.CheckConstraint("channel IN ('phone', 'counter', 'reply')", name=op.f("ck_promises_channel_known")),
        sa.CheckConstraint(
            "state IN ('open', 'kept', 'kept_in_part', 'broken', 'cancelled', 'overtaken')",
            name=op.f("ck_promises_state_known"),
        ),
        sa.ForeignKeyConstraint(["case"], ["cases.id"], name=op.f("fk_promises_case")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_promises")),
    )
    op.create_index("ix_promises_case", "promises", ["case", "id"])
    op.create_index("ix_promises_open", "promises", ["judged_on"], postgresql_where=sa.text("state = 'open'"))
    know("decisions", "kind", *KINDS)
    know("tasks", "kind", "promise")


def downgrade() -> None:
    op.execute("DELETE FROM tasks WHERE kind = 'promise'")
    forget("tasks", "kind", "promise")
    forget("decisions", "kind", *KINDS)
    op.drop_table("promises")
