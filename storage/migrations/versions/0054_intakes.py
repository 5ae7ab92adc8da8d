"""Acts by which a cohort takes people in stay on record: a start until all are in, a schedule until it is deleted."""

import sqlalchemy as sa
from alembic import op

revision = "0054"
down_revision = "0053"

# a schedule was in Temporal alone: the audit log says which there are, how each was made, and whether it is paused
SCHEDULES_SO_FAR = """
    WITH told AS (
        SELECT DISTINCT ON (subject, command = 'schedule create') subject, command, actor, at, detail
        FROM audit_log
        WHERE outcome = 'done'
            AND command IN ('schedule create', 'schedule pause', 'schedule resume', 'schedule delete')
        ORDER BY subject, command = 'schedule create', id DESC
    )
    INSERT INTO intakes (cohort, cron, rate, asked_by, asked_at, paused_by, changed_at)
    SELECT made.subject, made.detail->>'cron', CAST(made.detail->>'rate' AS double precision), made.actor, made.at,
        CASE WHEN later.command = 'schedule pause' THEN later.actor END, coalesce(later.at, made.at)
    FROM told AS made
    JOIN cohorts ON cohorts.name = made.subject
    LEFT JOIN told AS later
        ON later.subject = made.subject AND later.command <> 'schedule create' AND later.at > made.at
    WHERE made.command = 'schedule create' AND made.detail ? 'rate' AND later.command IS DISTINCT FROM 'schedule delete'
"""


def upgrade() -> None:
    now = sa.func.clock_timestamp()
    op.create_table(
        "intakes",
        sa.Column("id", sa.BigInteger(), sa.Identity(always=True), nullable=False),
        sa.Column("cohort", sa.Text(), nullable=False),
        sa.Column("cron", sa.Text(), nullable=True),
        sa.Column("rate", sa.Double(), nullable=False),
        sa.Column("asked_by", sa.Text(), nullable=False),
        sa.Column("asked_at", sa.DateTime(timezone=True), server_default=now, nullable=False),
        sa.Column("paused_by", sa.Text(), nullable=True),
        sa.Column("changed_at", sa.DateTime(timezone=True), server_default=now, nullable=False),
        sa.Column("ended_at", sa.DateTime(timezone=True), nullable=True),
        sa.ForeignKeyConstraint(["cohort"], ["cohorts.name"], name=op.f("fk_intakes_cohort")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_intakes")),
    )
    still = sa.text("ended_at IS NULL")
    op.create_index(
        "uq_intakes_open", "intakes", ["cohort", sa.text("(cron IS NULL)")], unique=True, postgresql_where=still
    )
    op.execute(SCHEDULES_SO_FAR)


def downgrade() -> None:
    op.drop_table("intakes")
