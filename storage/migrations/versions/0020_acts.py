"""What a person did to a case is a row of its own, which the case's workflow believes.

The downgrade forgets the acts; what came of them stays. The signals that only told of them go.
"""

import sqlalchemy as sa
from alembic import op

revision = "0020"
down_revision = "0019"

KINDS = "kind IN ('approve', 'reject', 'pause', 'resume')"
ROLES = "role IN ('analyst', 'supervisor', 'auditor')"


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
        sa.CheckConstraint(KINDS, name=op.f("ck_acts_kind_known")),
        sa.CheckConstraint(ROLES, name=op.f("ck_acts_role_known")),
        sa.ForeignKeyConstraint(["case"], ["cases.id"], name=op.f("fk_acts_case")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_acts")),
    )
    op.create_index(op.f("ix_acts_case"), "acts", ["case", "id"])


def downgrade() -> None:
    # a signal that the older version doesn't know would hold up all that follow it
    op.execute("DELETE FROM outbox WHERE name = 'act_recorded' AND delivered_at IS NULL")
    op.drop_table("acts")
