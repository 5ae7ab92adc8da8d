"""Debts and who owes them, what holds them, returns and benefits."""

from typing import get_args

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
    Numeric,
    Table,
    Text,
    UniqueConstraint,
    text,
)

from models.intake.access_keys import ACCESS_KEYS
from models.intake.statement import Amounts
from models.law.extinction import Extinction
from models.law.prescription import Cause
from models.money.imputation import Kind as DebtKind
from storage.schema.base import NOW, OPAQUE_ID, PIX_TXID, metadata, one_of
from storage.schema.taxpayers import taxpayers

INSCRIPTION_KEY, VALUE_KEY = (
    f"upper(regexp_replace(normalize({column}, NFKD), '[^0-9A-Za-z]+', '', 'g'))" for column in ("inscription", "value")
)

debts = Table(
    "debts",
    metadata,
    Column("id", Text, primary_key=True, server_default=OPAQUE_ID),
    Column("tax", Text, nullable=False),
    Column("inscription", Text, nullable=False),
    # without case, accents and punctuation: as models/intake/fields.py reads it
    Column("inscription_key", Text, Computed(INSCRIPTION_KEY, persisted=True), nullable=False),
    Column("period", Text),
    # the due date; for registered debt the day of registration
    Column("due", Date, nullable=False),
    Column("litigation", Boolean, nullable=False, server_default=text("false")),
    Column("amount", Numeric(15, 2), nullable=False),
    # payments less reversals, whatever their order
    Column("received", Numeric(15, 2), nullable=False, server_default=text("0")),
    # what was forgiven, all in all: `remissions` says why
    Column("remitted", Numeric(15, 2), nullable=False, server_default=text("0")),
    # the day it became extinct otherwise (CTN art. 156): `extinctions` says how, and who said so
    Column("extinct_on", Date),
    Column(
        "balance",
        Numeric(15, 2),
        Computed(
            "CASE WHEN extinct_on IS NULL THEN greatest(amount - received - remitted, 0) ELSE 0 END", persisted=True
        ),
    ),
    # tax, fee or contribution: in which order a payment is imputed (CTN art. 163, II)
    Column("kind", Text, nullable=False, server_default=text("'tax'")),
    # the day its prescription ends (CTN art. 174) as the source has it, where known: events move it
    Column("prescribes", Date),
    # the day it was registered as dívida ativa; none: it isn't, as far as is known
    Column("registered_on", Date),
    Column("protested", Boolean, nullable=False, server_default=text("false")),
    Column("pix_txid", Text, nullable=False, unique=True, server_default=PIX_TXID),
    # what the barcode and the nosso número of its slip carry (models/payment/barcode.py)
    Column("slip_number", BigInteger, Identity(always=True), nullable=False, unique=True),
    UniqueConstraint("tax", "inscription_key"),
    Index("ix_debts_prescribes", "prescribes", postgresql_where=text("prescribes IS NOT NULL")),
    Index("ix_debts_declared", "tax", "period", postgresql_where=text("declared")),
    # of an amount that says what was left: the day it is of, and what of the payments its source had deducted already,
    # which `amount` has in it again; none: it says what was lodged
    Column("as_of", Date),
    Column("deducted", Numeric(15, 2)),
    # a return alone declares it: no extract has it yet
    Column("declared", Boolean, nullable=False, server_default=text("false")),
    CheckConstraint("amount > 0", name="amount_positive"),
    CheckConstraint("deducted >= 0", name="deducted_not_negative"),
    one_of("kind", get_args(DebtKind)),
)


# the numbers by which a debt is known elsewhere, one of a kind: the registration of a property, a plate, a slip, …
access_keys = Table(
    "access_keys",
    metadata,
    Column("debt", ForeignKey("debts.id"), primary_key=True),
    Column("kind", Text, primary_key=True),
    Column("value", Text, nullable=False),
    # without case, accents and punctuation, by which it is searched
    Column("value_key", Text, Computed(VALUE_KEY, persisted=True), nullable=False),
    one_of("kind", ACCESS_KEYS),
    Index("ix_access_keys_value_key", "value_key"),
)


# what the last snapshot of a source said of itself
extract_sources = Table(
    "extract_sources",
    metadata,
    Column("name", Text, primary_key=True),
    Column("amounts", Text, nullable=False),
    Column("as_of", Date, nullable=False),
    one_of("amounts", get_args(Amounts)),
)


