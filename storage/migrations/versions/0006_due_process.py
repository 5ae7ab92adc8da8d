"""Due process: holds that people place, service by silence, defences, approvals, and what comes before a suit.

The downgrade forgets the defences, the approvals and the steps before a suit; a debt that is held on one ground by two
sources stays held by the first of them.
"""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects.postgresql import JSONB

revision = "0006"
down_revision = "0005"


def upgrade() -> None:
    op.create_table(
        "approvals",
        sa.Column("id", sa.BigInteger(), sa.Identity(always=True), nullable=False),
        sa.Column("case", sa.Text(), nullable=False),
        sa.Column("given_by", sa.Text(), nullable=False),
        sa.Column("reason", sa.Text(), nullable=False),
        sa.Column("given_on", sa.Date(), nullable=False),
        sa.Column("seen", JSONB(), nullable=False),
        sa.Column("state", sa.Text(), server_default=sa.text("'given'"), nullable=False),
        sa.Column(
            "recorded_at", sa.DateTime(timezone=True), server_default=sa.text("clock_timestamp()"), nullable=False
        ),
        sa.Column("ended_at", sa.DateTime(timezone=True), nullable=True),
        sa.ForeignKeyConstraint(["case"], ["cases.id"], name=op.f("fk_approvals_case")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_approvals")),
    )
    op.create_index("ix_approvals_case", "approvals", ["case", "id"], unique=False)
    op.create_index(
        "uq_approvals_given",
        "approvals",
        ["case", "given_by"],
        unique=True,
        postgresql_where=sa.text("state = 'given'"),
    )
    op.create_table(
        "defences",
        sa.Column("id", sa.BigInteger(), sa.Identity(always=True), nullable=False),
        sa.Column("case", sa.Text(), nullable=False),
        sa.Column("filed_on", sa.Date(), nullable=False),
        sa.Column("reference", sa.Text(), nullable=False),
        sa.Column("recorded_by", sa.Text(), nullable=False),
        sa.Column("state", sa.Text(), server_default=sa.text("'open'"), nullable=False),
        sa.Column("decided_on", sa.Date(), nullable=True),
        sa.Column("decided_by", sa.Text(), nullable=True),
        sa.Column("reason", sa.Text(), nullable=True),
        sa.Column(
            "recorded_at", sa.DateTime(timezone=True), server_default=sa.text("clock_timestamp()"), nullable=False
        ),
        sa.Column("decided_at", sa.DateTime(timezone=True), nullable=True),
        sa.ForeignKeyConstraint(["case"], ["cases.id"], name=op.f("fk_defences_case")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_defences")),
    )
    op.create_index("uq_defences_open", "defences", ["case"], unique=True, postgresql_where=sa.text("state = 'open'"))
    op.create_table(
        "prior_steps",
        sa.Column("id", sa.BigInteger(), sa.Identity(always=True), nullable=False),
        sa.Column("case", sa.Text(), nullable=False),
        sa.Column("kind", sa.Text(), nullable=False),
        sa.Column("on", sa.Date(), nullable=False),
        sa.Column("reference", sa.Text(), nullable=False),
        sa.Column("recorded_by", sa.Text(), nullable=False),
        sa.Column(
            "recorded_at", sa.DateTime(timezone=True), server_default=sa.text("clock_timestamp()"), nullable=False
        ),
        sa.ForeignKeyConstraint(["case"], ["cases.id"], name=op.f("fk_prior_steps_case")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_prior_steps")),
        sa.UniqueConstraint("case", "kind", name=op.f("uq_prior_steps_case_kind")),
    )
    op.add_column("holds", sa.Column("placed_by", sa.Text(), nullable=True))
    op.add_column("holds", sa.Column("reason", sa.Text(), nullable=True))
    op.add_column("holds", sa.Column("evidence", sa.Text(), nullable=True))
    op.add_column("holds", sa.Column("since", sa.Date(), nullable=True))
    op.add_column("holds", sa.Column("until", sa.Date(), nullable=True))
    op.add_column("holds", sa.Column("lifted_by", sa.Text(), nullable=True))
    op.add_column("holds", sa.Column("lifted_because", sa.Text(), nullable=True))
    op.drop_index("uq_holds_current", table_name="holds", postgresql_where="(lifted_at IS NULL)")
    op.create_index(
        "uq_holds_current",
        "holds",
        ["debt", "ground", "source"],
        unique=True,
        postgresql_where=sa.text("lifted_at IS NULL"),
    )
    op.add_column("notices", sa.Column("kind", sa.Text(), server_default=sa.text("'rung'"), nullable=False))
    op.add_column("notices", sa.Column("deemed_on", sa.Date(), nullable=True))
    op.add_column("notices", sa.Column("deemed_by", sa.Text(), nullable=True))
    op.add_column("taxpayers", sa.Column("known_assets", sa.Numeric(precision=17, scale=2), nullable=True))


def downgrade() -> None:
    op.execute("""
        UPDATE holds SET lifted_at = clock_timestamp()
        WHERE lifted_at IS NULL AND EXISTS (
            SELECT FROM holds AS first WHERE (first.debt, first.ground) = (holds.debt, holds.ground)
            AND first.lifted_at IS NULL AND first.id < holds.id)
    """)
    op.execute("UPDATE cases SET status = 'running' WHERE status IN ('under_defence', 'awaiting_prior_steps')")
    op.drop_column("taxpayers", "known_assets")
    op.drop_column("notices", "deemed_by")
    op.drop_column("notices", "deemed_on")
    op.drop_column("notices", "kind")
    op.drop_index("uq_holds_current", table_name="holds", postgresql_where=sa.text("lifted_at IS NULL"))
    op.create_index(
        "uq_holds_current", "holds", ["debt", "ground"], unique=True, postgresql_where="(lifted_at IS NULL)"
    )
    op.drop_column("holds", "lifted_because")
    op.drop_column("holds", "lifted_by")
    op.drop_column("holds", "until")
    op.drop_column("holds", "since")
    op.drop_column("holds", "evidence")
    op.drop_column("holds", "reason")
    op.drop_column("holds", "placed_by")
    op.drop_table("prior_steps")
    op.drop_index("uq_defences_open", table_name="defences", postgresql_where=sa.text("state = 'open'"))
    op.drop_table("defences")
    op.drop_index("uq_approvals_given", table_name="approvals", postgresql_where=sa.text("state = 'given'"))
    op.drop_index("ix_approvals_case", table_name="approvals")
    op.drop_table("approvals")
