"""Approvals are given out by the call centre's queue too: as tasks of a kind, in a queue of their own."""

from storage.migrations.words import forget, know

revision = "0080"
down_revision = "0079"


def upgrade() -> None:
    know("calls", "queue", "approvals")
    know("tasks", "kind", "approval")


def downgrade() -> None:
    forget("tasks", "kind", "approval")
    forget("calls", "queue", "approvals")
