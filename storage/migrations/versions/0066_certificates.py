"""Tax clearance certificates, as they were issued."""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects.postgresql import JSONB

revision = "0066"
down_revision = "0065"

OPAQUE_ID = sa.text("substr(replace(gen_random_uuid()::text, '-', ''), 1, 16)")


def upgrade() -> None:
    op.create_table(
        "certificates",
        sa.Column("id", sa.BigInteger(), sa.Identity(always=True), nullable=False),
        sa.Column("code", sa.Text(), server_default=OPAQUE_ID, nullable=False),
        sa.Column("taxpayer", sa.BigInteger(), nullable=False),
        sa.Column("kind", sa.Text(), nullable=False),
        sa.Column("authority", sa.Text(), nullable=False),
        sa.Column("law", sa.Text(), nullable=False),
        sa.Column("issued_on", sa.Date(), nullable=False),
        sa.Column("valid_until", sa.Date(), nullable=False),
        sa.Column("credits", JSONB(), nullable=False),
        sa.Column("recorded_at", sa.DateTime(timezone=True), server_default=sa.func.clock_timestamp(), nullable=False),
        sa.ForeignKeyConstraint(["taxpayer"], ["taxpayers.id"], name=op.f("fk_certificates_taxpayer")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_certificates")),
        sa.UniqueConstraint("code", name=op.f("uq_certificates_code")),
        sa.CheckConstraint("kind IN ('negative', 'with_effect')", name=op.f("ck_certificates_kind_known")),
    )
    op.create_index("ix_certificates_taxpayer", "certificates", ["taxpayer", "id"])


def downgrade() -> None:
    op.drop_table("certificates")
