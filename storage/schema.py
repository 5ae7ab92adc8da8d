"""The tables: what is remembered. Money is NUMERIC(15,2); instants are UTC; dates are logical days of the case.

Rows are locked in one order everywhere: cases by id, then debts by id. So payments and notices queue, never deadlock.
"""

from collections.abc import Iterable
from typing import get_args

from sqlalchemy import (
    BigInteger,
    Boolean,
    CheckConstraint,
    Column,
    Computed,
    Date,
    DateTime,
    FetchedValue,
    ForeignKey,
    Identity,
    Index,
    Integer,
    LargeBinary,
    MetaData,
    Numeric,
    Table,
    Text,
    UniqueConstraint,
    func,
    text,
)
from sqlalchemy.dialects.postgresql import JSONB

from models.agreement.instalments import State as AgreementState
from models.case.cohort_state import State as CohortState
from models.case.facts import StepKind
from models.case.status import Status
from models.contact.delivery import Progress
from models.contact.replies import Intent
from models.money.imputation import Kind as DebtKind
from models.proof.holdout import Arm, Habit
from models.roles import Role
from models.ruler.schema import Hypothesis, Stage, Tone
from models.words import CHANNELS, TASKS

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


def one_of(column: str, words: Iterable[str]) -> CheckConstraint:
    """A CHECK that only these words stand in the column; none at all where it may be empty."""
    listed = ", ".join(f"'{word}'" for word in words)
    return CheckConstraint(f"{column} IN ({listed})", name=f"{column}_known")


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
    # what the authority knows the taxpayer to own (LC 225/2026, art. 11); none: nothing is known
    Column("known_assets", Numeric(17, 2)),
    Index("ix_taxpayers_phone", "phone"),
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
    # what was forgiven, all in all: `remissions` says why
    Column("remitted", Numeric(15, 2), nullable=False, server_default=text("0")),
    Column("balance", Numeric(15, 2), Computed("greatest(amount - received - remitted, 0)", persisted=True)),
    # tax, fee or contribution: in which order a payment is imputed (CTN art. 163, II)
    Column("kind", Text, nullable=False, server_default=text("'tax'")),
    # the day its prescription ends (CTN art. 174), where known
    Column("prescribes", Date),
    Column("protested", Boolean, nullable=False, server_default=text("false")),
    Column("pix_txid", Text, nullable=False, unique=True, server_default=PIX_TXID),
    # what the barcode and the nosso número of its slip carry (models/payment/barcode.py)
    Column("slip_number", BigInteger, Identity(always=True), nullable=False, unique=True),
    UniqueConstraint("tax", "inscription"),
    CheckConstraint("amount > 0", name="amount_positive"),
    one_of("kind", get_args(DebtKind)),
)

# of which source a snapshot had a debt last; no foreign key, whose check would lock all debts of every snapshot
snapshot_debts = Table(
    "snapshot_debts",
    metadata,
    Column("debt", Text, primary_key=True),
    Column("source", Text, nullable=False),
)

# who owes a debt: the principal and the co-debtors, each for the whole of it
debtors = Table(
    "debtors",
    metadata,
    Column("debt", ForeignKey("debts.id"), primary_key=True),
    Column("taxpayer", ForeignKey("taxpayers.id"), primary_key=True),
    Column("uf", Text),
    # false: a third party's debt, for which the taxpayer is only responsible (CTN art. 163, I)
    Column("own", Boolean, nullable=False, server_default=text("true")),
    Index("ix_debtors_taxpayer", "taxpayer"),
)

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
    Index("uq_holds_current", "debt", "ground", "source", unique=True, postgresql_where=text("lifted_at IS NULL")),
    Index("ix_holds_debt", "debt"),
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

# a text that rulers and policies are made of: a template, a table. Never changed, never deleted
assets = Table(
    "assets",
    metadata,
    # SHA-256 of the content
    Column("digest", Text, primary_key=True),
    Column("content", Text, nullable=False),
    Column("recorded_at", DateTime(timezone=True), nullable=False, server_default=NOW),
)

