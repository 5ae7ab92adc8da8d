"""Items of a bank's callback that can't be read are kept, sealed, and a refund is known by its transfer too.

The downgrade is refused while items wait, since they may be money: let them be judged first.
"""

import sqlalchemy as sa
from alembic import op

from models.errors import Refusal

revision = "0023"
down_revision = "0022"


def upgrade() -> None:
    op.create_table(
        "quarantined_items",
        sa.Column("id", sa.BigInteger(), sa.Identity(always=True), nullable=False),
        sa.Column("digest", sa.LargeBinary(), nullable=False),
        sa.Column("sealed", sa.LargeBinary(), nullable=False),
        sa.Column("reason", sa.Text(), nullable=False),
        sa.Column("arrived_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("last_arrived_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("times", sa.Integer(), server_default=sa.text("1"), nullable=False),
        sa.Column("settled_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("settled_by", sa.Text(), nullable=True),
        sa.CheckConstraint(
            "num_nonnulls(settled_at, settled_by) IN (0, 2)", name=op.f("ck_quarantined_items_settled_by_somebody")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_quarantined_items")),
        sa.UniqueConstraint("digest", name=op.f("uq_quarantined_items_digest")),
    )
    op.add_column("reversals", sa.Column("rtr_id", sa.Text(), nullable=True))


def downgrade() -> None:
    waiting = "SELECT count(*) FROM quarantined_items WHERE settled_at IS NULL"
    if items := op.get_bind().scalar(sa.text(waiting)):
        raise Refusal(f"{items} items of Pix callbacks wait in the quarantine, for which schema 0022 has no place")
    op.drop_column("reversals", "rtr_id")
    op.drop_table("quarantined_items")
