"""What was agreed to in a call: in how many instalments, and the message with the address at which it is signed.

The way back forgets these messages with their notices; what the journal and the providers say of them stays.
"""

import sqlalchemy as sa
from alembic import op

from storage.migrations.words import forget, know

revision = "0081"
down_revision = "0080"

KIND = "signing_link"
ONE_THING = "ck_communications_about_one_thing"


def upgrade() -> None:
    op.add_column("calls", sa.Column("instalments", sa.Integer(), nullable=True))
    op.add_column("communications", sa.Column("call", sa.BigInteger(), nullable=True))
    op.create_foreign_key(op.f("fk_communications_call"), "communications", "calls", ["call"], ["id"])
    op.create_index("ix_communications_call", "communications", ["call"])
    op.drop_constraint(op.f(ONE_THING), "communications")
    op.create_check_constraint(
        op.f(ONE_THING), "communications", "num_nonnulls(instalment, payment, due, promise, call) = 1"
    )
    know("communications", "kind", KIND)
    know("notices", "kind", KIND)


def downgrade() -> None:
    op.execute("""
        DELETE FROM outbox USING communications
        WHERE outbox.payload ->> 'communication' = communications.id AND communications.kind = 'signing_link'
    """)
    for table in ("delivery_events", "suppressed_contacts"):
        op.execute(
            f"UPDATE {table} SET notice = NULL FROM notices"  # noqa: S608 - constants
            f" WHERE notices.id = {table}.notice AND notices.kind = 'signing_link'"
        )
    op.execute("DELETE FROM notices WHERE kind = 'signing_link'")
    op.execute("DELETE FROM communications WHERE kind = 'signing_link'")
    forget("notices", "kind", KIND)
    forget("communications", "kind", KIND)
    op.drop_constraint(op.f(ONE_THING), "communications")
    op.drop_column("communications", "call")
    op.create_check_constraint(op.f(ONE_THING), "communications", "num_nonnulls(instalment, payment, due, promise) = 1")
    op.drop_column("calls", "instalments")
