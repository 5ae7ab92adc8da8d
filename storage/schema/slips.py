"""Slips that we issue, and the files that register them with a bank."""

from sqlalchemy import (
    BigInteger,
    CheckConstraint,
    Column,
    Date,
    DateTime,
    ForeignKey,
    Identity,
    Index,
    Integer,
    Numeric,
    Table,
    Text,
    UniqueConstraint,
    text,
)

from storage.schema.base import NOW, metadata, one_of

# a file of slips for a bank to register (remessa); within the bank they are numbered
remittances = Table(
    "remittances",
    metadata,
    Column("id", BigInteger, Identity(always=True), primary_key=True),
    Column("bank", Text, nullable=False),
    Column("number", Integer, nullable=False),
    Column("slips", Integer, nullable=False),
    # as it was handed out: a second copy is the same
    Column("content", Text, nullable=False),
    Column("made_by", Text, nullable=False),
    Column("recorded_at", DateTime(timezone=True), nullable=False, server_default=NOW),
    UniqueConstraint("bank", "number"),
)

# one row a slip: what it says is never changed, a second copy says it again
slips = Table(
    "slips",
    metadata,
    Column("id", BigInteger, Identity(always=True), primary_key=True),
    # boleto: registered with a bank; collection: FEBRABAN's arrecadação, which needs no registration
    Column("kind", Text, nullable=False),
    Column("debt", ForeignKey("debts.id")),
    Column("instalment", ForeignKey("instalments.id")),
    Column("taxpayer", ForeignKey("taxpayers.id"), nullable=False),
    Column("amount", Numeric(15, 2), nullable=False),
    Column("due", Date, nullable=False),
    Column("issued_on", Date, nullable=False),
    Column("issued_by", Text, nullable=False),
    # the 44 digits
    Column("barcode", Text, nullable=False),
    # who is paid, as it is printed
    Column("beneficiary", Text, nullable=False),
    Column("beneficiary_tax_id", Text, nullable=False, server_default=text("''")),
    # of a boleto: its bank, agency and account as printed, carteira, our count at that bank, the nosso número as
    # printed and as a file writes it, and the number that a return's digits are
    Column("bank", Text),
    Column("account", Text),
    Column("wallet", Text),
    Column("sequence", BigInteger),
    Column("printed_number", Text),
    Column("remitted_number", Text),
    Column("returned_number", BigInteger),
    Column("remittance", ForeignKey("remittances.id")),
    Column("recorded_at", DateTime(timezone=True), nullable=False, server_default=NOW),
    UniqueConstraint("bank", "sequence"),
    UniqueConstraint("bank", "returned_number"),
    CheckConstraint("num_nonnulls(debt, instalment) = 1", name="one_purpose"),
    CheckConstraint("amount > 0", name="amount_positive"),
    CheckConstraint(
        "num_nonnulls(bank, sequence, returned_number) = CASE kind WHEN 'boleto' THEN 3 ELSE 0 END", name="numbered"
    ),
    one_of("kind", ("boleto", "collection")),
    Index("ix_slips_debt", "debt"),
    Index("ix_slips_instalment", "instalment"),
    Index("ix_slips_taxpayer", "taxpayer"),
    Index("ix_slips_remittance", "remittance"),
)
