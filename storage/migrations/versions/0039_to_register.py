"""What is not registered waits for that; the alternatives of a protest; a new matter of a referred case."""

import re

import sqlalchemy as sa
from alembic import op

revision = "0039"
down_revision = "0038"

ADDED = {
    ("cases", "status"): {"to_register"},
    ("decisions", "kind"): {"begun_anew"},
    ("prior_steps", "kind"): {"registration", "credit_bureau_notice", "registry_annotation", "indicated_assets"},
}


def upgrade() -> None:
    for (table, column), words in ADDED.items():
        _say(table, column, _words(table, column) | words)


def downgrade() -> None:
    op.execute("""UPDATE cases SET status = 'running', blocks = '[]' WHERE status = 'to_register'""")
    for (table, column), words in ADDED.items():
        _say(table, column, _words(table, column) - words, validate=False)


def _words(table: str, column: str) -> set[str]:
    """The words that the column may have so far."""
    asked = sa.text("SELECT pg_get_constraintdef(oid) FROM pg_constraint WHERE conname = :name")
    written = op.get_bind().scalar(asked, {"name": f"ck_{table}_{column}_known"})
    return set(re.findall(r"'([a-z0-9_]+)'", str(written)))


def _say(table: str, column: str, words: set[str], validate: bool = True) -> None:
    op.drop_constraint(op.f(f"ck_{table}_{column}_known"), table)
    listed = ", ".join(f"'{word}'" for word in sorted(words))
    # on the way down what is on record stays, whatever it is called
    op.create_check_constraint(f"{column}_known", table, f"{column} IN ({listed})", postgresql_not_valid=not validate)
