"""A case may hold several agreements, each on debts of its own, and each says how the taxpayer was identified."""

import sqlalchemy as sa
from alembic import op

from models.errors import Refusal

revision = "0045"
down_revision = "0044"

KNOWN = "identified_by IN ('link', 'document', 'web_password', 'certificate')"

SEVERAL = """
    SELECT count(*) FROM (SELECT FROM agreements WHERE closed_at IS NULL GROUP BY "case" HAVING count(*) > 1) AS several
"""


def upgrade() -> None:
    op.add_column("agreements", sa.Column("identified_by", sa.Text(), nullable=True))
    op.create_check_constraint("identified_by_known", "agreements", KNOWN)
    op.execute("UPDATE agreements SET identified_by = 'link' WHERE signed_via = 'link'")
    op.drop_index("uq_agreements_active", "agreements")


def downgrade() -> None:
    if several := op.get_bind().scalar(sa.text(SEVERAL)):
        raise Refusal(f"{several} cases hold agreements side by side; schema 0044 has no place for that")
    op.create_index(
        "uq_agreements_active", "agreements", ["case"], unique=True, postgresql_where=sa.text("closed_at IS NULL")
    )
    op.drop_column("agreements", "identified_by")
