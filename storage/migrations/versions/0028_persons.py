"""Persons, and the names they sign in by. Whoever had a token is one; nobody is said to have vouched for them.

The downgrade forgets which names are one person's.
"""

import sqlalchemy as sa
from alembic import op

revision = "0028"
down_revision = "0027"


def upgrade() -> None:
    op.create_table(
        "sign_ins",
        sa.Column("id", sa.BigInteger(), sa.Identity(always=True), nullable=False),
        sa.Column("person", sa.Text(), nullable=False),
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column("linked_by", sa.Text(), nullable=False),
        sa.Column("linked_at", sa.DateTime(timezone=True), server_default=sa.text("clock_timestamp()"), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_sign_ins")),
    )
    op.execute(
        "INSERT INTO sign_ins (person, name, linked_by)"
        " SELECT name, name, '' FROM tokens GROUP BY name ORDER BY min(id)"
    )


def downgrade() -> None:
    op.drop_table("sign_ins")
