"""Courtesy notices before a due date: communications that are about the day on which something falls due.

The way back forgets them with their notices; what the journal and the providers say of them stays.
"""

import sqlalchemy as sa
from alembic import op

from storage.migrations.words import forget, know

revision = "0056"
down_revision = "0055"

KIND = "before_due"
ONE_THING = "ck_communications_about_one_thing"


def upgrade() -> None:
    op.add_column("communications", sa.Column("due", sa.Date(), nullable=True))
    op.drop_constraint(op.f(ONE_THING), "communications")
    op.create_check_constraint(op.f(ONE_THING), "communications", "num_nonnulls(instalment, payment, due) = 1")
    know("communications", "kind", KIND)
    know("notices", "kind", KIND)


def downgrade() -> None:
    op.execute("""
        DELETE FROM outbox USING communications
        WHERE outbox.payload ->> 'communication' = communications.id AND communications.kind = 'before_due'
    """)
    for table in ("delivery_events", "suppressed_contacts"):
        op.execute(
            f"UPDATE {table} SET notice = NULL FROM notices"  # noqa: S608 - constants
            f" WHERE notices.id = {table}.notice AND notices.kind = 'before_due'"
        )
    op.execute("DELETE FROM notices WHERE kind = 'before_due'")
    op.execute("DELETE FROM communications WHERE kind = 'before_due'")
    forget("notices", "kind", KIND)
    forget("communications", "kind", KIND)
    op.drop_constraint(op.f(ONE_THING), "communications")
    op.drop_column("communications", "due")
    op.create_check_constraint(op.f(ONE_THING), "communications", "num_nonnulls(instalment, payment) = 1")
