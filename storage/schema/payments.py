"""Money that came in, how it is shared, charged, remitted and given back."""

from sqlalchemy import (
    BigInteger,
    Boolean,
    CheckConstraint,
    Column,
    Date,
    DateTime,
    ForeignKey,
    Identity,
    Index,
    Integer,
    LargeBinary,
    Numeric,
    Table,
    Text,
    UniqueConstraint,
    text,
)

from storage.schema.base import NOW, metadata, one_of

# a return file of the bank; one whose trailer disagrees with its lines is kept aside, and nothing of it is applied
bank_files = Table(
    "bank_files",
    metadata,
    Column("id", BigInteger, Identity(always=True), primary_key=True),
    Column("digest", Text, nullable=False, unique=True),
    Column("layout", Text, nullable=False),
    # bank and convênio: within it the files are numbered
    Column("agreement", Text, nullable=False),
    Column("number", Integer, nullable=False),
    Column("made_on", Date, nullable=False),
    # disagreeing; applying, until its last payment is in; applied
    Column("state", Text, nullable=False),
    Column("records", Integer, nullable=False),
    Column("accepted", Integer, nullable=False),
    Column("amount", Numeric(17, 2), nullable=False),
    Column("recorded_at", DateTime(timezone=True), nullable=False, server_default=NOW),
    Column("applied_at", DateTime(timezone=True)),
    Index("ix_bank_files_agreement", "agreement", "number"),
    one_of("state", ("disagreeing", "applying", "applied")),
)


# one row a payment, whoever reports it: the Pix webhook by its endToEndId, a bank's file by its reference, or both
payments = Table(
    "payments",
    metadata,
    Column("id", BigInteger, Identity(always=True), primary_key=True),
    # how the payer paid: pix, or bank for anything else
    Column("channel", Text, nullable=False, server_default=text("'pix'")),
    Column("end_to_end_id", Text, unique=True),
    Column("txid", Text),
    Column("reference", Text, unique=True),
    # the payment as it was received, of which a person put this part elsewhere (`reversals.moved_to`)
    Column("origin", ForeignKey("payments.id")),
    # the barcode or nosso número that was paid
    Column("slip", Text),
    Column("bank_file", ForeignKey("bank_files.id")),
    # what it pays: a debt, or an instalment, whose agreement's debts share it by `allocations`
    Column("debt", ForeignKey("debts.id")),
    Column("instalment", ForeignKey("instalments.id")),
    Column("amount", Numeric(15, 2), nullable=False),
    # when the payer paid, as the bank says
    Column("paid_at", DateTime(timezone=True), nullable=False),
    # false: a bank's file told no more than the day, of which `paid_at` is the noon
    Column("hour_known", Boolean, nullable=False, server_default=text("true")),
    # the day that counts: the payment's on a real clock; on a compressed one its arrival's, or one a bank's file names
    Column("paid_on", Date, nullable=False),
    Column("recorded_at", DateTime(timezone=True), nullable=False, server_default=NOW),
    # put on its debt by hand
    Column("matched_by", Text),
    Column("matched_at", DateTime(timezone=True)),
    Index("ix_payments_debt", "debt"),
    Index("ix_payments_slip", "slip"),
    Index("ix_payments_instalment", "instalment"),
    Index("ix_payments_unmatched", "id", postgresql_where=text("debt IS NULL AND instalment IS NULL")),
    CheckConstraint("amount > 0", name="amount_positive"),
    CheckConstraint("num_nonnulls(end_to_end_id, reference, origin) > 0", name="reported"),
    CheckConstraint("num_nonnulls(debt, instalment) < 2", name="one_purpose"),
    one_of("channel", ("pix", "bank")),
    Index("ix_payments_bank_file", "bank_file"),
    Index("ix_payments_origin", "origin"),
)


# items of a bank's callback that can't be read, as they were sent but encrypted, until a person has them judged again
quarantined_items = Table(
    "quarantined_items",
    metadata,
    Column("id", BigInteger, Identity(always=True), primary_key=True),
    # SHA-256 of what was sent: an item that is sent again is kept once
    Column("digest", LargeBinary, nullable=False, unique=True),
    Column("sealed", LargeBinary, nullable=False),
    # which field is wrong and how; repeats nothing of what was sent
    Column("reason", Text, nullable=False),
    Column("arrived_at", DateTime(timezone=True), nullable=False),
    Column("last_arrived_at", DateTime(timezone=True), nullable=False),
    Column("times", Integer, nullable=False, server_default=text("1")),
    Column("settled_at", DateTime(timezone=True)),
    Column("settled_by", Text),
    CheckConstraint("num_nonnulls(settled_at, settled_by) IN (0, 2)", name="settled_by_somebody"),
)

# how the payment of an instalment is shared among the debts of its agreement (CTN art. 163)
allocations = Table(
    "allocations",
    metadata,
    Column("payment", ForeignKey("payments.id"), primary_key=True),
    Column("debt", ForeignKey("debts.id"), primary_key=True),
    Column("amount", Numeric(15, 2), nullable=False),
    Index("ix_allocations_debt", "debt"),
)


