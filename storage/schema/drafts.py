"""Drafts: of cohorts, what somebody means to start and what its check found; of rulers, what is to be published."""

from sqlalchemy import BigInteger, Column, DateTime, Identity, Index, Integer, Table, Text, text
from sqlalchemy.dialects.postgresql import JSONB

from storage.schema.base import NOW, metadata

cohort_drafts = Table(
    "cohort_drafts",
    metadata,
    Column("id", BigInteger, Identity(always=True), primary_key=True),
    Column("made_by", Text, nullable=False),
    Column("made_at", DateTime(timezone=True), nullable=False, server_default=NOW),
    # as the form has them, field by field
    Column("fields", JSONB, nullable=False, server_default=text("'{}'")),
    Column("changed_at", DateTime(timezone=True), nullable=False, server_default=NOW),
    # of the fields as they are; until when a process has it, and how far it is
    Column("check_asked_at", DateTime(timezone=True)),
    Column("leased_until", DateTime(timezone=True)),
    Column("seen", Integer, nullable=False, server_default=text("0")),
    Column("named", Integer),
    # storage.case.dry_run.DryRun, and the first messages; or why there is none
    Column("found", JSONB),
    Column("failure", Text),
    Column("checked_at", DateTime(timezone=True)),
    # over: started as that cohort, or dropped
    Column("started_as", Text),
    Column("dropped_at", DateTime(timezone=True)),
)

ruler_drafts = Table(
    "ruler_drafts",
    metadata,
    Column("id", BigInteger, Identity(always=True), primary_key=True),
    Column("ruler", Text, nullable=False),
    Column("made_by", Text, nullable=False),
    Column("made_at", DateTime(timezone=True), nullable=False, server_default=NOW),
    # the files that would be published, by name, and how often they were changed
    Column("texts", JSONB, nullable=False),
    Column("revision", Integer, nullable=False, server_default=text("0")),
    # everybody who changed it: none of them publishes it
    Column("editors", JSONB, nullable=False, server_default=text("'[]'")),
    Column("changed_at", DateTime(timezone=True), nullable=False, server_default=NOW),
    # over: published, or dropped
    Column("published_at", DateTime(timezone=True)),
    Column("dropped_at", DateTime(timezone=True)),
    Index(
        "uq_ruler_drafts_open",
        "ruler",
        unique=True,
        postgresql_where=text("published_at IS NULL AND dropped_at IS NULL"),
    ),
)
