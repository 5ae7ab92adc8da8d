"""The tables: what is remembered. Money is NUMERIC(15,2); instants are UTC; dates are logical days of the case.

Rows are locked in one order everywhere: cases by id, then debts by id. So payments and notices queue, never deadlock.
"""

from sqlalchemy import (
    BigInteger,
    Boolean,
    CheckConstraint,
    Column,
    Computed,
    Date,
    DateTime,
    ForeignKey,
    Identity,
    Index,
    Integer,
    MetaData,
    Numeric,
    Table,
    Text,
    UniqueConstraint,
    func,
    text,
)
from sqlalchemy.dialects.postgresql import JSONB

metadata = MetaData(
    naming_convention={
        "ix": "ix_%(table_name)s_%(column_0_N_name)s",
        "uq": "uq_%(table_name)s_%(column_0_N_name)s",
        "ck": "ck_%(table_name)s_%(constraint_name)s",
        "fk": "fk_%(table_name)s_%(column_0_N_name)s",
        "pk": "pk_%(table_name)s",
    }
)

OPAQUE_ID = text("substr(replace(gen_random_uuid()::text, '-', ''), 1, 16)")
PIX_TXID = text("'RG' || upper(replace(gen_random_uuid()::text, '-', ''))")
NOW = func.clock_timestamp()

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
)

debts = Table(
    "debts",
    metadata,
    Column("id", Text, primary_key=True, server_default=OPAQUE_ID),
    Column("tax", Text, nullable=False),
    Column("inscription", Text, nullable=False),
    Column("period", Text),
    # the due date; for registered debt the day of registration
    Column("due", Date, nullable=False),
    Column("litigation", Boolean, nullable=False, server_default=text("false")),
    Column("amount", Numeric(15, 2), nullable=False),
    # payments less reversals, whatever their order
    Column("received", Numeric(15, 2), nullable=False, server_default=text("0")),
    Column("balance", Numeric(15, 2), Computed("greatest(amount - received, 0)", persisted=True)),
    Column("pix_txid", Text, nullable=False, unique=True, server_default=PIX_TXID),
    # what the barcode and the nosso número of its slip carry (models/barcode.py)
    Column("slip_number", BigInteger, Identity(always=True), nullable=False, unique=True),
    UniqueConstraint("tax", "inscription"),
    CheckConstraint("amount > 0", name="amount_positive"),
)

# who owes a debt: the principal and the co-debtors, each for the whole of it
debtors = Table(
    "debtors",
    metadata,
    Column("debt", ForeignKey("debts.id"), primary_key=True),
    Column("taxpayer", ForeignKey("taxpayers.id"), primary_key=True),
    Column("uf", Text),
    Index("ix_debtors_taxpayer", "taxpayer"),
)

# enforceability suspended, by ground; the ones an extract states are placed and lifted by the next extract
holds = Table(
    "holds",
    metadata,
    Column("id", BigInteger, Identity(always=True), primary_key=True),
    Column("debt", ForeignKey("debts.id"), nullable=False),
    Column("ground", Text, nullable=False),
    Column("source", Text, nullable=False),
    Column("placed_at", DateTime(timezone=True), nullable=False, server_default=NOW),
    Column("lifted_at", DateTime(timezone=True)),
    Index("uq_holds_current", "debt", "ground", unique=True, postgresql_where=text("lifted_at IS NULL")),
)

# one row a version of a return; the current one is not superseded
filings = Table(
    "filings",
    metadata,
    Column("id", BigInteger, Identity(always=True), primary_key=True),
    Column("taxpayer", ForeignKey("taxpayers.id"), nullable=False),
    Column("tax", Text, nullable=False),
    Column("period", Text, nullable=False),
    Column("due", Date, nullable=False),
    # filed, late, missing or not_required
    Column("status", Text, nullable=False),
    Column("filed_on", Date),
    Column("declared", Numeric(15, 2)),
    Column("assessed", Numeric(15, 2)),
    Column("paid", Numeric(15, 2), nullable=False, server_default=text("0")),
    Column("paid_on", Date),
    # the most that any version knew paid by the due date: evidence is judged on it, whatever is paid later
    Column("paid_before_due", Numeric(15, 2), nullable=False, server_default=text("0")),
    # what a rectifying return declares instead, and since when
    Column("corrected", Numeric(15, 2)),
    Column("corrected_on", Date),
    Column("recorded_at", DateTime(timezone=True), nullable=False, server_default=NOW),
    Column("superseded_at", DateTime(timezone=True)),
    Index(
        "uq_filings_current", "taxpayer", "tax", "period", unique=True, postgresql_where=text("superseded_at IS NULL")
    ),
)

