"""The words that a column may have, which a constraint of the database lists: what a migration changes about them.

What is on record stays, whatever it is called, since the journal is only ever added to: an older schema keeps words
that it doesn't know. So a constraint is for what comes; `storage.migrate` has the newest one checked on all there is.
"""

import re

import sqlalchemy as sa
from alembic import op


def know(table: str, column: str, *words: str) -> None:
    """Let a column have more words."""
    _say(table, column, _known(table, column) | {*words})


def forget(table: str, column: str, *words: str) -> None:
    """Let a column have fewer words from now on."""
    _say(table, column, _known(table, column) - {*words})


def _known(table: str, column: str) -> set[str]:
    asked = sa.text("SELECT pg_get_constraintdef(oid) FROM pg_constraint WHERE conname = :name")
    written = op.get_bind().scalar(asked, {"name": f"ck_{table}_{column}_known"})
    return set(re.findall(r"'([a-z0-9_]+)'", str(written)))


def _say(table: str, column: str, words: set[str]) -> None:
    op.drop_constraint(op.f(f"ck_{table}_{column}_known"), table)
    listed = ", ".join(f"'{word}'" for word in sorted(words))
    op.create_check_constraint(f"{column}_known", table, f"{column} IN ({listed})", postgresql_not_valid=True)
