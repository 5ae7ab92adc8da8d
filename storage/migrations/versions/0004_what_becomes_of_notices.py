"""Notices by many channels and what becomes of them: contacts that die, replies, tasks for people, costs.

The downgrade forgets all of that, who wants no messages included; notices stay, without provider and price.
"""

import sqlalchemy as sa
from alembic import op

revision = "0004"
down_revision = "0003"


def upgrade() -> None:
    op.create_table(
        "opt_outs",
        sa.Column("taxpayer", sa.BigInteger(), nullable=False),
        sa.Column("channel", sa.Text(), nullable=False),
        sa.Column("via", sa.Text(), nullable=False),
        sa.Column(
            "recorded_at", sa.DateTime(timezone=True), server_default=sa.text("clock_timestamp()"), nullable=False
        ),
        sa.ForeignKeyConstraint(["taxpayer"], ["taxpayers.id"], name=op.f("fk_opt_outs_taxpayer")),
        sa.PrimaryKeyConstraint("taxpayer", "channel", name=op.f("pk_opt_outs")),
    )
    op.create_table(
        "replies",
        sa.Column("id", sa.BigInteger(), sa.Identity(always=True), nullable=False),
        sa.Column("provider", sa.Text(), nullable=False),
        sa.Column("event", sa.Text(), nullable=False),
        sa.Column("channel", sa.Text(), nullable=False),
        sa.Column("address", sa.Text(), nullable=False),
        sa.Column("taxpayer", sa.BigInteger(), nullable=True),
        sa.Column("case", sa.Text(), nullable=True),
        sa.Column("body", sa.Text(), nullable=False),
        sa.Column("intent", sa.Text(), nullable=False),
        sa.Column("answer", sa.Text(), nullable=True),
        sa.Column(
            "recorded_at", sa.DateTime(timezone=True), server_default=sa.text("clock_timestamp()"), nullable=False
        ),
        sa.ForeignKeyConstraint(["case"], ["cases.id"], name=op.f("fk_replies_case")),
        sa.ForeignKeyConstraint(["taxpayer"], ["taxpayers.id"], name=op.f("fk_replies_taxpayer")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_replies")),
        sa.UniqueConstraint("provider", "event", name=op.f("uq_replies_provider_event")),
    )
    op.create_index("ix_replies_address", "replies", ["address", "recorded_at"], unique=False)
    op.create_table(
        "tasks",
        sa.Column("id", sa.BigInteger(), sa.Identity(always=True), nullable=False),
        sa.Column("case", sa.Text(), nullable=False),
        sa.Column("kind", sa.Text(), nullable=False),
        sa.Column("reference", sa.Text(), nullable=False),
        sa.Column("what", sa.Text(), nullable=False),
        sa.Column("source", sa.Text(), nullable=True),
        sa.Column("due", sa.Date(), nullable=False),
        sa.Column("opened_at", sa.DateTime(timezone=True), server_default=sa.text("clock_timestamp()"), nullable=False),
        sa.Column("done_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("done_by", sa.Text(), nullable=True),
        sa.ForeignKeyConstraint(["case"], ["cases.id"], name=op.f("fk_tasks_case")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_tasks")),
        sa.UniqueConstraint("case", "kind", "reference", name=op.f("uq_tasks_case_kind_reference")),
    )
    op.create_index("ix_tasks_due", "tasks", ["due"], unique=False, postgresql_where=sa.text("done_at IS NULL"))
    op.create_table(
        "dead_contacts",
        sa.Column("id", sa.BigInteger(), sa.Identity(always=True), nullable=False),
        sa.Column("taxpayer", sa.BigInteger(), nullable=False),
        sa.Column("channel", sa.Text(), nullable=False),
        sa.Column("address", sa.Text(), nullable=False),
        sa.Column("why", sa.Text(), nullable=False),
        sa.Column("notice", sa.Text(), nullable=True),
        sa.Column(
            "recorded_at", sa.DateTime(timezone=True), server_default=sa.text("clock_timestamp()"), nullable=False
        ),
        sa.Column("revived_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("revived_by", sa.Text(), nullable=True),
        sa.ForeignKeyConstraint(["notice"], ["notices.id"], name=op.f("fk_dead_contacts_notice")),
        sa.ForeignKeyConstraint(["taxpayer"], ["taxpayers.id"], name=op.f("fk_dead_contacts_taxpayer")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_dead_contacts")),
    )
    op.create_index(
        "uq_dead_contacts_current",
        "dead_contacts",
        ["taxpayer", "channel", "address"],
        unique=True,
        postgresql_where=sa.text("revived_at IS NULL"),
    )
    op.create_table(
        "delivery_events",
        sa.Column("id", sa.BigInteger(), sa.Identity(always=True), nullable=False),
        sa.Column("provider", sa.Text(), nullable=False),
        sa.Column("event", sa.Text(), nullable=False),
        sa.Column("notice", sa.Text(), nullable=True),
        sa.Column("kind", sa.Text(), nullable=False),
        sa.Column("reason", sa.Text(), nullable=True),
        sa.Column("at", sa.DateTime(timezone=True), nullable=False),
        sa.Column(
            "recorded_at", sa.DateTime(timezone=True), server_default=sa.text("clock_timestamp()"), nullable=False
        ),
        sa.ForeignKeyConstraint(["notice"], ["notices.id"], name=op.f("fk_delivery_events_notice")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_delivery_events")),
        sa.UniqueConstraint("provider", "event", name=op.f("uq_delivery_events_provider_event")),
    )
    op.create_index("ix_delivery_events_notice", "delivery_events", ["notice"], unique=False)
    op.add_column("cases", sa.Column("claimed_paid_on", sa.Date(), nullable=True))
    op.add_column("cohorts", sa.Column("rehearsal", sa.Boolean(), server_default=sa.text("false"), nullable=False))
    op.add_column("cohorts", sa.Column("budget", sa.Numeric(precision=15, scale=2), nullable=True))
    op.add_column(
        "cohorts", sa.Column("spent", sa.Numeric(precision=15, scale=4), server_default=sa.text("0"), nullable=False)
    )
    op.add_column("notices", sa.Column("way", sa.Text(), nullable=True))
    op.execute("UPDATE notices SET way = channel")
    op.alter_column("notices", "way", nullable=False)
    op.add_column("notices", sa.Column("due_at", sa.DateTime(timezone=True), nullable=True))
    op.add_column("notices", sa.Column("failure", sa.Text(), nullable=True))
    op.add_column("notices", sa.Column("provider", sa.Text(), nullable=True))
    op.add_column("notices", sa.Column("provider_id", sa.Text(), nullable=True))
    op.add_column("notices", sa.Column("address", sa.Text(), nullable=True))
    op.add_column("notices", sa.Column("unanswered", sa.Integer(), server_default=sa.text("0"), nullable=False))
    op.add_column("notices", sa.Column("segments", sa.Integer(), server_default=sa.text("1"), nullable=False))
    op.add_column(
        "notices", sa.Column("cost", sa.Numeric(precision=12, scale=4), server_default=sa.text("0"), nullable=False)
    )
    op.create_index("ix_notices_at", "notices", ["at"], unique=False)
    op.create_index("ix_notices_provider_id", "notices", ["provider_id"], unique=False)
    op.add_column("taxpayers", sa.Column("messenger", sa.Text(), nullable=True))
    op.create_index("ix_taxpayers_phone", "taxpayers", ["phone"], unique=False)


def downgrade() -> None:
    op.drop_index("ix_taxpayers_phone", table_name="taxpayers")
    op.drop_column("taxpayers", "messenger")
    op.drop_index("ix_notices_provider_id", table_name="notices")
    op.drop_index("ix_notices_at", table_name="notices")
    op.drop_column("notices", "cost")
    op.drop_column("notices", "segments")
    op.drop_column("notices", "unanswered")
    op.drop_column("notices", "address")
    op.drop_column("notices", "provider_id")
    op.drop_column("notices", "provider")
    op.drop_column("notices", "failure")
    op.drop_column("notices", "due_at")
    op.drop_column("notices", "way")
    op.drop_column("cohorts", "spent")
    op.drop_column("cohorts", "budget")
    op.drop_column("cohorts", "rehearsal")
    op.drop_column("cases", "claimed_paid_on")
    op.drop_table("delivery_events")
    op.drop_table("dead_contacts")
    op.drop_table("tasks")
    op.drop_table("replies")
    op.drop_table("opt_outs")
