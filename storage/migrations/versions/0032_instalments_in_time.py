"""An instalment keeps the day that was agreed upon and what time adds to it; what a table had added to a debt can be
superseded by the charges of its agreement."""

import sqlalchemy as sa
from alembic import op

revision = "0032"
down_revision = "0031"

GROUNDS = "ck_remissions_ground_known"


def upgrade() -> None:
    op.add_column("instalments", sa.Column("nominal", sa.Date))
    op.add_column("instalments", sa.Column("interest", sa.Numeric(15, 2), nullable=False, server_default="0"))
    op.drop_constraint(op.f(GROUNDS), "remissions")
    op.create_check_constraint(op.f(GROUNDS), "remissions", "ground IN ('agreement', 'campaign', 'superseded')")


def downgrade() -> None:
    op.execute("UPDATE remissions SET ground = 'agreement' WHERE ground = 'superseded'")
    op.drop_constraint(op.f(GROUNDS), "remissions")
    op.create_check_constraint(op.f(GROUNDS), "remissions", "ground IN ('agreement', 'campaign')")
    op.drop_column("instalments", "interest")
    op.drop_column("instalments", "nominal")
