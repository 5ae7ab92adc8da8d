"""Drafts of cohorts: what somebody means to start, and what the check of it found."""

from sqlalchemy import BigInteger, Column, DateTime, Identity, Integer, Table, Text, text
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