# of which source a snapshot had a debt last; no foreign key, whose check would lock all debts of every snapshot
snapshot_debts = Table(
    "snapshot_debts",
    metadata,
    Column("debt", Text, primary_key=True),
    Column("source", Text, nullable=False),
)


# who owes a debt: the principal and the co-debtors, each for the whole of it. That both are on record a trigger looks
# once a statement, where foreign keys would look for each row of an extract
debtors = Table(
    "debtors",
    metadata,
    Column("debt", Text, primary_key=True),
    Column("taxpayer", BigInteger, primary_key=True),
    Column("uf", Text),
    # false: a third party's debt, for which the taxpayer is only responsible (CTN art. 163, I)
    Column("own", Boolean, nullable=False, server_default=text("true")),
    Index("ix_debtors_taxpayer", "taxpayer"),
)
debtors.add_is_dependent_on(debts)
debtors.add_is_dependent_on(taxpayers)


# enforceability suspended, by ground; those an extract states are placed and lifted by the next one, an agreement's by
# the agreement, and the others by people
holds = Table(
    "holds",
    metadata,
    Column("id", BigInteger, Identity(always=True), primary_key=True),
    Column("debt", ForeignKey("debts.id"), nullable=False),
    Column("ground", Text, nullable=False),
    # extract, agreement ID, person
    Column("source", Text, nullable=False),
    # who placed it, why, and what proves it
    Column("placed_by", Text),
    Column("reason", Text),
    Column("evidence", Text),
    # logical days, both included; none: since it was placed, and until it is lifted
    Column("since", Date),
    Column("until", Date),
    Column("placed_at", DateTime(timezone=True), nullable=False, server_default=NOW),
    Column("lifted_at", DateTime(timezone=True)),
    Column("lifted_by", Text),
    Column("lifted_because", Text),
    # the logical day its ground ended, an injunction's that of the publication of the decision against it
    Column("ended_on", Date),
    Index("uq_holds_current", "debt", "ground", "source", unique=True, postgresql_where=text("lifted_at IS NULL")),
    Index("ix_holds_debt", "debt"),
)


# what began five years of prescription anew (CTN art. 174); a protest is a prior step, an agreement a row of its own
interruptions = Table(
    "interruptions",
    metadata,
    Column("id", BigInteger, Identity(always=True), primary_key=True),
    Column("debt", ForeignKey("debts.id"), nullable=False),
    Column("cause", Text, nullable=False),
    Column("on", Date, nullable=False),
    Column("reference", Text, nullable=False),
    Column("recorded_by", Text, nullable=False),
    Column("recorded_at", DateTime(timezone=True), nullable=False, server_default=NOW),
    UniqueConstraint("debt", "cause", "on"),
    one_of("cause", Cause),
)


# what people, or an extract, said of a debt that is or seemed to be extinct from that day on (CTN art. 156)
extinctions = Table(
    "extinctions",
    metadata,
    Column("id", BigInteger, Identity(always=True), primary_key=True),
    Column("debt", ForeignKey("debts.id"), nullable=False),
    Column("ground", Text, nullable=False),
    Column("on", Date, nullable=False),
    # confirmed, or refuted: then it is collected as before
    Column("state", Text, nullable=False),
    # person, or extract: what an extract said the next one may take back
    Column("source", Text, nullable=False, server_default=text("'person'")),
    Column("decided_by", Text, nullable=False),
    Column("reason", Text, nullable=False),
    Column("recorded_at", DateTime(timezone=True), nullable=False, server_default=NOW),
    # said by mistake, or taken back by its source
    Column("undone_at", DateTime(timezone=True)),
    Column("undone_by", Text),
    Column("undone_because", Text),
    Index("uq_extinctions_current", "debt", "ground", "on", unique=True, postgresql_where=text("undone_at IS NULL")),
    Index("ix_extinctions_debt", "debt"),
    one_of("ground", Extinction),
    one_of("state", ("confirmed", "refuted")),
    one_of("source", ("person", "extract")),
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
    one_of("status", ("filed", "late", "missing", "not_required")),
    Index("ix_filings_taxpayer", "taxpayer"),
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
