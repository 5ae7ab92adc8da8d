"""Requests of taxpayers, which people answer, and what waits for the answer."""

import re

import sqlalchemy as sa
from alembic import op

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
        _know(table, column, _known(table, column) | words)


def downgrade() -> None:
    op.execute("DELETE FROM tasks WHERE kind = 'request'")
    op.execute("UPDATE cases SET status = 'running', blocks = '[]' WHERE status = 'under_review'")
    for (table, column), words in ADDED.items():
        _know(table, column, _known(table, column) - words, validate=False)
    op.drop_table("requests")


def _known(table: str, column: str) -> set[str]:
    asked = sa.text("SELECT pg_get_constraintdef(oid) FROM pg_constraint WHERE conname = :name")
    written = op.get_bind().scalar(asked, {"name": f"ck_{table}_{column}_known"})
    return set(re.findall(r"'([a-z0-9_]+)'", str(written)))


def _know(table: str, column: str, words: set[str], validate: bool = True) -> None:
    op.drop_constraint(op.f(f"ck_{table}_{column}_known"), table)
    listed = ", ".join(f"'{word}'" for word in sorted(words))
    # on the way down what is on record stays, whatever it is called
    op.create_check_constraint(f"{column}_known", table, f"{column} IN ({listed})", postgresql_not_valid=not validate)
