"""The journal tells when the instalments of an agreement are no longer debited."""

from storage.migrations.words import forget, know

revision = "0048"
down_revision = "0047"


def upgrade() -> None:
    know("decisions", "kind", "agreement_debit_ended")


def downgrade() -> None:
    forget("decisions", "kind", "agreement_debit_ended")
