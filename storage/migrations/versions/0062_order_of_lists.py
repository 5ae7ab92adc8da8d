"""A cohort's cases are listed along an index of their order, and debts near prescription found by one."""

import sqlalchemy as sa
from alembic import op

revision = "0062"
down_revision = "0061"


def upgrade() -> None:
    op.create_index("ix_cases_opened", "cases", ["cohort", "opened_at", "id"])
    op.create_index("ix_debts_prescribes", "debts", ["prescribes"], postgresql_where=sa.text("prescribes IS NOT NULL"))


def downgrade() -> None:
    op.drop_index("ix_debts_prescribes", "debts")
    op.drop_index("ix_cases_opened", "cases")
