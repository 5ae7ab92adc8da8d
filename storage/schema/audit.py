"""The audit log, the persons who act, and the tokens and sessions by which they prove it."""

from sqlalchemy import (
    BigInteger,
    Boolean,
    Column,
    DateTime,
    FetchedValue,
    ForeignKey,
    Identity,
    Index,
    Integer,
    LargeBinary,
    Table,
    Text,
    text,
)
from sqlalchemy.dialects.postgresql import JSONB

from models.roles import Role
from storage.schema.base import NOW, metadata, one_of

# what people did and when, in one chain for all: append-only, numbered and chained by the database; its checkpoints
# say which decisions there were
audit_log = Table(
    "audit_log",
    metadata,
    Column("id", BigInteger, FetchedValue(), primary_key=True, autoincrement=False),
    Column("at", DateTime(timezone=True), FetchedValue(), nullable=False),
    Column("actor", Text, nullable=False),
    # models.roles.Role; none: nobody proved who it was
    Column("role", Text),
    Column("authenticated", Boolean, nullable=False),
    # as it is typed: case approve
    Column("command", Text, nullable=False),
    # the case, cohort, debt, payment, or a file's digest
    Column("subject", Text),
    # nothing that names a person
    Column("detail", JSONB, nullable=False, server_default=text("'{}'")),
    # done or refused
    Column("outcome", Text, nullable=False, server_default=text("'done'")),
    Column("hash", LargeBinary, FetchedValue(), nullable=False),
    Index("ix_audit_log_subject", "subject"),
    Index("ix_audit_log_seals", "id", postgresql_where=text("command = 'seal'")),
    one_of("outcome", ("done", "refused")),
    one_of("role", Role),
)


# statements that changed what debts are, when they prescribe or who owes them, noted by the database; `audit` names
# those that nobody told
restatements = Table(
    "restatements",
    metadata,
    Column("id", BigInteger, Identity(always=True), primary_key=True),
    Column("at", DateTime(timezone=True), nullable=False, server_default=NOW),
    # debts that were changed, or debtors who were taken off
    Column("what", Text, nullable=False),
    Column("rows", Integer, nullable=False),
    # of the audit log, in the same transaction; none: nobody told
    Column("entry", BigInteger),
    one_of("what", ("debts", "debtors")),
)


# who said that a person goes by a name; where it is the person's own, that there is such a person. Never taken back
sign_ins = Table(
    "sign_ins",
    metadata,
    Column("id", BigInteger, Identity(always=True), primary_key=True),
    Column("person", Text, nullable=False),
    Column("name", Text, nullable=False),
    Column("linked_by", Text, nullable=False),
    Column("linked_at", DateTime(timezone=True), nullable=False, server_default=NOW),
)


# by which people prove who they are: the token itself is nowhere
tokens = Table(
    "tokens",
    metadata,
    Column("id", BigInteger, Identity(always=True), primary_key=True),
    Column("name", Text, nullable=False),
    # models.roles.Role
    Column("role", Text, nullable=False),
    # SHA-256 of the secret
    Column("digest", LargeBinary, nullable=False),
    Column("issued_by", Text, nullable=False),
    Column("issued_at", DateTime(timezone=True), nullable=False, server_default=NOW),
    # none: until it is revoked
    Column("expires_at", DateTime(timezone=True)),
    Column("revoked_at", DateTime(timezone=True)),
    Column("revoked_by", Text),
    Index("uq_tokens_current", "name", unique=True, postgresql_where=text("revoked_at IS NULL")),
    one_of("role", Role),
)


# what signs a person in at the console once; its secret is nowhere
once_links = Table(
    "once_links",
    metadata,
    Column("id", BigInteger, Identity(always=True), primary_key=True),
    # SHA-256 of the secret
    Column("digest", LargeBinary, nullable=False, unique=True),
    Column("person", Text, nullable=False),
    # models.roles.Role
    Column("role", Text, nullable=False),
    Column("made_by", Text, nullable=False),
    Column("made_at", DateTime(timezone=True), nullable=False, server_default=NOW),
    Column("expires_at", DateTime(timezone=True), nullable=False),
    Column("used_at", DateTime(timezone=True)),
    one_of("role", Role),
)


# a person who is signed in at the console; the secret in the browser's cookie is nowhere
sessions = Table(
    "sessions",
    metadata,
    Column("id", BigInteger, Identity(always=True), primary_key=True),
    # SHA-256 of the secret
    Column("digest", LargeBinary, nullable=False, unique=True),
    Column("person", Text, nullable=False),
    # models.roles.Role
    Column("role", Text, nullable=False),
    # with which it was signed in, and without which it ends; none: by a link
    Column("token", BigInteger, ForeignKey("tokens.id")),
    Column("signed_in_at", DateTime(timezone=True), nullable=False, server_default=NOW),
    Column("seen_at", DateTime(timezone=True), nullable=False, server_default=NOW),
    Column("ended_at", DateTime(timezone=True)),
    Index("ix_sessions_person", "person"),
    Index("ix_sessions_token", "token"),
    one_of("role", Role),
)
