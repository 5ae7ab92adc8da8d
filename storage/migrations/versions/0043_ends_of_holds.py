"""A hold that was lifted is never in force again; when it was lifted may be put right.

The downgrade lets neither.
"""

from alembic import op

revision = "0043"
down_revision = "0042"

BY = "OLD.lifted_by IS NOT NULL AND NEW.lifted_by IS DISTINCT FROM OLD.lifted_by"
BECAUSE = "OLD.lifted_because IS NOT NULL AND NEW.lifted_because IS DISTINCT FROM OLD.lifted_because"
AGAIN = "OLD.lifted_at IS NOT NULL AND NEW.lifted_at IS NULL"
AT = "OLD.lifted_at IS NOT NULL AND NEW.lifted_at IS DISTINCT FROM OLD.lifted_at"


def upgrade() -> None:
    _refuse(AGAIN)


def downgrade() -> None:
    _refuse(AT)


def _refuse(ended: str) -> None:
    op.execute("DROP TRIGGER holds_written_once ON holds")
    op.execute(
        f"CREATE TRIGGER holds_written_once BEFORE UPDATE ON holds FOR EACH ROW"
        f" WHEN ({ended} OR {BY} OR {BECAUSE}) EXECUTE FUNCTION refuse_change()"
    )
