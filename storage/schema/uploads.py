"""Files that people bring at the console, their content until it is imported, and what came of each."""

from sqlalchemy import BigInteger, Column, DateTime, ForeignKey, Identity, Integer, LargeBinary, Table, Text, text
from sqlalchemy.dialects.postgresql import JSONB

from storage.schema.base import NOW, metadata

uploads = Table(
    "uploads",
    metadata,
    Column("id", BigInteger, Identity(always=True), primary_key=True),
    # the file's own name, and what is in it
    Column("name", Text, nullable=False),
    Column("digest", Text, nullable=False),
    Column("size", BigInteger, nullable=False),
    Column("brought_by", Text, nullable=False),
    Column("brought_at", DateTime(timezone=True), nullable=False, server_default=NOW),
    # what it is said to be, with the options of its import
    Column("kind", Text, nullable=False),
    Column("options", JSONB, nullable=False, server_default=text("'{}'")),
    # what was asked last: its check, or its import; by whom; how far it is, and what came of it
    Column("asked", Text, nullable=False),
    Column("asked_by", Text, nullable=False),
    Column("asked_role", Text),
    Column("asked_at", DateTime(timezone=True), nullable=False, server_default=NOW),
    Column("read", BigInteger, nullable=False, server_default=text("0")),
    Column("found", JSONB),
    Column("failure", Text),
    Column("rejected", Integer, nullable=False, server_default=text("0")),
    Column("answered_at", DateTime(timezone=True)),
    Column("dropped_at", DateTime(timezone=True)),
)

upload_parts = Table(
    "upload_parts",
    metadata,
    Column("upload", BigInteger, ForeignKey("uploads.id"), primary_key=True),
    # the file that was brought, or the rows of it that were rejected
    Column("what", Text, primary_key=True),
    Column("nth", Integer, primary_key=True),
    Column("content", LargeBinary, nullable=False),
)
