"""People are signed in at the console: their sessions, the links that open one, the role of agents, and what waits."""

import sqlalchemy as sa
from alembic import op

from storage.migrations.words import forget, know

revision = "0046"
down_revision = "0045"

ROLES = "'analyst', 'supervisor', 'auditor', 'agent'"
WITH_ROLE = ("audit_log", "tokens", "acts")
ONCE = {"once_links": "used_at", "sessions": "ended_at"}
"""Columns that are written once."""


WAITING = (
    "'awaiting_approval', 'awaiting_prior_steps', 'to_register', 'unreachable', 'under_defence', 'amount_unknown',"
    " 'over_budget'"
)


def upgrade() -> None:
    for table in WITH_ROLE:
        know(table, "role", "agent")
    op.create_table(
        "once_links",
        sa.Column("id", sa.BigInteger(), sa.Identity(always=True), nullable=False),
        sa.Column("digest", sa.LargeBinary(), nullable=False),
        sa.Column("person", sa.Text(), nullable=False),
        sa.Column("role", sa.Text(), nullable=False),
        sa.Column("made_by", sa.Text(), nullable=False),
        sa.Column("made_at", sa.DateTime(timezone=True), server_default=sa.func.clock_timestamp(), nullable=False),
        sa.Column("expires_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("used_at", sa.DateTime(timezone=True), nullable=True),
        sa.CheckConstraint(f"role IN ({ROLES})", name=op.f("ck_once_links_role_known")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_once_links")),
        sa.UniqueConstraint("digest", name=op.f("uq_once_links_digest")),
    )
    op.create_table(
        "sessions",
        sa.Column("id", sa.BigInteger(), sa.Identity(always=True), nullable=False),
        sa.Column("digest", sa.LargeBinary(), nullable=False),
        sa.Column("person", sa.Text(), nullable=False),
        sa.Column("role", sa.Text(), nullable=False),
        sa.Column("token", sa.BigInteger(), nullable=True),
        sa.Column("signed_in_at", sa.DateTime(timezone=True), server_default=sa.func.clock_timestamp(), nullable=False),
        sa.Column("seen_at", sa.DateTime(timezone=True), server_default=sa.func.clock_timestamp(), nullable=False),
        sa.Column("ended_at", sa.DateTime(timezone=True), nullable=True),
        sa.CheckConstraint(f"role IN ({ROLES})", name=op.f("ck_sessions_role_known")),
        sa.ForeignKeyConstraint(["token"], ["tokens.id"], name=op.f("fk_sessions_token")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_sessions")),
        sa.UniqueConstraint("digest", name=op.f("uq_sessions_digest")),
    )
    op.create_index("ix_sessions_person", "sessions", ["person"])
    op.create_index("ix_sessions_token", "sessions", ["token"])
    op.create_index("ix_cases_waiting", "cases", ["status"], postgresql_where=sa.text(f"status IN ({WAITING})"))
    for table, column in ONCE.items():
        rewritten = f"OLD.{column} IS NOT NULL AND NEW.{column} IS DISTINCT FROM OLD.{column}"
        op.execute(
            f"CREATE TRIGGER {table}_written_once BEFORE UPDATE ON {table} FOR EACH ROW WHEN ({rewritten})"
            " EXECUTE FUNCTION refuse_change()"
        )


def downgrade() -> None:
    op.drop_index("ix_cases_waiting", "cases")
    op.drop_table("sessions")
    op.drop_table("once_links")
    # who has no role that the older code knows proves nothing any more
    op.execute(
        "UPDATE tokens SET revoked_at = now(), revoked_by = 'downgrade' WHERE role = 'agent' AND revoked_at IS NULL"
    )
    for table in WITH_ROLE:
        forget(table, "role", "agent")
