"""Letters with a return receipt and published notices: the channels, the postal address, and what left together."""

import sqlalchemy as sa
from alembic import op

from storage.migrations.words import forget, know

revision = "0048"
down_revision = "0047"

COLUMNS = (
    ("notices", "channel"),
    ("notices", "rung_channel"),
    ("opt_outs", "channel"),
    ("replies", "channel"),
    ("suppressed_contacts", "channel"),
)
ENTRIES = ("notice_posted", "notice_published", "notice_received")
NEWEST_ADDRESS = """
    UPDATE taxpayers SET address = (
        SELECT value FROM contacts
        WHERE contacts.taxpayer = taxpayers.id AND kind = 'address' AND coalesce(consent, true)
        ORDER BY said_on DESC, place, value LIMIT 1)
"""


def upgrade() -> None:
    for table, column in COLUMNS:
        know(table, column, "letter", "gazette")
    know("decisions", "kind", *ENTRIES)
    op.add_column("taxpayers", sa.Column("address", sa.Text(), nullable=True))
    op.execute(NEWEST_ADDRESS)
    # cohorts that run already go on as they do
    op.add_column("cohorts", sa.Column("unverified", sa.Boolean(), server_default=sa.text("false"), nullable=False))
    op.create_table(
        "notice_batches",
        sa.Column("id", sa.BigInteger(), sa.Identity(always=True), nullable=False),
        sa.Column("channel", sa.Text(), nullable=False),
        sa.Column("closed_by", sa.Text(), nullable=False),
        sa.Column("closed_at", sa.DateTime(timezone=True), server_default=sa.func.clock_timestamp(), nullable=False),
        sa.Column("gazette", sa.Text(), nullable=True),
        sa.Column("published_reference", sa.Text(), nullable=True),
        sa.Column("published_by", sa.Text(), nullable=True),
        sa.Column("published_at", sa.DateTime(timezone=True), nullable=True),
        sa.CheckConstraint("channel IN ('letter', 'gazette')", name=op.f("ck_notice_batches_channel_known")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_notice_batches")),
    )
    op.create_table(
        "batched_notices",
        sa.Column("notice", sa.Text(), nullable=False),
        sa.Column("batch", sa.BigInteger(), nullable=False),
        sa.Column("number", sa.BigInteger(), sa.Identity(always=True), nullable=False),
        sa.Column("left_on", sa.Date(), nullable=True),
        sa.ForeignKeyConstraint(["notice"], ["notices.id"], name=op.f("fk_batched_notices_notice")),
        sa.ForeignKeyConstraint(["batch"], ["notice_batches.id"], name=op.f("fk_batched_notices_batch")),
        sa.PrimaryKeyConstraint("notice", name=op.f("pk_batched_notices")),
        sa.UniqueConstraint("number", name=op.f("uq_batched_notices_number")),
    )
    op.create_index("ix_batched_notices_batch", "batched_notices", ["batch"])


def downgrade() -> None:
    op.drop_table("batched_notices")
    op.drop_table("notice_batches")
    op.drop_column("cohorts", "unverified")
    op.drop_column("taxpayers", "address")
    for table, column in COLUMNS:
        forget(table, column, "letter", "gazette")
    forget("decisions", "kind", *ENTRIES)
