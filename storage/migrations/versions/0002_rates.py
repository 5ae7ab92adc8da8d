"""Monthly rates, which accrual needs. The downgrade forgets them; they are loaded again from their files."""

import sqlalchemy as sa
from alembic import op

revision = "0002"
down_revision = "0001"


def upgrade() -> None:
    op.create_table(
        "rates",
        sa.Column("series", sa.Text(), nullable=False),
        sa.Column("month", sa.Date(), nullable=False),
        sa.Column("percent", sa.Numeric(precision=9, scale=6), nullable=False),
        sa.Column(
            "recorded_at", sa.DateTime(timezone=True), server_default=sa.text("clock_timestamp()"), nullable=False
        ),
        sa.CheckConstraint("extract(day FROM month) = 1", name=op.f("ck_rates_month_is_its_first_day")),
        sa.PrimaryKeyConstraint("series", "month", name=op.f("pk_rates")),
    )


def downgrade() -> None:
    op.drop_table("rates")
