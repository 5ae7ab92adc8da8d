"""Rungs by habit: an arm goes by the standard rungs of its cohort's ruler; a case knows the habits it was drawn with.

The downgrade has those arms go by their cohort's ruler as it is written.
"""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects.postgresql import JSONB

revision = "0065"
down_revision = "0064"

KNOWN = {"cases": "control ruler", "arms": ""}
RIVALS = "rival rival_2 rival_3"


def upgrade() -> None:
    op.add_column("cases", sa.Column("contact_habits", JSONB(), nullable=True))
    op.alter_column("arms", "ruler", nullable=True)
    _know(f"{RIVALS} standard")


def downgrade() -> None:
    op.execute("UPDATE cases SET arm = 'ruler' WHERE arm = 'standard'")
    op.execute("DELETE FROM arms WHERE arm = 'standard'")
    op.execute("UPDATE cohorts SET salt = NULL WHERE control_share IS NULL AND name NOT IN (SELECT cohort FROM arms)")
    _know(RIVALS)
    op.alter_column("arms", "ruler", nullable=False)
    op.drop_column("cases", "contact_habits")


def _know(beside: str) -> None:
    for table, others in KNOWN.items():
        listed = ", ".join(f"'{word}'" for word in f"{others} {beside}".split())
        op.drop_constraint(op.f(f"ck_{table}_arm_known"), table)
        op.create_check_constraint(op.f(f"ck_{table}_arm_known"), table, f"arm IN ({listed})")
