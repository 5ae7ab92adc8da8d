"""Instalment agreements, their debts and instalments."""

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
from sqlalchemy.dialects.postgresql import JSONB

from models.agreement.identity import Identification
from models.agreement.instalments import State as AgreementState
from models.payment.recurrence import Status as RecurrenceStatus
from storage.schema.base import NOW, OPAQUE_ID, PIX_TXID, metadata, one_of

# instalment agreements: a debt is in one that lives at most
agreements = Table(
    "agreements",
    metadata,
    Column("id", Text, primary_key=True, server_default=OPAQUE_ID),
    Column("case", ForeignKey("cases.id"), nullable=False),
    Column("policy", ForeignKey("policies.digest"), nullable=False),
    # models.agreement.quote.Request and what it was answered with
    Column("terms", JSONB, nullable=False),
    # active, broken, completed
    Column("state", Text, nullable=False, server_default=text("'active'")),
    # the how-manieth renegotiation of its debts; 0: the first agreement
    Column("renegotiation", Integer, nullable=False, server_default=text("0")),
    # what was owed, and what of it is forgiven if all is paid
    Column("amount", Numeric(15, 2), nullable=False),
    Column("discount", Numeric(15, 2), nullable=False),
    Column("signed_on", Date, nullable=False),
    # who signed, and by which means: command, link
    Column("signed_by", Text, nullable=False),
    Column("signed_via", Text, nullable=False),
    # how the taxpayer was identified; none: nobody said
    Column("identified_by", Text),
    # since when its debts are on hold (CTN art. 151, VI)
    Column("effective_on", Date),
    # the day from which the break has effect, and the day it was certain
    Column("broken_on", Date),
    Column("decided_on", Date),
    Column("completed_on", Date),
    # of the money on each debt, what paid what time added to instalments; of a broken one it pays the debts
    Column("charges", JSONB, nullable=False, server_default=text("'{}'")),
    Column("next_step", JSONB),
    Column("revision", Integer, nullable=False, server_default=text("0")),
    Column("recorded_at", DateTime(timezone=True), nullable=False, server_default=NOW),
    Column("closed_at", DateTime(timezone=True)),
    Index("ix_agreements_case", "case"),
    one_of("state", AgreementState),
    one_of("identified_by", Identification),
)


# what each debt brought into an agreement
agreement_debts = Table(
    "agreement_debts",
    metadata,
    Column("agreement", ForeignKey("agreements.id"), primary_key=True),
    Column("debt", ForeignKey("debts.id"), primary_key=True),
    Column("amount", Numeric(15, 2), nullable=False),
    Index("ix_agreement_debts_debt", "debt"),
)


instalments = Table(
    "instalments",
    metadata,
    Column("id", Text, primary_key=True, server_default=OPAQUE_ID),
    Column("agreement", ForeignKey("agreements.id"), nullable=False),
    Column("n", Integer, nullable=False),
    Column("due", Date, nullable=False),
    # the day of the month that was agreed upon, where it was rolled to another
    Column("nominal", Date),
    # its part of what was agreed, and what time adds to it as it stands
    Column("amount", Numeric(15, 2), nullable=False),
    Column("interest", Numeric(15, 2), nullable=False, server_default=text("0")),
    # of the slip, on top of the amount
    Column("fee", Numeric(15, 2), nullable=False, server_default=text("0")),
    # by the punctuality bonus
    Column("credited", Numeric(15, 2), nullable=False, server_default=text("0")),
    # of all payments, whichever they named, what was imputed to it
    Column("received", Numeric(15, 2), nullable=False, server_default=text("0")),
    Column("paid_on", Date),
    Column("pix_txid", Text, nullable=False, unique=True, server_default=PIX_TXID),
    # above those of debts, which count from 1: no slip number stands for two things
    Column("slip_number", BigInteger, Identity(always=True, start=5_000_000_000_000), nullable=False, unique=True),
    UniqueConstraint("agreement", "n"),
    CheckConstraint("amount >= 0", name="amount_not_negative"),
)


# what a payer was asked to authorise: that an agreement's instalments are debited (Pix Automático)
recurrences = Table(
    "recurrences",
    metadata,
    # the bank's
    Column("id", Text, primary_key=True),
    Column("agreement", ForeignKey("agreements.id"), nullable=False),
    Column("status", Text, nullable=False, server_default=text("'CRIADA'")),
    Column("asked_by", Text, nullable=False),
    Column("recorded_at", DateTime(timezone=True), nullable=False, server_default=NOW),
    Column("updated_at", DateTime(timezone=True), nullable=False, server_default=NOW),
    Index("ix_recurrences_agreement", "agreement"),
    Index(
        "uq_recurrences_agreement",
        "agreement",
        unique=True,
        postgresql_where=text("status IN ('CRIADA', 'APROVADA')"),
    ),
    one_of("status", RecurrenceStatus),
)
