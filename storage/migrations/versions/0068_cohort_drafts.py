"""Drafts of cohorts are kept, with what the check of each found."""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects.postgresql import JSONB

revision = "0068"
down_revision = "0067"


def upgrade() -> None:
    now = sa.func.clock_timestamp()
    op.create_table(
        "cohort_drafts",
        sa.Column("id", sa.BigInteger(), sa.Identity(always=True), nullable=False),
        sa.Column("made_by", sa.Text(), nullable=False),
        sa.Column("made_at", sa.DateTime(timezone=True), nullable=False, server_default=now),
        sa.Column("fields", JSONB(), nullable=False, server_default=sa.text("'{}'")),
        sa.Column("changed_at", sa.DateTime(timezone=True), nullable=False, server_default=now),
        sa.Column("check_asked_at", sa.DateTime(timezone=True)),
        sa.Column("leased_until", sa.DateTime(timezone=True)),
        sa.Column("seen", sa.Integer(), nullable=False, server_default=sa.text("0")),
        sa.Column("named", sa.Integer()),
        sa.Column("found", JSONB()),
        sa.Column("failure", sa.Text()),
        sa.Column("checked_at", sa.DateTime(timezone=True)),
        sa.Column("started_as", sa.Text()),
        sa.Column("dropped_at", sa.DateTime(timezone=True)),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_cohort_drafts")),
    )


def downgrade() -> None:
    op.drop_table("cohort_drafts")
