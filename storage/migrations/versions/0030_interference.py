"""People are asked to look at what somebody did in Temporal itself; histories that name no workflow are retired.

What Temporal keeps was encrypted for whoever has the key; from here on it is for one workflow alone, and what was
written before is nobody's.
"""

from alembic import op

from storage.migrations.words import forget, know

revision = "0030"
down_revision = "0029"

RETIRE_HISTORIES = """
    INSERT INTO outbox ("case", name, payload)
    SELECT id, 'history_retired', '{"agreement": null}' FROM cases
    WHERE closed_at IS NULL AND status <> 'control' AND revision > 0
    UNION ALL
    SELECT "case", 'history_retired', jsonb_build_object('agreement', id) FROM agreements WHERE closed_at IS NULL
"""


def upgrade() -> None:
    know("tasks", "kind", "interference")
    op.execute(RETIRE_HISTORIES)


def downgrade() -> None:
    op.execute("DELETE FROM outbox WHERE name = 'history_retired' AND delivered_at IS NULL")
    op.execute("DELETE FROM tasks WHERE kind = 'interference'")
    forget("tasks", "kind", "interference")