# the versions of what an authority wrote itself: rulers, policies, tables, sets of templates
published = Table(
    "published",
    metadata,
    # models.assets.PublishedKind
    Column("kind", Text, primary_key=True),
    Column("name", Text, primary_key=True),
    Column("version", Integer, primary_key=True),
    # of what it consists of
    Column("digest", Text, nullable=False),
    # names, as models/assets.py says them → assets.digest
    Column("assets", JSONB, nullable=False),
    Column("published_by", Text, nullable=False),
    Column("note", Text, nullable=False, server_default=text("''")),
    Column("published_at", DateTime(timezone=True), nullable=False, server_default=NOW),
    CheckConstraint("kind IN ('ruler', 'policy', 'accrual', 'prices', 'templates')", name="kind_known"),
    CheckConstraint("version > 0", name="version_positive"),
)

# a ruler as it was when a cohort started on it, with its holidays and all that its messages, amounts and costs are made
# of
rulers = Table(
    "rulers",
    metadata,
    Column("digest", Text, primary_key=True),
    Column("label", Text, nullable=False),
    Column("source", Text, nullable=False),
    Column("holidays", JSONB, nullable=False),
    # names, as models/assets.py says them → assets.digest
    Column("assets", JSONB, nullable=False),
    # whether it makes an offer: only such rulers are read when a payment may have earned a remission
    Column("offers", Boolean, nullable=False, server_default=text("false")),
    # whether its debts grow by a table of accrual
    Column("accrues", Boolean, nullable=False, server_default=text("false")),
    Column("recorded_at", DateTime(timezone=True), nullable=False, server_default=NOW),
)

cohorts = Table(
    "cohorts",
    metadata,
    Column("name", Text, primary_key=True),
    # that its new cases are opened with
    Column("ruler", ForeignKey("rulers.digest"), nullable=False),
    Column("started_by", Text, nullable=False),
    Column("selection", JSONB, nullable=False),
    Column("clock", JSONB, nullable=False),
    # every notice becomes a file, whatever providers are there
    Column("rehearsal", Boolean, nullable=False, server_default=text("false")),
    # what its notices may cost in all; none: no limit
    Column("budget", Numeric(15, 2)),
    Column("spent", Numeric(15, 4), nullable=False, server_default=text("0")),
    # the share of its cases that nobody contacts, and the ruler that half of the others are contacted by; none: nobody
    Column("control_share", Numeric),
    Column("rival", ForeignKey("rulers.digest")),
    # with what they are drawn (models/proof/holdout.py)
    Column("salt", Text),
    # models.case.cohort_state.CohortLifecycle: running, paused or cancelled, and who said so, why, on which logical day
    Column("lifecycle", Text, nullable=False, server_default=text("'running'")),
    Column("lifecycle_set_by", Text, nullable=False, server_default=text("''")),
    Column("lifecycle_reason", Text, nullable=False, server_default=text("''")),
    Column("lifecycle_since", Date),
    Column("started_at", DateTime(timezone=True), nullable=False, server_default=NOW),
    CheckConstraint("(salt IS NULL) = (num_nonnulls(control_share, rival) = 0)", name="lot_is_whole"),
    one_of("lifecycle", CohortState),
)