benefits = Table(
    "benefits",
    metadata,
    Column("id", Text, primary_key=True, server_default=OPAQUE_ID),
    Column("taxpayer", ForeignKey("taxpayers.id"), nullable=False),
    Column("code", Text, nullable=False),
    Column("name", Text, nullable=False),
    # the tax it relieves; none: any
    Column("tax", Text),
    UniqueConstraint("taxpayer", "code"),
)

# a ruler as it was when a cohort started on it, with its holidays: a case keeps it for life
rulers = Table(
    "rulers",
    metadata,
    Column("digest", Text, primary_key=True),
    Column("label", Text, nullable=False),
    Column("source", Text, nullable=False),
    Column("holidays", JSONB, nullable=False),
    Column("recorded_at", DateTime(timezone=True), nullable=False, server_default=NOW),
)

cohorts = Table(
    "cohorts",
    metadata,
    Column("name", Text, primary_key=True),
    Column("ruler", ForeignKey("rulers.digest"), nullable=False),
    Column("started_by", Text, nullable=False),
    Column("selection", JSONB, nullable=False),
    Column("clock", JSONB, nullable=False),
    Column("started_at", DateTime(timezone=True), nullable=False, server_default=NOW),
)

# one a taxpayer and tax, one open at most
cases = Table(
    "cases",
    metadata,
    Column("id", Text, primary_key=True, server_default=OPAQUE_ID),
    Column("taxpayer", ForeignKey("taxpayers.id"), nullable=False),
    Column("tax", Text, nullable=False),
    Column("cohort", ForeignKey("cohorts.name"), nullable=False),
    Column("status", Text, nullable=False, server_default=text("'running'")),
    # models.position.Position
    Column("position", JSONB, nullable=False),
    # models.decision.Step: what comes next
    Column("next_step", JSONB),
    # grows with every decision, so that the newest of two is known
    Column("revision", Integer, nullable=False, server_default=text("0")),
    Column("paused_by", Text),
    Column("hardship_on", Date),
    Column("opened_at", DateTime(timezone=True), nullable=False, server_default=NOW),
    Column("closed_at", DateTime(timezone=True)),
    Index("uq_cases_open", "taxpayer", "tax", unique=True, postgresql_where=text("closed_at IS NULL")),
    Index("ix_cases_taxpayer_tax", "taxpayer", "tax"),
    Index("ix_cases_cohort_status", "cohort", "status"),
)

notices = Table(
    "notices",
    metadata,
    Column("id", Text, primary_key=True),
    Column("case", ForeignKey("cases.id"), nullable=False),
    # the how-manieth rung of the case; with the channel, the notice's idempotency key
    Column("step", Integer, nullable=False),
    Column("channel", Text, nullable=False),
    Column("at", Date, nullable=False),
    Column("hypothesis", Text, nullable=False),
    Column("stage", Text, nullable=False),
    Column("rigidity", Integer, nullable=False),
    Column("tone", Text, nullable=False),
    Column("template", Text, nullable=False),
    Column("formal", Boolean, nullable=False),
    # claimed, then sent
    Column("status", Text, nullable=False),
    Column("subject", Text),
    Column("body", Text, nullable=False),
    Column("claimed_at", DateTime(timezone=True), nullable=False, server_default=NOW),
    Column("sent_at", DateTime(timezone=True)),
    # ciência
    Column("served_on", Date),
    Column("served_by", Text),
    Column("served_reference", Text),
    UniqueConstraint("case", "step", "channel"),
)

