"""The journal tells when the instalments of an agreement are no longer debited."""

from storage.migrations.words import forget, know

revision = "0049"
down_revision = "0048"


def upgrade() -> None:
    know("decisions", "kind", "agreement_debit_ended")


def downgrade() -> None:
    forget("decisions", "kind", "agreement_debit_ended")
