"""A case pins its ruler itself; until now it went by its cohort's.

The downgrade lets each case go by its cohort's ruler again, also one that was on another.
"""

import sqlalchemy as sa
from alembic import op

revision = "0012"
down_revision = "0011"


def upgrade() -> None:
    op.add_column("cases", sa.Column("ruler", sa.Text(), nullable=True))
    op.execute("UPDATE cases SET ruler = cohorts.ruler FROM cohorts WHERE cohorts.name = cases.cohort")
    op.alter_column("cases", "ruler", nullable=False)
    op.create_foreign_key(op.f("fk_cases_ruler"), "cases", "rulers", ["ruler"], ["digest"])


def downgrade() -> None:
    op.drop_column("cases", "ruler")
