"""Conversations with taxpayers by flows, and each line of them.

The way back forgets them.
"""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects.postgresql import JSONB

revision = "0071"
down_revision = "0070"

NOW = sa.text("clock_timestamp()")


def upgrade() -> None:
    op.create_table(
        "conversations",
        sa.Column("id", sa.BigInteger(), sa.Identity(always=True), nullable=False),
        sa.Column("token", sa.Text(), nullable=False),
        sa.Column("case", sa.Text(), nullable=True),
        sa.Column("flow", sa.Text(), nullable=False),
        sa.Column("pinned", JSONB(), nullable=False),
        sa.Column("place", JSONB(), nullable=False),
        sa.Column("held_by", sa.Text(), server_default=sa.text("'bot'"), nullable=False),
        sa.Column("agent", sa.Text(), nullable=True),
        sa.Column("queued_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("opened_at", sa.DateTime(timezone=True), server_default=NOW, nullable=False),
        sa.CheckConstraint(
            "(held_by = 'person') = (agent IS NOT NULL)", name=op.f("ck_conversations_held_by_a_person")
        ),
        sa.CheckConstraint(
            "held_by IN ('bot', 'queue', 'person', 'nobody')", name=op.f("ck_conversations_held_by_known")
        ),
        sa.ForeignKeyConstraint(["case"], ["cases.id"], name=op.f("fk_conversations_case")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_conversations")),
        sa.UniqueConstraint("token", name=op.f("uq_conversations_token")),
    )
    op.create_index("ix_conversations_case", "conversations", ["case"])
    op.create_index(
        "ix_conversations_queued",
        "conversations",
        ["queued_at"],
        postgresql_where=sa.text("held_by IN ('queue', 'person')"),
    )
    op.create_table(
        "conversation_lines",
        sa.Column("id", sa.BigInteger(), sa.Identity(always=True), nullable=False),
        sa.Column("conversation", sa.BigInteger(), nullable=False),
        sa.Column("by", sa.Text(), nullable=False),
        sa.Column("agent", sa.Text(), nullable=True),
        sa.Column("text", sa.Text(), nullable=False),
        sa.Column("event", sa.Text(), nullable=True),
        sa.Column("unclear", sa.Boolean(), server_default=sa.text("false"), nullable=False),
        sa.Column("at", sa.DateTime(timezone=True), server_default=NOW, nullable=False),
        sa.CheckConstraint("by IN ('taxpayer', 'bot', 'person')", name=op.f("ck_conversation_lines_by_known")),
        sa.ForeignKeyConstraint(
            ["conversation"], ["conversations.id"], name=op.f("fk_conversation_lines_conversation")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_conversation_lines")),
        sa.UniqueConstraint("conversation", "event", name=op.f("uq_conversation_lines_conversation_event")),
    )
    op.create_index("ix_conversation_lines_conversation", "conversation_lines", ["conversation", "id"])
    op.create_index("ix_conversation_lines_unclear", "conversation_lines", ["id"], postgresql_where=sa.text("unclear"))


def downgrade() -> None:
    op.drop_table("conversation_lines")
    op.drop_table("conversations")
