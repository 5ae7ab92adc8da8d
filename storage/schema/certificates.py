"""Tax clearance certificates, as they were issued."""

from sqlalchemy import BigInteger, Column, Date, DateTime, ForeignKey, Identity, Index, Table, Text
from sqlalchemy.dialects.postgresql import JSONB

from models.law.certificate import Certificate
from storage.schema.base import NOW, OPAQUE_ID, metadata, one_of

certificates = Table(
    "certificates",
    metadata,
    Column("id", BigInteger, Identity(always=True), primary_key=True),
    # by which anybody who holds one checks it
    Column("code", Text, nullable=False, unique=True, server_default=OPAQUE_ID),
    Column("taxpayer", ForeignKey("taxpayers.id"), nullable=False),
    Column("kind", Text, nullable=False),
    Column("authority", Text, nullable=False),
    Column("law", Text, nullable=False),
    Column("issued_on", Date, nullable=False),
    Column("valid_until", Date, nullable=False),
    # each credit of which something was owed, with its status
    Column("credits", JSONB, nullable=False),
    Column("recorded_at", DateTime(timezone=True), nullable=False, server_default=NOW),
    Index("ix_certificates_taxpayer", "taxpayer", "id"),
    one_of("kind", Certificate),
)
