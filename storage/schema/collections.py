"""Arrangements that people make with taxpayers: promises to pay."""

from sqlalchemy import (
    BigInteger,
    CheckConstraint,
    Column,
    Date,
    DateTime,
    ForeignKey,
    Identity,
    Index,
    Numeric,
    Table,
    Text,
    text,
)

from models.collections.promise import PromiseChannel, PromiseState
from storage.schema.base import NOW, metadata, one_of

promises = Table(
    "promises",
    metadata,
    Column("id", BigInteger, Identity(always=True), primary_key=True),
    Column("case", ForeignKey("cases.id"), nullable=False),
    Column("amount", Numeric(15, 2), nullable=False),
    Column("promised_for", Date, nullable=False),
    # the last day on which paying keeps it, and the first on which the bank must have reported that
    Column("due", Date, nullable=False),
    Column("judged_on", Date, nullable=False),
    # models.collections.promise.PromiseChannel
    Column("channel", Text, nullable=False),
    Column("made_by", Text, nullable=False),
    Column("made_on", Date, nullable=False),
    # the newest payment on record by then: no earlier one keeps it
    Column("after_payment", BigInteger, nullable=False),
    Column("recorded_at", DateTime(timezone=True), nullable=False, server_default=NOW),
    # models.collections.promise.PromiseState, by the money that counts for it
    Column("state", Text, nullable=False, server_default=text("'open'")),
    Column("paid", Numeric(15, 2), nullable=False, server_default=text("0")),
    # the logical day on which it came to its state
    Column("decided_on", Date),
    Column("cancelled_by", Text),
    Column("reason", Text),
    CheckConstraint("amount > 0", name="amount_positive"),
    CheckConstraint("made_on <= promised_for AND promised_for <= due AND due < judged_on", name="days_in_order"),
    CheckConstraint("(state = 'cancelled') = (cancelled_by IS NOT NULL)", name="cancelled_by_somebody"),
    Index("ix_promises_case", "case", "id"),
    Index("ix_promises_open", "judged_on", postgresql_where=text("state = 'open'")),
    one_of("channel", PromiseChannel),
    one_of("state", PromiseState),
)
