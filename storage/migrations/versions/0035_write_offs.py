"""What an extract says of how a debt ended, and write-offs by people, both of which can be undone.

The downgrade takes what was undone out of the record, where the former schema knows no more than one of a kind and day.
"""

import sqlalchemy as sa
from alembic import op

revision = "0035"
down_revision = "0034"

GROUNDS = (
    "payment compensation transaction remission prescription lapse deposit_converted advance_payment consignment"
    " administrative_decision court_decision real_estate arbitral_award mediation_fulfilled"
)


def upgrade() -> None:
    op.add_column("extinctions", sa.Column("source", sa.Text(), server_default=sa.text("'person'"), nullable=False))
    for column, kind in (
        ("undone_at", sa.DateTime(timezone=True)),
        ("undone_by", sa.Text()),
        ("undone_because", sa.Text()),
    ):
        op.add_column("extinctions", sa.Column(column, kind, nullable=True))
    op.create_check_constraint("source_known", "extinctions", "source IN ('person', 'extract')")
    op.drop_constraint(op.f("uq_extinctions_debt_ground_on"), "extinctions")
    op.create_index("ix_extinctions_debt", "extinctions", ["debt"])
    op.create_index(
        "uq_extinctions_current",
        "extinctions",
        ["debt", "ground", "on"],
        unique=True,
        postgresql_where=sa.text("undone_at IS NULL"),
    )
    _know(f"{GROUNDS} cancellation")


def downgrade() -> None:
    op.execute("DELETE FROM extinctions WHERE undone_at IS NOT NULL")
    op.execute("UPDATE extinctions SET ground = 'administrative_decision' WHERE ground = 'cancellation'")
    _know(GROUNDS)
    op.drop_index("uq_extinctions_current", "extinctions")
    op.drop_index("ix_extinctions_debt", "extinctions")
    op.create_unique_constraint(op.f("uq_extinctions_debt_ground_on"), "extinctions", ["debt", "ground", "on"])
    op.drop_constraint(op.f("ck_extinctions_source_known"), "extinctions")
    for column in ("undone_because", "undone_by", "undone_at", "source"):
        op.drop_column("extinctions", column)


def _know(grounds: str) -> None:
    listed = ", ".join(f"'{ground}'" for ground in grounds.split())
    op.drop_constraint(op.f("ck_extinctions_ground_known"), "extinctions")
    op.create_check_constraint("ground_known", "extinctions", f"ground IN ({listed})")
