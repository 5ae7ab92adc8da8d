"""Taxpayers are found by words of their names, whatever their case and accents."""

from alembic import op

revision = "0049"
down_revision = "0048"

WORDS = "to_tsvector('simple', translate(upper(name), 'ÁÀÂÃÄÉÈÊËÍÌÎÏÓÒÔÕÖÚÙÛÜÇÑ', 'AAAAAEEEEIIIIOOOOOUUUUCN'))"


def upgrade() -> None:
    op.execute(f"CREATE INDEX ix_taxpayers_words ON taxpayers USING gin ({WORDS})")


def downgrade() -> None:
    op.execute("DROP INDEX ix_taxpayers_words")
