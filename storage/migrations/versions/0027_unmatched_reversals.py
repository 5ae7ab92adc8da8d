"""What a bank's file takes back of a payment that isn't on record yet waits for it.

The downgrade is refused while something waits.
"""

import sqlalchemy as sa
from alembic import op

from models.errors import Refusal

revision = "0027"
down_revision = "0026"


def upgrade() -> None:
    op.create_table(
        "unmatched_reversals",
        sa.Column("id", sa.BigInteger(), sa.Identity(always=True), nullable=False),
        sa.Column("reference", sa.Text(), nullable=False),
        sa.Column("agreement", sa.Text(), nullable=False),
        sa.Column("slip", sa.Text(), nullable=False),
        sa.Column("slip_number", sa.BigInteger(), nullable=True),
        sa.Column("amount", sa.Numeric(15, 2), nullable=False),
        sa.Column("taken_back_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column(
            "recorded_at", sa.DateTime(timezone=True), server_default=sa.text("clock_timestamp()"), nullable=False
        ),
        sa.Column("settled_at", sa.DateTime(timezone=True), nullable=True),
        sa.CheckConstraint("amount > 0", name=op.f("ck_unmatched_reversals_amount_positive")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_unmatched_reversals")),
        sa.UniqueConstraint("reference", name=op.f("uq_unmatched_reversals_reference")),
    )


def downgrade() -> None:
    waiting = "SELECT count(*) FROM unmatched_reversals WHERE settled_at IS NULL"
    if reversals := op.get_bind().scalar(sa.text(waiting)):
        raise Refusal(f"{reversals} reversals wait for their payments, for which schema 0026 has no place")
    op.drop_table("unmatched_reversals")
