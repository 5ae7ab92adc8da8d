"""Which days a case's clock stood still, not only how many: a wait in working days needs to know."""

from alembic import op

revision = "0009"
down_revision = "0008"


def upgrade() -> None:
    op.execute("""
        UPDATE cases SET position = (position - 'stopped_days') || jsonb_build_object('stood_still', jsonb_build_array(
            jsonb_build_object('stopped', position ->> 'anchor', 'resumed',
                               CAST(position ->> 'anchor' AS date) + CAST(position ->> 'stopped_days' AS integer))))
        WHERE CAST(position ->> 'stopped_days' AS integer) > 0
    """)


def downgrade() -> None:
    op.execute("""
        UPDATE cases SET position = (position - 'stood_still') || jsonb_build_object('stopped_days', (
            SELECT sum(CAST(still ->> 'resumed' AS date) - CAST(still ->> 'stopped' AS date))
            FROM jsonb_array_elements(position -> 'stood_still') AS still))
        WHERE jsonb_array_length(position -> 'stood_still') > 0
    """)
