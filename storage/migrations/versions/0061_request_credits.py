"""A request keeps the credits that it names: what is contested holds those alone."""

import sqlalchemy as sa
from alembic import op

revision = "0061"
down_revision = "0060"


def upgrade() -> None:
    op.create_table(
        "request_credits",
        sa.Column("request", sa.BigInteger(), nullable=False),
        sa.Column("credit", sa.Text(), nullable=False),
        sa.ForeignKeyConstraint(["request"], ["requests.id"], name=op.f("fk_request_credits_request")),
        sa.PrimaryKeyConstraint("request", "credit", name=op.f("pk_request_credits")),
    )


def downgrade() -> None:
    op.drop_table("request_credits")
