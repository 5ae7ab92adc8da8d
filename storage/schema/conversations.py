"""Conversations with taxpayers, and each line of them."""

from sqlalchemy import (
    BigInteger,
    Boolean,
    CheckConstraint,
    Column,
    DateTime,
    ForeignKey,
    Identity,
    Index,
    Table,
    Text,
    UniqueConstraint,
    text,
)
from sqlalchemy.dialects.postgresql import JSONB

from storage.schema.base import NOW, metadata, one_of

conversations = Table(
    "conversations",
    metadata,
    Column("id", BigInteger, Identity(always=True), primary_key=True),
    # who has it may read the conversation and write in it
    Column("token", Text, nullable=False, unique=True),
    # the case whose link it was opened by; none: nobody is known
    Column("case", ForeignKey("cases.id")),
    Column("flow", Text, nullable=False),
    # the digests of all flows, by name, as they were when it began
    Column("pinned", JSONB, nullable=False),
    # a models.conversation.engine.Place
    Column("place", JSONB, nullable=False),
    Column("held_by", Text, nullable=False, server_default=text("'bot'")),
    # the agent, while a person holds it
    Column("agent", Text),
    Column("queued_at", DateTime(timezone=True)),
    Column("opened_at", DateTime(timezone=True), nullable=False, server_default=NOW),
    CheckConstraint("(held_by = 'person') = (agent IS NOT NULL)", name="held_by_a_person"),
    Index("ix_conversations_queued", "queued_at", postgresql_where=text("held_by IN ('queue', 'person')")),
    Index("ix_conversations_case", "case"),
    one_of("held_by", ("bot", "queue", "person", "nobody")),
)


conversation_lines = Table(
    "conversation_lines",
    metadata,
    Column("id", BigInteger, Identity(always=True), primary_key=True),
    Column("conversation", ForeignKey("conversations.id"), nullable=False),
    Column("by", Text, nullable=False),
    # the agent, of a person's line
    Column("agent", Text),
    Column("text", Text, nullable=False),
    # by which a repetition of a taxpayer's line is known
    Column("event", Text),
    # the flow didn't understand it
    Column("unclear", Boolean, nullable=False, server_default=text("false")),
    Column("at", DateTime(timezone=True), nullable=False, server_default=NOW),
    UniqueConstraint("conversation", "event"),
    Index("ix_conversation_lines_conversation", "conversation", "id"),
    Index("ix_conversation_lines_unclear", "id", postgresql_where=text("unclear")),
    one_of("by", ("taxpayer", "bot", "person")),
)
