"""Acts of people on a case: defences, prior steps, approvals, suspensions, tasks."""

from typing import get_args

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
    LargeBinary,
    Table,
    Text,
    UniqueConstraint,
    text,
)
from sqlalchemy.dialects.postgresql import JSONB

from models.case.facts import StepKind
from models.law.requests import RequestKind
from models.roles import Role
from models.words import TASKS
from storage.schema.base import NOW, metadata, one_of

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
    # no agent is given it before: a call to be made at that hour, or tried again
    Column("not_before", DateTime(timezone=True)),
    # until when it is in one agent's hands, as its row of `calls` says too: here, since whoever waited for the lock of
    # this row sees what it is now, and of other tables what was there when he began to wait
    Column("taken_until", DateTime(timezone=True)),
    UniqueConstraint("case", "kind", "reference"),
    Index("ix_tasks_due", "due", postgresql_where=text("done_at IS NULL")),
    # two agents who look for whom to call don't both call the same one
    Index("uq_tasks_collect", "case", unique=True, postgresql_where=text("kind = 'collect' AND done_at IS NULL")),
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
    # against the rejection of another (LC 225/2026 art. 4º, VII)
    Column("appeal", Boolean, nullable=False, server_default=text("false")),
    Index("ix_defences_case", "case", "id"),
    one_of("state", ("open", "accepted", "rejected")),
)


# the credits that a defence is against; none: all of its case, of a time when that wasn't kept
defence_credits = Table(
    "defence_credits",
    metadata,
    Column("defence", ForeignKey("defences.id"), primary_key=True),
    # models.case.credit.CreditId
    Column("credit", Text, primary_key=True),
)


# what the law wants before a suit (CNJ 547/2024, Lei 14.973/2024), of which debts `prior_step_debts` says
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
    Index("ix_prior_steps_case", "case", "id"),
    one_of("kind", get_args(StepKind)),
)


prior_step_debts = Table(
    "prior_step_debts",
    metadata,
    Column("prior_step", ForeignKey("prior_steps.id"), primary_key=True),
    Column("debt", ForeignKey("debts.id"), primary_key=True),
    Index("ix_prior_step_debts_debt", "debt"),
)


# what a taxpayer asks for about his case, and what people answered
requests = Table(
    "requests",
    metadata,
    Column("id", BigInteger, Identity(always=True), primary_key=True),
    Column("case", ForeignKey("cases.id"), nullable=False),
    Column("kind", Text, nullable=False),
    Column("made_on", Date, nullable=False),
    # the last day for the answer
    Column("due", Date, nullable=False),
    Column("reference", Text, nullable=False),
    Column("recorded_by", Text, nullable=False),
    Column("recorded_at", DateTime(timezone=True), nullable=False, server_default=NOW),
    Column("answer", Text),
    Column("answered_on", Date),
    Column("answered_by", Text),
    Column("reason", Text),
    Column("answered_at", DateTime(timezone=True)),
    # of one that the taxpayer filed himself: his own words, and what he follows it by
    Column("said", Text),
    Column("key", Text),
    # who works on it, since which day
    Column("taken_by", Text),
    Column("taken_on", Date),
    Index("ix_requests_case", "case", "id"),
    one_of("kind", RequestKind),
    one_of("answer", ("granted", "denied")),
)


# what a taxpayer sent with a request
request_files = Table(
    "request_files",
    metadata,
    Column("id", BigInteger, Identity(always=True), primary_key=True),
    Column("request", ForeignKey("requests.id"), nullable=False),
    Column("name", Text, nullable=False),
    # as its content says, whatever its name does
    Column("media_type", Text, nullable=False),
    Column("content", LargeBinary, nullable=False),
    Column("recorded_at", DateTime(timezone=True), nullable=False, server_default=NOW),
    Index("ix_request_files_request", "request"),
)


# the credits that a request names, which it holds alone; none: all of its case
request_credits = Table(
    "request_credits",
    metadata,
    Column("request", ForeignKey("requests.id"), primary_key=True),
    # models.case.credit.CreditId
    Column("credit", Text, primary_key=True),
)


# what was put on record by mistake, and counts no more
annulments = Table(
    "annulments",
    metadata,
    Column("id", BigInteger, Identity(always=True), primary_key=True),
    Column("case", ForeignKey("cases.id"), nullable=False),
    Column("kind", Text, nullable=False),
    # the id of a notice, step, defence or interruption; of a hardship the case's
    Column("entry", Text, nullable=False),
    # what it said, in pt-BR
    Column("what", Text, nullable=False),
    Column("annulled_by", Text, nullable=False),
    Column("reason", Text, nullable=False),
    Column("annulled_on", Date, nullable=False),
    Column("recorded_at", DateTime(timezone=True), nullable=False, server_default=NOW),
    Index("ix_annulments_case", "case", "id"),
    Index("ix_annulments_entry", "kind", "entry"),
    one_of("kind", ("service", "step", "ruling", "hardship", "interruption")),
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
    one_of("kind", ("approve", "reject", "pause", "resume", "sign", "break", "end-debit", "refuse-offset")),
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
    # models.case.credit.CreditId: what the act is for; empty: of a time when that wasn't kept
    Column("credits", ARRAY(Text), nullable=False, server_default=text("'{}'")),
    Column("reinstated_on", Date),
    Column("recorded_at", DateTime(timezone=True), nullable=False, server_default=NOW),
    Column("reinstated_at", DateTime(timezone=True)),
    Index("ix_suspensions_case", "case"),
    Index("uq_suspensions_current", "benefit", "case", unique=True, postgresql_where=text("reinstated_at IS NULL")),
    Index("ix_suspensions_benefit", "benefit"),
)
