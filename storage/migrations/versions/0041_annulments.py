"""What was put on record by mistake is annulled by a new entry."""

import sqlalchemy as sa
from alembic import op

from storage.migrations.words import forget, know

revision = "0041"
down_revision = "0040"


def upgrade() -> None:
    op.create_table(
        "annulments",
        sa.Column("id", sa.BigInteger(), sa.Identity(always=True), nullable=False),
        sa.Column("case", sa.Text(), nullable=False),
        sa.Column("kind", sa.Text(), nullable=False),
        sa.Column("entry", sa.Text(), nullable=False),
        sa.Column("what", sa.Text(), nullable=False),
        sa.Column("annulled_by", sa.Text(), nullable=False),
        sa.Column("reason", sa.Text(), nullable=False),
        sa.Column("annulled_on", sa.Date(), nullable=False),
        sa.Column("recorded_at", sa.DateTime(timezone=True), server_default=sa.func.clock_timestamp(), nullable=False),
        sa.CheckConstraint(
            "kind IN ('service', 'step', 'ruling', 'hardship', 'interruption')", name=op.f("ck_annulments_kind_known")
        ),
        sa.ForeignKeyConstraint(["case"], ["cases.id"], name=op.f("fk_annulments_case")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_annulments")),
    )
    op.create_index("ix_annulments_case", "annulments", ["case", "id"])
    op.create_index("ix_annulments_entry", "annulments", ["kind", "entry"])
    know("decisions", "kind", "entry_annulled")


def downgrade() -> None:
    forget("decisions", "kind", "entry_annulled")
    op.drop_table("annulments")
