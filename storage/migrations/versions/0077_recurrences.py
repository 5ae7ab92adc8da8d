"""What payers were asked to authorise (Pix Automático), and the charges that are debited by it."""

import sqlalchemy as sa
from alembic import op

from storage.migrations.words import forget, know

revision = "0077"
down_revision = "0076"

NOW = sa.text("clock_timestamp()")
STATUSES = "'CRIADA', 'APROVADA', 'REJEITADA', 'EXPIRADA', 'CANCELADA'"


def upgrade() -> None:
    op.create_table(
        "recurrences",
        sa.Column("id", sa.Text(), nullable=False),
        sa.Column("agreement", sa.Text(), nullable=False),
        sa.Column("status", sa.Text(), server_default=sa.text("'CRIADA'"), nullable=False),
        sa.Column("asked_by", sa.Text(), nullable=False),
        sa.Column("recorded_at", sa.DateTime(timezone=True), server_default=NOW, nullable=False),
        sa.Column("updated_at", sa.DateTime(timezone=True), server_default=NOW, nullable=False),
        sa.CheckConstraint(f"status IN ({STATUSES})", name=op.f("ck_recurrences_status_known")),
        sa.ForeignKeyConstraint(["agreement"], ["agreements.id"], name=op.f("fk_recurrences_agreement")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_recurrences")),
    )
    op.create_index(
        "uq_recurrences_agreement",
        "recurrences",
        ["agreement"],
        unique=True,
        postgresql_where=sa.text("status IN ('CRIADA', 'APROVADA')"),
    )
    op.create_index("ix_recurrences_agreement", "recurrences", ["agreement"])
    op.add_column("charges", sa.Column("recurrence", sa.Text(), nullable=True))
    op.create_foreign_key(op.f("fk_charges_recurrence"), "charges", "recurrences", ["recurrence"], ["id"])
    op.create_index("ix_charges_recurrence", "charges", ["recurrence"])
    know("tasks", "kind", "debit")


def downgrade() -> None:
    forget("tasks", "kind", "debit")
    op.drop_column("charges", "recurrence")
    op.drop_table("recurrences")
