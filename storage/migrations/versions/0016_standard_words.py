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


def provided(before: str, after: str) -> None:
    """A notice that was written to a file says so."""
    for column in ("provider", "served_by"):
        op.execute(f"UPDATE notices SET {column} = '{after}' WHERE {column} = '{before}'")  # noqa: S608 - constants


def upgrade() -> None:
    for (old, new), named_after in NAMED_AFTER.items():
        rename_table(old, new, named_after)
    for table, columns in COLUMNS.items():
        for before, after in columns.items():
            op.alter_column(table, before, new_column_name=after)
    for before, after in SIGNALS.items():
        op.execute(f"UPDATE outbox SET name = '{after}' WHERE name = '{before}'")  # noqa: S608 - constants
    tell_apart("cohort_state_changed")
    provided("outbox", "file")


def downgrade() -> None:
    provided("file", "outbox")
    for before, after in SIGNALS.items():
        op.execute(f"UPDATE outbox SET name = '{before}' WHERE name = '{after}'")  # noqa: S608 - constants
    tell_apart("cohort_steered")
    for table, columns in COLUMNS.items():
        for before, after in columns.items():
            op.alter_column(table, after, new_column_name=before)
    for (old, new), named_after in NAMED_AFTER.items():
        rename_table(new, old, named_after)