# one a taxpayer and tax, one open at most
cases = Table(
    "cases",
    metadata,
    Column("id", Text, primary_key=True, server_default=OPAQUE_ID),
    Column("taxpayer", ForeignKey("taxpayers.id"), nullable=False),
    Column("tax", Text, nullable=False),
    Column("cohort", ForeignKey("cohorts.name"), nullable=False),
    # it keeps it for life, unless it is migrated
    Column("ruler", ForeignKey("rulers.digest"), nullable=False),
    # the first of its blocks, else its state's
    Column("status", Text, nullable=False, server_default=text("'running'")),
    # models.case.blocks.Block, in the order of models.case.status.Status
    Column("blocks", JSONB, nullable=False, server_default=text("'[]'")),
    # models.case.state.CaseState
    Column("state", JSONB, nullable=False),
    # models.case.decision.Step: what comes next
    Column("next_step", JSONB),
    # grows with every decision, so that the newest of two is known
    Column("revision", Integer, nullable=False, server_default=text("0")),
    Column("paused_by", Text),
    Column("paused_on", Date),
    Column("hardship_on", Date),
    # the taxpayer says it is paid: the next rung waits for the bank
    Column("claimed_paid_on", Date),
    Column("opened_at", DateTime(timezone=True), nullable=False, server_default=NOW),
    Column("closed_at", DateTime(timezone=True)),
    # the logical day it was opened, and what was owed then
    Column("opened_on", Date, nullable=False, server_default=text("CURRENT_DATE")),
    Column("owed", Numeric(15, 2), nullable=False, server_default=text("0")),
    # models.proof.holdout.Arm, in a cohort with a lot; cases drawn at the same instant are one line of the draw
    Column("arm", Text),
    Column("drawn_at", DateTime(timezone=True)),
    # models.proof.holdout.Habit, as known when it was drawn
    Column("habit", Text),
    Index("uq_cases_open", "taxpayer", "tax", unique=True, postgresql_where=text("closed_at IS NULL")),
    Index("ix_cases_taxpayer_tax", "taxpayer", "tax"),
    Index("ix_cases_cohort_status", "cohort", "status"),
    Index("ix_cases_undrawn", "cohort", "id", postgresql_where=text("status = 'control' AND arm IS NULL")),
    one_of("status", Status),
    one_of("arm", Arm),
    one_of("habit", Habit),
    CheckConstraint("coalesce(blocks -> 0 ->> 'kind', status) = status", name="first_block_is_status"),
)

notices = Table(
    "notices",
    metadata,
    Column("id", Text, primary_key=True),
    Column("case", ForeignKey("cases.id"), nullable=False),
    # rung, or reinstatement: that benefits were given back
    Column("kind", Text, nullable=False, server_default=text("'rung'")),
    # the how-manieth contact of the case; with the channel, the notice's idempotency key
    Column("step", Integer, nullable=False),
    Column("channel", Text, nullable=False),
    # the channel of the rung that it stands for: its own, or the one it falls over from
    Column("rung_channel", Text, nullable=False),
    Column("at", Date, nullable=False),
    # the logical instant at which it may leave: inside its contact window
    Column("due_at", DateTime(timezone=True)),
    Column("hypothesis", Text, nullable=False),
    Column("stage", Text, nullable=False),
    Column("rigidity", Integer, nullable=False),
    Column("tone", Text, nullable=False),
    Column("template", Text, nullable=False),
    Column("formal", Boolean, nullable=False),
    # models.contact.delivery.Progress: claimed, queued, sent, delivered, read, answered, failed, bounced, blocked
    Column("status", Text, nullable=False),
    # why it failed, in pt-BR
    Column("failure", Text),
    Column("subject", Text),
    Column("body", Text, nullable=False),
    # file, sendgrid, twilio, domicile; and what it calls the message
    Column("provider", Text),
    Column("provider_id", Text),
    # where it was sent to; none: the provider needs no address
    Column("address", Text),
    # hand-overs to the provider whose answer was lost
    Column("unanswered", Integer, nullable=False, server_default=text("0")),
    Column("segments", Integer, nullable=False, server_default=text("1")),
    Column("cost", Numeric(12, 4), nullable=False, server_default=text("0")),
    Column("claimed_at", DateTime(timezone=True), nullable=False, server_default=NOW),
    Column("sent_at", DateTime(timezone=True)),
    # ciência
    Column("served_on", Date),
    Column("served_by", Text),
    Column("served_reference", Text),
    # the day the law takes it as served by silence, and that law
    Column("deemed_on", Date),
    Column("deemed_by", Text),
    UniqueConstraint("case", "step", "channel"),
    Index("ix_notices_provider_id", "provider_id"),
    Index("ix_notices_at", "at"),
    one_of("kind", ("rung", "reinstatement")),
    one_of("channel", CHANNELS),
    one_of("rung_channel", CHANNELS),
    one_of("hypothesis", get_args(Hypothesis)),
    one_of("stage", Stage),
    one_of("tone", Tone),
    one_of("status", Progress),
)

