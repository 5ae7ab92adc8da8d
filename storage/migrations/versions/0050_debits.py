"""The journal tells when the instalments of an agreement are no longer debited."""

from storage.migrations.words import forget, know

revision = "0050"
down_revision = "0049"


def upgrade() -> None:
    know("decisions", "kind", "agreement_debit_ended")


def downgrade() -> None:
    forget("decisions", "kind", "agreement_debit_ended")
