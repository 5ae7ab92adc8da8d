"""Contacts with who said them and when, and the keys by which a debt is known elsewhere.

What a person put on record before is not told from what an extract said, and stays as it is.
"""

import sqlalchemy as sa
from alembic import op

revision = "0036"
down_revision = "0035"

KEY = "upper(regexp_replace(normalize(value, NFKD), '[^0-9A-Za-z]+', '', 'g'))"
KINDS = "sql ccm plate renavam guia process fine registration amlurb"
NOW = sa.func.clock_timestamp()


def upgrade() -> None:
    op.create_table(
        "contacts",
        sa.Column("taxpayer", sa.BigInteger(), nullable=False),
        sa.Column("kind", sa.Text(), nullable=False),
        sa.Column("value", sa.Text(), nullable=False),
        sa.Column("source", sa.Text(), nullable=False),
        sa.Column("said_on", sa.Date(), nullable=False),
        sa.Column("consent", sa.Boolean(), nullable=True),
        sa.Column("place", sa.Integer(), server_default=sa.text("1"), nullable=False),
        sa.Column("recorded_at", sa.DateTime(timezone=True), server_default=NOW, nullable=False),
        sa.ForeignKeyConstraint(["taxpayer"], ["taxpayers.id"], name=op.f("fk_contacts_taxpayer")),
        sa.PrimaryKeyConstraint("taxpayer", "kind", "value", name=op.f("pk_contacts")),
        sa.CheckConstraint("kind IN ('email', 'phone', 'messenger', 'address')", name=op.f("ck_contacts_kind_known")),
    )
    listed = ", ".join(f"'{kind}'" for kind in KINDS.split())
    op.create_table(
        "access_keys",
        sa.Column("debt", sa.Text(), nullable=False),
        sa.Column("kind", sa.Text(), nullable=False),
        sa.Column("value", sa.Text(), nullable=False),
        sa.Column("value_key", sa.Text(), sa.Computed(KEY, persisted=True), nullable=False),
        sa.ForeignKeyConstraint(["debt"], ["debts.id"], name=op.f("fk_access_keys_debt")),
        sa.PrimaryKeyConstraint("debt", "kind", name=op.f("pk_access_keys")),
        sa.CheckConstraint(f"kind IN ({listed})", name=op.f("ck_access_keys_kind_known")),
    )
    op.create_index("ix_access_keys_value_key", "access_keys", ["value_key"])


def downgrade() -> None:
    op.drop_table("access_keys")
    op.drop_table("contacts")