# what providers report of notices, once each, in whatever order; one for a message that isn't ours is kept too
delivery_events = Table(
    "delivery_events",
    metadata,
    Column("id", BigInteger, Identity(always=True), primary_key=True),
    Column("provider", Text, nullable=False),
    # the provider's own id of the event, by which a redelivery is known
    Column("event", Text, nullable=False),
    Column("notice", ForeignKey("notices.id")),
    Column("kind", Text, nullable=False),
    Column("reason", Text),
    Column("at", DateTime(timezone=True), nullable=False),
    Column("recorded_at", DateTime(timezone=True), nullable=False, server_default=NOW),
    UniqueConstraint("provider", "event"),
    Index("ix_delivery_events_notice", "notice"),
)

# what taxpayers answer, and what was answered to them
replies = Table(
    "replies",
    metadata,
    Column("id", BigInteger, Identity(always=True), primary_key=True),
    Column("provider", Text, nullable=False),
    Column("event", Text, nullable=False),
    Column("channel", Text, nullable=False),
    Column("address", Text, nullable=False),
    Column("taxpayer", ForeignKey("taxpayers.id")),
    Column("case", ForeignKey("cases.id")),
    Column("body", Text, nullable=False),
    # models.contact.replies.Intent
    Column("intent", Text, nullable=False),
    Column("answer", Text),
    Column("recorded_at", DateTime(timezone=True), nullable=False, server_default=NOW),
    UniqueConstraint("provider", "event"),
    Index("ix_replies_address", "address", "recorded_at"),
    one_of("channel", CHANNELS),
    one_of("intent", Intent),
    Index("ix_replies_case", "case"),
    Index("ix_replies_taxpayer", "taxpayer"),
)

# what people have to do about a case, or wait for, by a day
tasks = Table(
    "tasks",
    metadata,
    Column("id", BigInteger, Identity(always=True), primary_key=True),
    Column("case", ForeignKey("cases.id"), nullable=False),
    # call, objection, instalments, contact; processed, suit_suspension, protest_costs, registers_removed
    Column("kind", Text, nullable=False),
    # what made it due: with case and kind its idempotency key
    Column("reference", Text, nullable=False),
    # in pt-BR
    Column("what", Text, nullable=False),
    # the law or rule that asks for it
    Column("source", Text),
    Column("due", Date, nullable=False),
    Column("opened_at", DateTime(timezone=True), nullable=False, server_default=NOW),
    Column("done_at", DateTime(timezone=True)),
    Column("done_by", Text),
    UniqueConstraint("case", "kind", "reference"),
    Index("ix_tasks_due", "due", postgresql_where=text("done_at IS NULL")),
    one_of("kind", TASKS),
)

# what a taxpayer answers to the threat of a suspension: while one is open, nothing escalates (LC 225/2026)
defences = Table(
    "defences",
    metadata,
    Column("id", BigInteger, Identity(always=True), primary_key=True),
    Column("case", ForeignKey("cases.id"), nullable=False),
    Column("filed_on", Date, nullable=False),
    Column("reference", Text, nullable=False),
    Column("recorded_by", Text, nullable=False),
    # open, accepted, rejected
    Column("state", Text, nullable=False, server_default=text("'open'")),
    Column("decided_on", Date),
    Column("decided_by", Text),
    Column("reason", Text),
    Column("recorded_at", DateTime(timezone=True), nullable=False, server_default=NOW),
    Column("decided_at", DateTime(timezone=True)),
    Index("ix_defences_case", "case", "id"),
    Index("uq_defences_open", "case", unique=True, postgresql_where=text("state = 'open'")),
    one_of("state", ("open", "accepted", "rejected")),
)

