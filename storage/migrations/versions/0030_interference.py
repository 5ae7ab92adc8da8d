"""People are asked to look at what somebody did in Temporal itself; histories that name no workflow are retired.

What Temporal keeps was encrypted for whoever has the key; from here on it is for one workflow alone, and what was
written before is nobody's.
"""

import re
from collections.abc import Callable

import sqlalchemy as sa
from alembic import op

revision = "0030"
down_revision = "0029"

KINDS = "SELECT pg_get_constraintdef(oid) FROM pg_constraint WHERE conname = 'ck_tasks_kind_known'"

RETIRE_HISTORIES = """
    INSERT INTO outbox ("case", name, payload)
    SELECT id, 'history_retired', '{"agreement": null}' FROM cases
    WHERE closed_at IS NULL AND status <> 'control' AND revision > 0
    UNION ALL
    SELECT "case", 'history_retired', jsonb_build_object('agreement', id) FROM agreements WHERE closed_at IS NULL
"""


def upgrade() -> None:
    know(lambda kinds: kinds | {"interference"})
    op.execute(RETIRE_HISTORIES)


def downgrade() -> None:
    op.execute("DELETE FROM outbox WHERE name = 'history_retired' AND delivered_at IS NULL")
    op.execute("DELETE FROM tasks WHERE kind = 'interference'")
    know(lambda kinds: kinds - {"interference"})


def know(change: Callable[[set[str]], set[str]]) -> None:
    """Change the kinds of tasks that the database knows."""
    known = set(re.findall(r"'([a-z_]+)'", op.get_bind().scalar(sa.text(KINDS)) or ""))
    listed = ", ".join(f"'{kind}'" for kind in sorted(change(known)))
    op.drop_constraint(op.f("ck_tasks_kind_known"), "tasks")
    op.create_check_constraint("kind_known", "tasks", f"kind IN ({listed})")
