"""What is drawn is a unit of cases, with its stratum; a cohort may name the day on which its figures are to be read."""

import sqlalchemy as sa
from alembic import op

revision = "0037"
down_revision = "0036"


def upgrade() -> None:
    op.add_column("cases", sa.Column("unit", sa.Text()))
    op.add_column("cases", sa.Column("stratum", sa.Text()))
    op.add_column("cohorts", sa.Column("reads_on", sa.Date()))


def downgrade() -> None:
    op.drop_column("cohorts", "reads_on")
    op.drop_column("cases", "stratum")
    op.drop_column("cases", "unit")
