"""What a person did to a case is a row of its own, which a workflow believes; and the day of a case's pause is known.

The downgrade forgets both; what came of the acts stays. The signals that only told of them go.
"""

import sqlalchemy as sa
from alembic import op

revision = "0017"
down_revision = "0016"

KINDS = "kind IN ('approve', 'reject', 'pause', 'resume')"


def upgrade() -> None:
    op.create_table(
        "acts",
        sa.Column("id", sa.BigInteger(), sa.Identity(always=True), nullable=False),
        sa.Column("kind", sa.Text(), nullable=False),
        sa.Column("case", sa.Text(), nullable=False),
        sa.Column("who", sa.Text(), nullable=False),
        sa.Column("role", sa.Text(), nullable=True),
        sa.Column("seen", sa.Text(), nullable=True),
        sa.Column("reason", sa.Text(), nullable=False),
        sa.Column("at", sa.DateTime(timezone=True), server_default=sa.text("clock_timestamp()"), nullable=False),
        sa.CheckConstraint(KINDS, name=op.f("ck_acts_kind")),
        sa.ForeignKeyConstraint(["case"], ["cases.id"], name=op.f("fk_acts_case")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_acts")),
    )
    op.create_index(op.f("ix_acts_case"), "acts", ["case", "id"])
    op.add_column("cases", sa.Column("paused_on", sa.Date(), nullable=True))


def downgrade() -> None:
    # a signal that the older version doesn't know would hold up all that follow it
    op.execute("DELETE FROM outbox WHERE name = 'act_recorded' AND delivered_at IS NULL")
    op.drop_column("cases", "paused_on")
    op.drop_table("acts")