# what the law wants before a suit (CNJ 547/2024, Lei 14.973/2024)
prior_steps = Table(
    "prior_steps",
    metadata,
    Column("id", BigInteger, Identity(always=True), primary_key=True),
    Column("case", ForeignKey("cases.id"), nullable=False),
    # models.case.facts.StepKind
    Column("kind", Text, nullable=False),
    Column("on", Date, nullable=False),
    Column("reference", Text, nullable=False),
    Column("recorded_by", Text, nullable=False),
    Column("recorded_at", DateTime(timezone=True), nullable=False, server_default=NOW),
    UniqueConstraint("case", "kind"),
    one_of("kind", get_args(StepKind)),
)

# who approved a suspension, and on seeing what
approvals = Table(
    "approvals",
    metadata,
    Column("id", BigInteger, Identity(always=True), primary_key=True),
    Column("case", ForeignKey("cases.id"), nullable=False),
    Column("given_by", Text, nullable=False),
    Column("reason", Text, nullable=False),
    Column("given_on", Date, nullable=False),
    # the benefits, the notices served with their dates, the balance of the day, and the basis
    Column("seen", JSONB, nullable=False),
    # given; carried_out; lapsed, when something changed before it was
    Column("state", Text, nullable=False, server_default=text("'given'")),
    Column("recorded_at", DateTime(timezone=True), nullable=False, server_default=NOW),
    Column("ended_at", DateTime(timezone=True)),
    Index("ix_approvals_case", "case", "id"),
    Index("uq_approvals_given", "case", "given_by", unique=True, postgresql_where=text("state = 'given'")),
    one_of("state", ("given", "carried_out", "lapsed")),
)

# what a person did to a case: its workflow is told the id alone, and believes this row
acts = Table(
    "acts",
    metadata,
    Column("id", BigInteger, Identity(always=True), primary_key=True),
    Column("kind", Text, nullable=False),
    Column("case", ForeignKey("cases.id"), nullable=False),
    Column("who", Text, nullable=False),
    # models.roles.Role; none: nobody proved who it was
    Column("role", Text),
    # the fingerprint of what was shown to whom, where something was
    Column("seen", Text),
    Column("reason", Text, nullable=False),
    Column("at", DateTime(timezone=True), nullable=False, server_default=NOW),
    Index("ix_acts_case", "case", "id"),
    one_of("kind", ("approve", "reject", "pause", "resume")),
    one_of("role", Role),
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
    Index("ix_suspensions_case", "case"),
    Index("uq_suspensions_current", "benefit", "case", unique=True, postgresql_where=text("reinstated_at IS NULL")),
    Index("ix_suspensions_benefit", "benefit"),
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
    one_of("state", ("disagreeing", "applying", "applied")),
)

# an agreement's policy as it was when somebody signed on it, with the templates of its messages
policies = Table(
    "policies",
    metadata,
    Column("digest", Text, primary_key=True),
    Column("label", Text, nullable=False),
    Column("source", Text, nullable=False),
    Column("assets", JSONB, nullable=False),
    Column("recorded_at", DateTime(timezone=True), nullable=False, server_default=NOW),
)

