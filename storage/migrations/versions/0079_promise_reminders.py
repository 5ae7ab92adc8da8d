"""Reminders of promises to pay: communications that are about a promise.

The way back forgets them with their notices; what the journal and the providers say of them stays.
"""

import sqlalchemy as sa
from alembic import op

from storage.migrations.words import forget, know

revision = "0079"
down_revision = "0078"

KIND = "promise_reminder"
ONE_THING = "ck_communications_about_one_thing"


def upgrade() -> None:
    op.add_column("communications", sa.Column("promise", sa.BigInteger(), nullable=True))
    op.create_foreign_key(op.f("fk_communications_promise"), "communications", "promises", ["promise"], ["id"])
    op.create_index("ix_communications_promise", "communications", ["promise"])
    op.drop_constraint(op.f(ONE_THING), "communications")
    op.create_check_constraint(op.f(ONE_THING), "communications", "num_nonnulls(instalment, payment, due, promise) = 1")
    know("communications", "kind", KIND)
    know("notices", "kind", KIND)
    know("replies", "intent", "promise")


def downgrade() -> None:
    op.execute("""
        DELETE FROM outbox USING communications
        WHERE outbox.payload ->> 'communication' = communications.id AND communications.kind = 'promise_reminder'
    """)
    for table in ("delivery_events", "suppressed_contacts"):
        op.execute(
            f"UPDATE {table} SET notice = NULL FROM notices"  # noqa: S608 - constants
            f" WHERE notices.id = {table}.notice AND notices.kind = 'promise_reminder'"
        )
    op.execute("DELETE FROM notices WHERE kind = 'promise_reminder'")
    op.execute("DELETE FROM communications WHERE kind = 'promise_reminder'")
    forget("replies", "intent", "promise")
    forget("notices", "kind", KIND)
    forget("communications", "kind", KIND)
    op.drop_constraint(op.f(ONE_THING), "communications")
    op.drop_column("communications", "promise")
    op.create_check_constraint(op.f(ONE_THING), "communications", "num_nonnulls(instalment, payment, due) = 1")
