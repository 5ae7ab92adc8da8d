"""Arrangements that people make with taxpayers: promises to pay, calls and visits."""

from sqlalchemy import (
    ARRAY,
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
    text,
)

from models.collections.outcome import Outcome
from models.collections.promise import PromiseChannel, PromiseState
from models.collections.queue import Queue
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


# one task in one person's hands, from when it was given out until its outcome; it lapses where nobody tells one
calls = Table(
    "calls",
    metadata,
    Column("id", BigInteger, Identity(always=True), primary_key=True),
    # which says the case: a reference to that would wait for whoever holds the case and waits for the task
    Column("task", ForeignKey("tasks.id"), nullable=False),
    Column("agent", Text, nullable=False),
    # models.collections.queue.Queue
    Column("queue", Text, nullable=False),
    # phone, counter; office: nobody is called
    Column("channel", Text, nullable=False),
    # the case's day
    Column("at", Date, nullable=False),
    Column("started_at", DateTime(timezone=True), nullable=False, server_default=NOW),
    Column("lapses_at", DateTime(timezone=True), nullable=False),
    # when the taxpayer was known to be the one who speaks
    Column("confirmed_at", DateTime(timezone=True)),
    # models.collections.outcome.Outcome; none with an end: it lapsed
    Column("outcome", Text),
    Column("ended_at", DateTime(timezone=True)),
    # whether it is a contact that the limits count
    Column("counts", Boolean, nullable=False, server_default=text("false")),
    Column("promise", ForeignKey("promises.id")),
    # in how many instalments the taxpayer agreed to pay
    Column("instalments", Integer),
    # in pt-BR, of the agent
    Column("note", Text),
    CheckConstraint("outcome IS NULL OR ended_at IS NOT NULL", name="ended_with_an_outcome"),
    Index("uq_calls_under_way", "task", unique=True, postgresql_where=text("ended_at IS NULL")),
    Index("ix_calls_task", "task"),
    Index("ix_calls_agent", "agent", "started_at"),
    Index("ix_calls_promise", "promise"),
    one_of("queue", Queue),
    one_of("channel", ("phone", "counter", "office")),
    one_of("outcome", Outcome),
)


# the queues that somebody works on; none: those of everybody
agent_queues = Table(
    "agent_queues",
    metadata,
    Column("agent", Text, primary_key=True),
    Column("queues", ARRAY(Text), nullable=False),
    Column("set_by", Text, nullable=False),
    Column("set_at", DateTime(timezone=True), nullable=False, server_default=NOW),
)