# instalment agreements: one a case at a time
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
    # since when its debts are on hold (CTN art. 151, VI)
    Column("effective_on", Date),
    # the day from which the break has effect, and the day it was certain
    Column("broken_on", Date),
    Column("decided_on", Date),
    Column("completed_on", Date),
    Column("next_step", JSONB),
    Column("revision", Integer, nullable=False, server_default=text("0")),
    Column("recorded_at", DateTime(timezone=True), nullable=False, server_default=NOW),
    Column("closed_at", DateTime(timezone=True)),
    Index("ix_agreements_case", "case"),
    Index("uq_agreements_active", "case", unique=True, postgresql_where=text("closed_at IS NULL")),
    one_of("state", AgreementState),
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
    Column("amount", Numeric(15, 2), nullable=False),
    # of the slip, on top of the amount
    Column("fee", Numeric(15, 2), nullable=False, server_default=text("0")),
    # by the punctuality bonus
    Column("credited", Numeric(15, 2), nullable=False, server_default=text("0")),
    Column("received", Numeric(15, 2), nullable=False, server_default=text("0")),
    Column("paid_on", Date),
    Column("pix_txid", Text, nullable=False, unique=True, server_default=PIX_TXID),
    # above those of debts, which count from 1: no slip number stands for two things
    Column("slip_number", BigInteger, Identity(always=True, start=5_000_000_000_000), nullable=False, unique=True),
    UniqueConstraint("agreement", "n"),
    CheckConstraint("amount >= 0", name="amount_not_negative"),
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
    CheckConstraint("num_nonnulls(end_to_end_id, reference) > 0", name="reported"),
    CheckConstraint("num_nonnulls(debt, instalment) < 2", name="one_purpose"),
    one_of("channel", ("pix", "bank")),
    Index("ix_payments_bank_file", "bank_file"),
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

# what of a debt was forgiven, and by which rule; negative when it was undone
remissions = Table(
    "remissions",
    metadata,
    Column("id", BigInteger, Identity(always=True), primary_key=True),
    Column("debt", ForeignKey("debts.id"), nullable=False),
    Column("amount", Numeric(15, 2), nullable=False),
    # agreement or campaign, and which
    Column("ground", Text, nullable=False),
    Column("reference", Text, nullable=False),
    Column("remitted_on", Date, nullable=False),
    Column("recorded_at", DateTime(timezone=True), nullable=False, server_default=NOW),
    Index("ix_remissions_debt", "debt"),
    one_of("ground", ("agreement", "campaign")),
)

# Pix charges at the authority's bank: one open a debt or instalment; what was paid to an earlier one still matches
charges = Table(
    "charges",
    metadata,
    Column("id", BigInteger, Identity(always=True), primary_key=True),
    Column("debt", ForeignKey("debts.id")),
    Column("instalment", ForeignKey("instalments.id")),
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
    CheckConstraint("num_nonnulls(debt, instalment) = 1", name="one_purpose"),
    one_of("state", ("claimed", "open", "paid", "removed")),
    Index("ix_charges_debt", "debt"),
    Index("ix_charges_instalment", "instalment"),
)

reversals = Table(
    "reversals",
    metadata,
    Column("id", BigInteger, Identity(always=True), primary_key=True),
    Column("payment", ForeignKey("payments.id"), nullable=False),
    # the bank's own id of the refund, and that of the transfer back where it told
    Column("reference", Text, nullable=False),
    Column("rtr_id", Text),
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
    # of the row and of the case's row before it; the database computes it, whoever writes
    Column("hash", LargeBinary, FetchedValue(), nullable=False),
    Index("ix_decisions_case", "case", "id"),
)

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

# signals that were promised in the transaction that made them due; the relay delivers them, whatever is down meanwhile
outbox = Table(
    "outbox",
    metadata,
    Column("id", BigInteger, Identity(always=True), primary_key=True),
    Column("case", ForeignKey("cases.id"), nullable=False),
    Column("name", Text, nullable=False),
    Column("payload", JSONB, nullable=False),
    Column("recorded_at", DateTime(timezone=True), nullable=False, server_default=NOW),
    Column("delivered_at", DateTime(timezone=True)),
    # the order of delivery: what concerns a whole cohort lets a taxpayer's own news pass
    Index(
        "ix_outbox_due",
        text("(name = ANY (ARRAY['cohort_state_changed'::text, 'ruler_changed'::text]))"),
        "id",
        postgresql_where=text("delivered_at IS NULL"),
    ),
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
