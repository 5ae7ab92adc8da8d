"""What is not registered waits for that; the alternatives of a protest; a new matter of a referred case."""

from alembic import op

from storage.migrations.words import forget, know

revision = "0039"
down_revision = "0038"

ADDED = {
    ("cases", "status"): {"to_register"},
    ("decisions", "kind"): {"begun_anew"},
    ("prior_steps", "kind"): {"registration", "credit_bureau_notice", "registry_annotation", "indicated_assets"},
}


def upgrade() -> None:
    for (table, column), words in ADDED.items():
        know(table, column, *words)


def downgrade() -> None:
    op.execute("""UPDATE cases SET status = 'running', blocks = '[]' WHERE status = 'to_register'""")
    for (table, column), words in ADDED.items():
        forget(table, column, *words)
