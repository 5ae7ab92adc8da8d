"""Requests that taxpayers make on their page: their own words, a key to follow each by, who works on it, and its files.

The way back forgets the words and the files; that something was asked for, and the answer, stay.
"""

import sqlalchemy as sa
from alembic import op

from storage.migrations.words import forget, know

revision = "0072"
down_revision = "0071"

KINDS = ("charge_remission", "question")


def upgrade() -> None:
    op.add_column("requests", sa.Column("said", sa.Text(), nullable=True))
    op.add_column("requests", sa.Column("key", sa.Text(), nullable=True))
    op.add_column("requests", sa.Column("taken_by", sa.Text(), nullable=True))
    op.add_column("requests", sa.Column("taken_on", sa.Date(), nullable=True))
    op.create_table(
        "request_files",
        sa.Column("id", sa.BigInteger(), sa.Identity(always=True), nullable=False),
        sa.Column("request", sa.BigInteger(), nullable=False),
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column("media_type", sa.Text(), nullable=False),
        sa.Column("content", sa.LargeBinary(), nullable=False),
        sa.Column(
            "recorded_at", sa.DateTime(timezone=True), server_default=sa.text("clock_timestamp()"), nullable=False
        ),
        sa.ForeignKeyConstraint(["request"], ["requests.id"], name=op.f("fk_request_files_request")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_request_files")),
    )
    op.create_index("ix_request_files_request", "request_files", ["request"])
    know("requests", "kind", *KINDS)


def downgrade() -> None:
    forget("requests", "kind", *KINDS)
    op.drop_table("request_files")
    for column in ("taken_on", "taken_by", "key", "said"):
        op.drop_column("requests", column)
