"""Requests of taxpayers, which people answer, and what waits for the answer."""

import sqlalchemy as sa
from alembic import op

from storage.migrations.words import forget, know

revision = "0044"
down_revision = "0043"

KINDS = "'reassessment', 'appeal', 'automated_review', 'access', 'correction', 'contest'"
ADDED = {
    ("cases", "status"): {"under_review"},
    ("decisions", "kind"): {"request_made", "request_answered"},
    ("tasks", "kind"): {"request"},
}


def upgrade() -> None:
    op.create_table(
        "requests",
        sa.Column("id", sa.BigInteger(), sa.Identity(always=True), nullable=False),
        sa.Column("case", sa.Text(), nullable=False),
        sa.Column("kind", sa.Text(), nullable=False),
        sa.Column("made_on", sa.Date(), nullable=False),
        sa.Column("due", sa.Date(), nullable=False),
        sa.Column("reference", sa.Text(), nullable=False),
        sa.Column("recorded_by", sa.Text(), nullable=False),
        sa.Column("recorded_at", sa.DateTime(timezone=True), server_default=sa.func.clock_timestamp(), nullable=False),
        sa.Column("answer", sa.Text(), nullable=True),
        sa.Column("answered_on", sa.Date(), nullable=True),
        sa.Column("answered_by", sa.Text(), nullable=True),
        sa.Column("reason", sa.Text(), nullable=True),
        sa.Column("answered_at", sa.DateTime(timezone=True), nullable=True),
        sa.CheckConstraint(f"kind IN ({KINDS})", name=op.f("ck_requests_kind_known")),
        sa.CheckConstraint("answer IN ('granted', 'denied')", name=op.f("ck_requests_answer_known")),
        sa.ForeignKeyConstraint(["case"], ["cases.id"], name=op.f("fk_requests_case")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_requests")),
    )
    op.create_index("ix_requests_case", "requests", ["case", "id"])
    for (table, column), words in ADDED.items():
        know(table, column, *words)


def downgrade() -> None:
    op.execute("DELETE FROM tasks WHERE kind = 'request'")
    op.execute("UPDATE cases SET status = 'running', blocks = '[]' WHERE status = 'under_review'")
    for (table, column), words in ADDED.items():
        forget(table, column, *words)
    op.drop_table("requests")
