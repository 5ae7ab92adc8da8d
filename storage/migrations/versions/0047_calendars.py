"""Calendars are published in the catalogue."""

from alembic import op

from storage.migrations.words import forget, know

revision = "0047"
down_revision = "0046"


def upgrade() -> None:
    know("published", "kind", "calendar")


def downgrade() -> None:
    op.execute("DELETE FROM published WHERE kind = 'calendar'")
    forget("published", "kind", "calendar")
