"""Cohorts, their cases, and the journal of what was decided of each."""

from sqlalchemy import (
    BigInteger,
    Boolean,
    CheckConstraint,
    Column,
    Date,
    DateTime,
    Double,
    FetchedValue,
    ForeignKey,
    Identity,
    Index,
    Integer,
    LargeBinary,
    Numeric,
    Table,
    Text,
    text,
)
from sqlalchemy.dialects.postgresql import JSONB

from models.case.cohort_state import State as CohortState
from models.case.journal import EntryKind
from models.case.status import WAITING, Status
from models.proof.experiment import Primary
from models.proof.holdout import BESIDE, Arm, Habit
from storage.schema.base import NOW, OPAQUE_ID, metadata, one_of, words

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
    # started or migrated on rules that nobody has verified, where days are real and nothing left by a provider
    Column("unverified", Boolean, nullable=False, server_default=text("false")),
    # what its notices may cost in all; none: no limit
    Column("budget", Numeric(15, 2)),
    Column("spent", Numeric(15, 4), nullable=False, server_default=text("0")),
    # the share of its cases that nobody contacts; none: nobody is held out. Those of other rulers are in `arms`
    Column("control_share", Numeric),
    # with what they are drawn (models/proof/holdout.py), and the day on which it is to be read what came of it
    Column("salt", Text),
    Column("reads_on", Date),
    # models.case.cohort_state.CohortLifecycle: running, paused or cancelled, and who said so, why, on which logical day
    Column("lifecycle", Text, nullable=False, server_default=text("'running'")),
    Column("lifecycle_set_by", Text, nullable=False, server_default=text("''")),
    Column("lifecycle_reason", Text, nullable=False, server_default=text("''")),
    Column("lifecycle_since", Date),
    Column("started_at", DateTime(timezone=True), nullable=False, server_default=NOW),
    CheckConstraint("control_share IS NULL OR salt IS NOT NULL", name="lot_is_whole"),
    one_of("lifecycle", CohortState),
)


# the arms of a cohort's draw that go by other rulers, or by the standard rungs of its own, each with its share of all
# cases; never changed
arms = Table(
    "arms",
    metadata,
    Column("cohort", ForeignKey("cohorts.name"), primary_key=True),
    Column("arm", Text, primary_key=True),
    # none: the cohort's own
    Column("ruler", ForeignKey("rulers.digest")),
    Column("share", Numeric, nullable=False),
    one_of("arm", BESIDE),
)


# acts by which a cohort takes people in: a start, until all are in; a schedule, until it is deleted
intakes = Table(
    "intakes",
    metadata,
    Column("id", BigInteger, Identity(always=True), primary_key=True),
    Column("cohort", ForeignKey("cohorts.name"), nullable=False),
    # when, in the time of its jurisdiction; none: once, at once
    Column("cron", Text),
    # cases started a second at most
    Column("rate", Double, nullable=False),
    Column("asked_by", Text, nullable=False),
    Column("asked_at", DateTime(timezone=True), nullable=False, server_default=NOW),
    Column("paused_by", Text),
    # by whoever asked, paused or resumed
    Column("changed_at", DateTime(timezone=True), nullable=False, server_default=NOW),
    # when Temporal made the schedule, as it says itself: one made at another moment is none of ours
    Column("made_at", DateTime(timezone=True)),
    Column("ended_at", DateTime(timezone=True)),
    Index("uq_intakes_open", "cohort", text("(cron IS NULL)"), unique=True, postgresql_where=text("ended_at IS NULL")),
)


# what a cohort's draw is to answer, and by which figure: written at its start, and never again
experiments = Table(
    "experiments",
    metadata,
    Column("cohort", ForeignKey("cohorts.name"), primary_key=True),
    Column("name", Text, nullable=False, unique=True),
    Column("claim", Text, nullable=False),
    # models.proof.experiment.Primary
    Column("primary_figure", Text, nullable=False),
    Column("registered_by", Text, nullable=False),
    Column("registered_at", DateTime(timezone=True), nullable=False, server_default=NOW),
    one_of("primary_figure", Primary),
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
    # the same: the contact that was last begun, with all its notices, whether they were claimed or not
    Column("last_contact", JSONB),
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
    # models.contact.habits.ContactHabits as known then, where the cohort's ruler has rungs for them
    Column("contact_habits", JSONB),
    # the unit it was drawn with, named for one of its cases, and that unit's stratum (models/proof/holdout.py)
    Column("unit", Text),
    Column("stratum", Text),
    Index("uq_cases_open", "taxpayer", "tax", unique=True, postgresql_where=text("closed_at IS NULL")),
    Index("ix_cases_taxpayer_tax", "taxpayer", "tax"),
    Index("ix_cases_cohort_status", "cohort", "status"),
    # the order of a cohort's list
    Index("ix_cases_opened", "cohort", "opened_at", "id"),
    Index("ix_cases_waiting", "status", postgresql_where=text(f"status IN ({words(WAITING)})")),
    Index("ix_cases_undrawn", "cohort", "id", postgresql_where=text("status = 'control' AND arm IS NULL")),
    one_of("status", Status),
    one_of("arm", Arm),
    one_of("habit", Habit),
    CheckConstraint("coalesce(blocks -> 0 ->> 'kind', status) = status", name="first_block_is_status"),
)

# whom agents call when nobody has asked: in each row those who owe most
Index(
    "ix_cases_to_call",
    text("((state -> 'place') ->> 'row')"),
    cases.c.owed.desc(),
    cases.c.id,
    postgresql_where=text("status = 'running'"),
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
    one_of("kind", EntryKind),
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
    # the order of delivery: what there may be very much of lets a taxpayer's own news pass (models.events.YIELDING)
    Index(
        "ix_outbox_due",
        text(
            "(name = ANY (ARRAY['cohort_state_changed'::text, 'communication_changed'::text, 'ruler_changed'::text]))"
        ),
        "id",
        postgresql_where=text("delivered_at IS NULL"),
    ),
)
