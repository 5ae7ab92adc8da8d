"""What was put on record by mistake is annulled by a new entry."""

import re

import sqlalchemy as sa
from alembic import op

revision = "0041"
down_revision = "0040"

KIND = "ck_decisions_kind_known"


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
    _know(_known() | {"entry_annulled"})


def downgrade() -> None:
    _know(_known() - {"entry_annulled"}, validate=False)
    op.drop_table("annulments")


def _known() -> set[str]:
    asked = sa.text("SELECT pg_get_constraintdef(oid) FROM pg_constraint WHERE conname = :name")
    return set(re.findall(r"'([a-z0-9_]+)'", str(op.get_bind().scalar(asked, {"name": KIND}))))


def _know(kinds: set[str], validate: bool = True) -> None:
    op.drop_constraint(op.f(KIND), "decisions")
    listed = ", ".join(f"'{kind}'" for kind in sorted(kinds))
    # on the way down what is on record stays, whatever it is called
    op.create_check_constraint("kind_known", "decisions", f"kind IN ({listed})", postgresql_not_valid=not validate)
