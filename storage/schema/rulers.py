"""Rulers and policies as they were pinned, their assets, and an authority's published versions."""

from sqlalchemy import Boolean, CheckConstraint, Column, DateTime, Integer, Table, Text, text
from sqlalchemy.dialects.postgresql import JSONB

from storage.schema.base import NOW, metadata

# a text that rulers and policies are made of: a template, a table. Never changed, never deleted
assets = Table(
    "assets",
    metadata,
    # SHA-256 of the content
    Column("digest", Text, primary_key=True),
    Column("content", Text, nullable=False),
    Column("recorded_at", DateTime(timezone=True), nullable=False, server_default=NOW),
)


# the versions of what an authority wrote itself: rulers, policies, tables, sets of templates
published = Table(
    "published",
    metadata,
    # models.assets.PublishedKind
    Column("kind", Text, primary_key=True),
    Column("name", Text, primary_key=True),
    Column("version", Integer, primary_key=True),
    # of what it consists of
    Column("digest", Text, nullable=False),
    # names, as models/assets.py says them → assets.digest
    Column("assets", JSONB, nullable=False),
    Column("published_by", Text, nullable=False),
    Column("note", Text, nullable=False, server_default=text("''")),
    Column("published_at", DateTime(timezone=True), nullable=False, server_default=NOW),
    CheckConstraint("kind IN ('ruler', 'policy', 'accrual', 'prices', 'calendar', 'templates')", name="kind_known"),
    CheckConstraint("version > 0", name="version_positive"),
)


# a ruler as it was when a cohort started on it, with its holidays and all that its messages, amounts and costs are made
# of
rulers = Table(
    "rulers",
    metadata,
    Column("digest", Text, primary_key=True),
    Column("label", Text, nullable=False),
    Column("source", Text, nullable=False),
    Column("holidays", JSONB, nullable=False),
    # names, as models/assets.py says them → assets.digest
    Column("assets", JSONB, nullable=False),
    # whether it makes an offer: only such rulers are read when a payment may have earned a remission
    Column("offers", Boolean, nullable=False, server_default=text("false")),
    # whether its debts grow by a table of accrual
    Column("accrues", Boolean, nullable=False, server_default=text("false")),
    Column("recorded_at", DateTime(timezone=True), nullable=False, server_default=NOW),
)


# an agreement's policy as it was when somebody signed on it, with the templates of its messages
policies = Table(
    "policies",
    metadata,
    Column("digest", Text, primary_key=True),
    Column("label", Text, nullable=False),
    Column("source", Text, nullable=False),
    Column("assets", JSONB, nullable=False),
    Column("recorded_at", DateTime(timezone=True), nullable=False, server_default=NOW),
)