# what of a debt was forgiven, and by which rule; negative when it was undone, or where an agreement's charges would pay
# what is owed beside it (superseded)
remissions = Table(
    "remissions",
    metadata,
    Column("id", BigInteger, Identity(always=True), primary_key=True),
    Column("debt", ForeignKey("debts.id"), nullable=False),
    Column("amount", Numeric(15, 2), nullable=False),
    # agreement or campaign, and which; offset: by a precatório in that agreement; superseded: by its own charges
    Column("ground", Text, nullable=False),
    Column("reference", Text, nullable=False),
    Column("remitted_on", Date, nullable=False),
    Column("recorded_at", DateTime(timezone=True), nullable=False, server_default=NOW),
    Index("ix_remissions_debt", "debt"),
    one_of("ground", ("agreement", "campaign", "offset", "superseded")),
)


# Pix charges at the authority's bank: one open a debt, an instalment, or a case, of all its debts together; what was
# paid to an earlier one still matches
charges = Table(
    "charges",
    metadata,
    Column("id", BigInteger, Identity(always=True), primary_key=True),
    Column("debt", ForeignKey("debts.id")),
    Column("instalment", ForeignKey("instalments.id")),
    # all that the case owes, shared by `charge_debts`
    Column("case", ForeignKey("cases.id")),
    # the authorisation by which it is debited; none: whoever has its code pays it
    Column("recurrence", ForeignKey("recurrences.id")),
    Column("txid", Text, nullable=False, unique=True),
    Column("amount", Numeric(15, 2), nullable=False),
    Column("due", Date, nullable=False),
    # claimed, open, paid, removed
    Column("state", Text, nullable=False),
    Column("location", Text),
    Column("brcode", Text),
    Column("revision", Integer, nullable=False, server_default=text("0")),
    Column("recorded_at", DateTime(timezone=True), nullable=False, server_default=NOW),
    Column("updated_at", DateTime(timezone=True), nullable=False, server_default=NOW),
    Index("uq_charges_debt", "debt", unique=True, postgresql_where=text("state IN ('claimed', 'open')")),
    Index("uq_charges_instalment", "instalment", unique=True, postgresql_where=text("state IN ('claimed', 'open')")),
    Index("uq_charges_case", "case", unique=True, postgresql_where=text("state IN ('claimed', 'open')")),
    CheckConstraint('num_nonnulls(debt, instalment, "case") = 1', name="one_purpose"),
    one_of("state", ("claimed", "open", "paid", "removed")),
    Index("ix_charges_debt", "debt"),
    Index("ix_charges_instalment", "instalment"),
    Index("ix_charges_case", "case"),
    Index("ix_charges_recurrence", "recurrence"),
)

# what of a case's charge is for each debt, in the order in which a payment fills them
charge_debts = Table(
    "charge_debts",
    metadata,
    Column("txid", ForeignKey("charges.txid"), primary_key=True),
    Column("debt", ForeignKey("debts.id"), primary_key=True),
    Column("n", Integer, nullable=False),
    Column("amount", Numeric(15, 2), nullable=False),
    Index("ix_charge_debts_debt", "debt"),
)


# what a bank's file took back of no payment on record, until the file comes that has it
unmatched_reversals = Table(
    "unmatched_reversals",
    metadata,
    Column("id", BigInteger, Identity(always=True), primary_key=True),
    Column("reference", Text, nullable=False, unique=True),
    Column("agreement", Text, nullable=False),
    Column("slip", Text, nullable=False),
    Column("slip_number", BigInteger),
    Column("amount", Numeric(15, 2), nullable=False),
    Column("taken_back_at", DateTime(timezone=True), nullable=False),
    Column("recorded_at", DateTime(timezone=True), nullable=False, server_default=NOW),
    # its payment came, and was taken back
    Column("settled_at", DateTime(timezone=True)),
    CheckConstraint("amount > 0", name="amount_positive"),
)

# money that left a payment: given back to the payer, put elsewhere by a person, or shared among the debts of one charge
reversals = Table(
    "reversals",
    metadata,
    Column("id", BigInteger, Identity(always=True), primary_key=True),
    Column("payment", ForeignKey("payments.id"), nullable=False),
    # refund, moved, shared
    Column("kind", Text, nullable=False, server_default=text("'refund'")),
    # the bank's own id of the refund, and that of the transfer back where it told; of a refund that a person recorded
    # the second is the bank's, once it reports it too
    Column("reference", Text, nullable=False),
    Column("rtr_id", Text),
    # the part of the payment that stands elsewhere since; who moved or gave back, and why
    Column("moved_to", ForeignKey("payments.id"), unique=True),
    Column("by", Text),
    Column("reason", Text),
    Column("amount", Numeric(15, 2), nullable=False),
    Column("reversed_on", Date, nullable=False),
    Column("recorded_at", DateTime(timezone=True), nullable=False, server_default=NOW),
    UniqueConstraint("payment", "reference"),
    CheckConstraint("amount > 0", name="amount_positive"),
    CheckConstraint("(kind <> 'refund') = (moved_to IS NOT NULL)", name="moved_somewhere"),
    CheckConstraint('num_nonnulls("by", reason) IN (0, 2)', name="by_somebody_for_a_reason"),
    CheckConstraint("kind <> 'moved' OR \"by\" IS NOT NULL", name="moved_by_somebody"),
    one_of("kind", ("refund", "moved", "shared")),
)