suspensions = Table(
    "suspensions",
    metadata,
    Column("id", BigInteger, Identity(always=True), primary_key=True),
    Column("benefit", ForeignKey("benefits.id"), nullable=False),
    Column("case", ForeignKey("cases.id"), nullable=False),
    Column("suspended_on", Date, nullable=False),
    Column("approved_by", Text, nullable=False),
    Column("reinstated_on", Date),
    Column("recorded_at", DateTime(timezone=True), nullable=False, server_default=NOW),
    Column("reinstated_at", DateTime(timezone=True)),
    Index("uq_suspensions_current", "benefit", "case", unique=True, postgresql_where=text("reinstated_at IS NULL")),
)

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
    # the barcode or nosso número that was paid
    Column("slip", Text),
    Column("bank_file", ForeignKey("bank_files.id")),
    Column("debt", ForeignKey("debts.id")),
    Column("amount", Numeric(15, 2), nullable=False),
    # when the payer paid, as the bank says; noon when it says no more than the day
    Column("paid_at", DateTime(timezone=True), nullable=False),
    # the day that counts: the payment's on a real clock, its arrival's on a compressed one
    Column("paid_on", Date, nullable=False),
    Column("recorded_at", DateTime(timezone=True), nullable=False, server_default=NOW),
    # put on its debt by hand
    Column("matched_by", Text),
    Column("matched_at", DateTime(timezone=True)),
    Index("ix_payments_debt", "debt"),
    Index("ix_payments_unmatched", "id", postgresql_where=text("debt IS NULL")),
    CheckConstraint("amount > 0", name="amount_positive"),
    CheckConstraint("num_nonnulls(end_to_end_id, reference) > 0", name="reported"),
)

reversals = Table(
    "reversals",
    metadata,
    Column("id", BigInteger, Identity(always=True), primary_key=True),
    Column("payment", ForeignKey("payments.id"), nullable=False),
    # the bank's own id of the refund
    Column("reference", Text, nullable=False),
    Column("amount", Numeric(15, 2), nullable=False),
    Column("reversed_on", Date, nullable=False),
    Column("recorded_at", DateTime(timezone=True), nullable=False, server_default=NOW),
    UniqueConstraint("payment", "reference"),
    CheckConstraint("amount > 0", name="amount_positive"),
)

# the journal: every decision with its evidence, rule, ruler version and logical date; rows are only ever added
decisions = Table(
    "decisions",
    metadata,
    Column("id", BigInteger, Identity(always=True), primary_key=True),
    Column("case", ForeignKey("cases.id"), nullable=False),
    Column("at", Date, nullable=False),
    Column("kind", Text, nullable=False),
    Column("reason", Text, nullable=False),
    Column("hypothesis", Text),
    Column("stage", Text),
    Column("rigidity", Integer),
    Column("occurrences", Integer),
    Column("ruler", ForeignKey("rulers.digest"), nullable=False),
    Column("evidence", JSONB, nullable=False),
    Column("recorded_at", DateTime(timezone=True), nullable=False, server_default=NOW),
    Index("ix_decisions_case", "case", "id"),
)

# signals that were promised in the transaction that made them due; the relay delivers them, whatever is down meanwhile
owed_signals = Table(
    "owed_signals",
    metadata,
    Column("id", BigInteger, Identity(always=True), primary_key=True),
    Column("case", ForeignKey("cases.id"), nullable=False),
    Column("name", Text, nullable=False),
    Column("payload", JSONB, nullable=False),
    Column("recorded_at", DateTime(timezone=True), nullable=False, server_default=NOW),
    Column("delivered_at", DateTime(timezone=True)),
    Index("ix_owed_signals_due", "id", postgresql_where=text("delivered_at IS NULL")),
)

# monthly rates that accrual needs, as the Central Bank publishes them
rates = Table(
    "rates",
    metadata,
    Column("series", Text, primary_key=True),
    # its first day
    Column("month", Date, primary_key=True),
    Column("percent", Numeric(9, 6), nullable=False),
    Column("recorded_at", DateTime(timezone=True), nullable=False, server_default=NOW),
    CheckConstraint("extract(day FROM month) = 1", name="month_is_its_first_day"),
)
