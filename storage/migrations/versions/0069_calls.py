"""Calls and visits of people: one task in one person's hands, with its outcome; and the queues that somebody works on.

The way back forgets who called whom; what the journal says of it stays.
"""

import sqlalchemy as sa
from alembic import op

from storage.migrations.words import forget, know

revision = "0069"
down_revision = "0068"

NOW = sa.text("clock_timestamp()")
QUEUES = "'promises', 'call_backs', 'requests', 'collection', 'office', 'counter'"
OUTCOMES = (
    "'no_answer', 'busy', 'machine', 'wrong_number', 'third_person', 'call_back', 'promise', 'paid', 'disputes',"
    " 'cannot_pay', 'agrees', 'refuses', 'ceased', 'opt_out', 'done'"
)
TASKS = ("call_back", "collect", "visit")


def upgrade() -> None:
    op.add_column("tasks", sa.Column("not_before", sa.DateTime(timezone=True), nullable=True))
    op.add_column("tasks", sa.Column("taken_until", sa.DateTime(timezone=True), nullable=True))
    op.create_index(
        "uq_tasks_collect",
        "tasks",
        ["case"],
        unique=True,
        postgresql_where=sa.text("kind = 'collect' AND done_at IS NULL"),
    )
    op.create_table(
        "calls",
        sa.Column("id", sa.BigInteger(), sa.Identity(always=True), nullable=False),
        sa.Column("task", sa.BigInteger(), nullable=False),
        sa.Column("agent", sa.Text(), nullable=False),
        sa.Column("queue", sa.Text(), nullable=False),
        sa.Column("channel", sa.Text(), nullable=False),
        sa.Column("at", sa.Date(), nullable=False),
        sa.Column("started_at", sa.DateTime(timezone=True), server_default=NOW, nullable=False),
        sa.Column("lapses_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("confirmed_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("outcome", sa.Text(), nullable=True),
        sa.Column("ended_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("counts", sa.Boolean(), server_default=sa.text("false"), nullable=False),
        sa.Column("promise", sa.BigInteger(), nullable=True),
        sa.Column("note", sa.Text(), nullable=True),
        sa.CheckConstraint("outcome IS NULL OR ended_at IS NOT NULL", name=op.f("ck_calls_ended_with_an_outcome")),
        sa.CheckConstraint(f"queue IN ({QUEUES})", name=op.f("ck_calls_queue_known")),
        sa.CheckConstraint("channel IN ('phone', 'counter', 'office')", name=op.f("ck_calls_channel_known")),
        sa.CheckConstraint(f"outcome IN ({OUTCOMES})", name=op.f("ck_calls_outcome_known")),
        sa.ForeignKeyConstraint(["task"], ["tasks.id"], name=op.f("fk_calls_task")),
        sa.ForeignKeyConstraint(["promise"], ["promises.id"], name=op.f("fk_calls_promise")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_calls")),
    )
    op.create_index("uq_calls_under_way", "calls", ["task"], unique=True, postgresql_where=sa.text("ended_at IS NULL"))
    op.create_index("ix_calls_task", "calls", ["task"])
    op.create_index("ix_calls_agent", "calls", ["agent", "started_at"])
    op.create_index("ix_calls_promise", "calls", ["promise"])
    op.create_table(
        "agent_queues",
        sa.Column("agent", sa.Text(), nullable=False),
        sa.Column("queues", sa.ARRAY(sa.Text()), nullable=False),
        sa.Column("set_by", sa.Text(), nullable=False),
        sa.Column("set_at", sa.DateTime(timezone=True), server_default=NOW, nullable=False),
        sa.PrimaryKeyConstraint("agent", name=op.f("pk_agent_queues")),
    )
    op.create_index(
        "ix_cases_to_call",
        "cases",
        [sa.text("(state -> 'place' ->> 'row')"), sa.text("owed DESC"), "id"],
        postgresql_where=sa.text("status = 'running'"),
    )
    know("decisions", "kind", "call_made")
    know("tasks", "kind", *TASKS)


def downgrade() -> None:
    op.drop_index("ix_cases_to_call", "cases")
    op.drop_table("agent_queues")
    op.drop_table("calls")
    op.execute("DELETE FROM tasks WHERE kind IN ('call_back', 'collect', 'visit')")
    forget("tasks", "kind", *TASKS)
    forget("decisions", "kind", "call_made")
    op.drop_index("uq_tasks_collect", "tasks")
    op.drop_column("tasks", "taken_until")
    op.drop_column("tasks", "not_before")
