"""Taxpayers and how they are reached."""

from sqlalchemy import (
    ARRAY,
    BigInteger,
    Boolean,
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
    text,
)

from models.words import CHANNELS
from storage.schema.base import NOW, metadata, one_of

NAME_WORDS = "to_tsvector('simple', translate(upper(name), 'ÁÀÂÃÄÉÈÊËÍÌÎÏÓÒÔÕÖÚÙÛÜÇÑ', 'AAAAAEEEEIIIIOOOOOUUUUCN'))"
"""The words of a name without case and accents, as `models.formats.fold` has them."""

taxpayers = Table(
    "taxpayers",
    metadata,
    Column("id", BigInteger, Identity(always=True), primary_key=True),
    # what makes two rows the same person: CPF or CNPJ without punctuation; for a masked CPF, together with the name
    Column("key", Text, nullable=False, unique=True),
    Column("tax_id", Text, nullable=False),
    Column("name", Text, nullable=False),
    Column("is_company", Boolean, nullable=False),
    Column("email", Text),
    Column("phone", Text),
    # the id by which Messenger knows the taxpayer in the authority's own page
    Column("messenger", Text),
    # the postal one, in one line with its postcode
    Column("address", Text),
    # every e-mail and telephone that an extract has stated: one that isn't among them was given by people
    Column("extracted_contacts", ARRAY(Text), nullable=False, server_default=text("'{}'")),
    # what the authority knows the taxpayer to own (LC 225/2026, art. 11); none: nothing is known
    Column("known_assets", Numeric(17, 2)),
    Index("ix_taxpayers_phone", "phone"),
    Index("ix_taxpayers_words", text(NAME_WORDS), postgresql_using="gin"),
)


# all that was ever said of how a taxpayer is reached, by whom and on which day; `taxpayers` has what is used
contacts = Table(
    "contacts",
    metadata,
    Column("taxpayer", ForeignKey("taxpayers.id"), primary_key=True),
    # email, phone, messenger, or address: the postal one
    Column("kind", Text, primary_key=True),
    Column("value", Text, primary_key=True),
    # person, or the source that a file names
    Column("source", Text, nullable=False),
    Column("said_on", Date, nullable=False),
    # whether the taxpayer wants to be reached there; none: nobody has said
    Column("consent", Boolean),
    # its place among several that were said together
    Column("place", Integer, nullable=False, server_default=text("1")),
    Column("recorded_at", DateTime(timezone=True), nullable=False, server_default=NOW),
    one_of("kind", ("email", "phone", "messenger", "address")),
)


# an address that bounced, is no number, was blocked: no notice tries it again on that channel until people give it anew
suppressed_contacts = Table(
    "suppressed_contacts",
    metadata,
    Column("id", BigInteger, Identity(always=True), primary_key=True),
    Column("taxpayer", ForeignKey("taxpayers.id"), nullable=False),
    Column("channel", Text, nullable=False),
    Column("address", Text, nullable=False),
    Column("why", Text, nullable=False),
    Column("notice", ForeignKey("notices.id")),
    Column("recorded_at", DateTime(timezone=True), nullable=False, server_default=NOW),
    Column("recovered_at", DateTime(timezone=True)),
    Column("recovered_by", Text),
    Index(
        "uq_suppressed_contacts_current",
        "taxpayer",
        "channel",
        "address",
        unique=True,
        postgresql_where=text("recovered_at IS NULL"),
    ),
    one_of("channel", CHANNELS),
    Index("ix_suppressed_contacts_notice", "notice"),
)


# asked not to be written to on a channel: for good
opt_outs = Table(
    "opt_outs",
    metadata,
    Column("taxpayer", ForeignKey("taxpayers.id"), primary_key=True),
    Column("channel", Text, primary_key=True),
    # link, reply, or the provider that reports it
    Column("via", Text, nullable=False),
    Column("recorded_at", DateTime(timezone=True), nullable=False, server_default=NOW),
    one_of("channel", CHANNELS),
)
