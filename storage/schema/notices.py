"""Communications, notices, what providers report of them, and what taxpayers answer."""

from typing import get_args

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
    Numeric,
    Table,
    Text,
    UniqueConstraint,
    text,
)

from models.contact.communication import CommunicationKind
from models.contact.delivery import Progress
from models.contact.replies import Intent
from models.ruler.schema import Hypothesis, Stage, Tone
from models.words import CHANNELS
from storage.schema.base import NOW, metadata, one_of

# what is told a taxpayer beside the rungs of his ruler; its notices are what was made of it, one a channel
communications = Table(
    "communications",
    metadata,
    Column("id", Text, primary_key=True),
    Column("case", ForeignKey("cases.id"), nullable=False),
    # models.contact.communication.CommunicationKind
    Column("kind", Text, nullable=False),
    # it is about an instalment, about a payment as it came in, or about what falls due on a day
    Column("instalment", ForeignKey("instalments.id")),
    Column("payment", ForeignKey("payments.id")),
    Column("due", Date),
    # the logical day from which it may leave
    Column("asked_on", Date, nullable=False),
    Column("recorded_at", DateTime(timezone=True), nullable=False, server_default=NOW),
    # since when it waits for the cohort to have money for it
    Column("unpaid_since", DateTime(timezone=True)),
    # sent, withdrawn: overtaken before it left, unreached; and why, in pt-BR, where nothing arrives
    Column("outcome", Text),
    Column("reason", Text),
    Column("closed_at", DateTime(timezone=True)),
    CheckConstraint("num_nonnulls(instalment, payment, due) = 1", name="about_one_thing"),
    CheckConstraint("(outcome IS NULL) = (closed_at IS NULL)", name="closed_with_an_outcome"),
    one_of("kind", CommunicationKind),
    one_of("outcome", ("sent", "withdrawn", "unreached")),
    Index("ix_communications_case", "case"),
    Index("ix_communications_instalment", "instalment"),
    Index("ix_communications_payment", "payment"),
    Index("ix_communications_open", "id", postgresql_where=text("closed_at IS NULL")),
)


notices = Table(
    "notices",
    metadata,
    Column("id", Text, primary_key=True),
    Column("case", ForeignKey("cases.id"), nullable=False),
    # rung, or reinstatement: that benefits were given back; else that of its communication
    Column("kind", Text, nullable=False, server_default=text("'rung'")),
    # none: it is of the ruler, and has the five columns that say of which rung
    Column("communication", ForeignKey("communications.id")),
    # the how-manieth contact of the case; with the channel, the notice's idempotency key
    Column("step", Integer),
    Column("channel", Text, nullable=False),
    # the channel of the rung that it stands for: its own, or the one it falls over from
    Column("rung_channel", Text, nullable=False),
    Column("at", Date, nullable=False),
    # the logical instant at which it may leave: inside its contact window
    Column("due_at", DateTime(timezone=True)),
    Column("hypothesis", Text),
    Column("stage", Text),
    Column("rigidity", Integer),
    Column("tone", Text),
    Column("template", Text, nullable=False),
    Column("formal", Boolean, nullable=False),
    # models.contact.delivery.Progress: claimed, queued, sent, delivered, read, answered, failed, bounced, blocked
    Column("status", Text, nullable=False),
    # why it failed, in pt-BR
    Column("failure", Text),
    Column("subject", Text),
    Column("body", Text, nullable=False),
    # file, sendgrid, twilio, domicile, postal, gazette; and what it calls the message
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
    UniqueConstraint("communication", "channel"),
    CheckConstraint(
        "num_nonnulls(step, hypothesis, stage, rigidity, tone) = CASE WHEN communication IS NULL THEN 5 ELSE 0 END",
        name="of_a_rung_or_beside",
    ),
    CheckConstraint("(kind IN ('rung', 'reinstatement')) = (communication IS NULL)", name="kind_of_a_rung_or_beside"),
    Index("ix_notices_provider_id", "provider_id"),
    Index("ix_notices_at", "at"),
    Index("ix_notices_claimed_at", "claimed_at"),
    Index("ix_notices_claimed", "case", postgresql_where=text("status = 'claimed'")),
    one_of("kind", ("rung", "reinstatement", *CommunicationKind)),
    one_of("channel", CHANNELS),
    one_of("rung_channel", CHANNELS),
    one_of("hypothesis", get_args(Hypothesis)),
    one_of("stage", Stage),
    one_of("tone", Tone),
    one_of("status", Progress),
)


# what a formal notice lists, where its channel carries the whole act: of these credits alone it can be service
notice_credits = Table(
    "notice_credits",
    metadata,
    Column("notice", ForeignKey("notices.id"), primary_key=True),
    # models.case.credit.CreditId
    Column("credit", Text, primary_key=True),
    Column("debt", ForeignKey("debts.id")),
    # of the return
    Column("period", Text),
    # in reais, on the day of the notice; none: a return, or of a notice of a time when that wasn't kept
    Column("amount", Numeric(15, 2)),
    Column("due", Date),
    # at how much it was assessed then; none: as above
    Column("assessed", Numeric(15, 2)),
    Index("ix_notice_credits_debt", "debt"),
)


# letters that were posted together, or notices that are published in one edital
notice_batches = Table(
    "notice_batches",
    metadata,
    Column("id", BigInteger, Identity(always=True), primary_key=True),
    Column("channel", Text, nullable=False),
    Column("closed_by", Text, nullable=False),
    Column("closed_at", DateTime(timezone=True), nullable=False, server_default=NOW),
    # of an edital: in which gazette, and which edition and page
    Column("gazette", Text),
    Column("published_reference", Text),
    Column("published_by", Text),
    Column("published_at", DateTime(timezone=True)),
    one_of("channel", ("letter", "gazette")),
)


# each notice in one batch, by a number of its own: that of a letter's return receipt (models/contact/receipt_code.py)
batched_notices = Table(
    "batched_notices",
    metadata,
    Column("notice", ForeignKey("notices.id"), primary_key=True),
    Column("batch", ForeignKey("notice_batches.id"), nullable=False),
    Column("number", BigInteger, Identity(always=True), nullable=False, unique=True),
    # the case's day on which it was posted or published; none: it waits to be published
    Column("left_on", Date),
    Index("ix_batched_notices_batch", "batch"),
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
