"""Tables, columns and stored names in standard words: outbox, suppressed contacts, case state, lifecycle."""

import sqlalchemy as sa
from alembic import op

revision = "0016"
down_revision = "0015"

COLUMNS = {
    "suppressed_contacts": {"revived_at": "recovered_at", "revived_by": "recovered_by"},
    "notices": {"way": "rung_channel"},
    "cases": {"position": "state"},
    "cohorts": {
        "state": "lifecycle",
        "steered_by": "lifecycle_set_by",
        "steered_because": "lifecycle_reason",
        "steered_on": "lifecycle_since",
    },
}

SIGNALS = {"cohort_steered": "cohort_state_changed"}


NAMED_AFTER = {
    ("owed_signals", "outbox"): ("pk_{}", "fk_{}_case", "ix_{}_due"),
    ("dead_contacts", "suppressed_contacts"): ("pk_{}", "fk_{}_taxpayer", "fk_{}_notice", "uq_{}_current"),
}


def rename_table(old: str, new: str, named_after: tuple[str, ...]) -> None:
    """With its keys, indexes and sequence."""
    op.rename_table(old, new)
    op.execute(f"ALTER SEQUENCE {old}_id_seq RENAME TO {new}_id_seq")
    for name in named_after:
        if name.startswith("fk"):
            op.execute(f"ALTER TABLE {new} RENAME CONSTRAINT {name.format(old)} TO {name.format(new)}")
        else:
            op.execute(f"ALTER INDEX {name.format(old)} RENAME TO {name.format(new)}")


def tell_apart(signal: str) -> None:
    """The relay takes what a whole cohort is told after what one case is told: its index names these signals."""
    op.drop_index("ix_outbox_due", table_name="outbox")
    op.create_index(
        "ix_outbox_due",
        "outbox",
        [sa.text(f"(name = ANY (ARRAY['{signal}'::text, 'ruler_changed'::text]))"), "id"],
        postgresql_where=sa.text("delivered_at IS NULL"),
    )


def next_step_routes(step: tuple[str, str], route: tuple[str, str]) -> None:
    """The notices of the next step, each a channel and the rung's channel that it stands for."""
    (list_before, list_after), (key_before, key_after) = step, route
    op.execute(f"""
        UPDATE cases SET next_step = next_step - '{list_before}' || jsonb_build_object('{list_after}', (
            SELECT coalesce(jsonb_agg(item - '{key_before}' || jsonb_build_object('{key_after}', item -> '{key_before}')
                                      ORDER BY n), '[]')
            FROM jsonb_array_elements(next_step -> '{list_before}') WITH ORDINALITY AS items (item, n)))
        WHERE next_step ? '{list_before}'
    """)  # noqa: S608 - constants


def provided(before: str, after: str) -> None:
    """A notice that was written to a file says so."""
    for column in ("provider", "served_by"):
        op.execute(f"UPDATE notices SET {column} = '{after}' WHERE {column} = '{before}'")  # noqa: S608 - constants


RETIRE_HISTORIES = """
    INSERT INTO outbox ("case", name, payload)
    SELECT id, 'history_retired', '{"agreement": null}' FROM cases
    WHERE closed_at IS NULL AND status <> 'control' AND revision > 0
    UNION ALL
    SELECT "case", 'history_retired', jsonb_build_object('agreement', id) FROM agreements WHERE closed_at IS NULL
"""


def upgrade() -> None:
    for (old, new), named_after in NAMED_AFTER.items():
        rename_table(old, new, named_after)
    for table, columns in COLUMNS.items():
        for before, after in columns.items():
            op.alter_column(table, before, new_column_name=after)
    for before, after in SIGNALS.items():
        op.execute(f"UPDATE outbox SET name = '{after}' WHERE name = '{before}'")  # noqa: S608 - constants
    tell_apart("cohort_state_changed")
    next_step_routes(("legs", "routes"), ("way", "rung_channel"))
    provided("outbox", "file")
    # Temporal knows living cases and agreements by histories that speak the former words: none of them is replayed
    op.execute(RETIRE_HISTORIES)


def downgrade() -> None:
    provided("file", "outbox")
    next_step_routes(("routes", "legs"), ("rung_channel", "way"))
    op.execute("DELETE FROM outbox WHERE name = 'history_retired' AND delivered_at IS NULL")
    for before, after in SIGNALS.items():
        op.execute(f"UPDATE outbox SET name = '{before}' WHERE name = '{after}'")  # noqa: S608 - constants
    tell_apart("cohort_steered")
    for table, columns in COLUMNS.items():
        for before, after in columns.items():
            op.alter_column(table, after, new_column_name=before)
    for (old, new), named_after in NAMED_AFTER.items():
        rename_table(new, old, named_after)
