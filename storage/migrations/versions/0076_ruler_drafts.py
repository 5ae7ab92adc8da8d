"""Drafts of rulers are kept: the texts that somebody means to publish, and who changed them."""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects.postgresql import JSONB

revision = "0076"
down_revision = "0075"


def upgrade() -> None:
    now = sa.func.clock_timestamp()
    op.create_table(
        "ruler_drafts",
        sa.Column("id", sa.BigInteger(), sa.Identity(always=True), nullable=False),
        sa.Column("ruler", sa.Text(), nullable=False),
        sa.Column("made_by", sa.Text(), nullable=False),
        sa.Column("made_at", sa.DateTime(timezone=True), nullable=False, server_default=now),
        sa.Column("texts", JSONB(), nullable=False),
        sa.Column("revision", sa.Integer(), nullable=False, server_default=sa.text("0")),
        sa.Column("editors", JSONB(), nullable=False, server_default=sa.text("'[]'")),
        sa.Column("changed_at", sa.DateTime(timezone=True), nullable=False, server_default=now),
        sa.Column("published_at", sa.DateTime(timezone=True)),
        sa.Column("dropped_at", sa.DateTime(timezone=True)),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_ruler_drafts")),
    )
    is_open = sa.text("published_at IS NULL AND dropped_at IS NULL")
    op.create_index("uq_ruler_drafts_open", "ruler_drafts", ["ruler"], unique=True, postgresql_where=is_open)


def downgrade() -> None:
    op.drop_table("ruler_drafts")
