"""The database knows the kinds of journal entries."""

from alembic import op

revision = "0022"
down_revision = "0021"

KINDS = (
    " classified reclassified referred resolved ended cancelled reopened resumed_after_break migrated"
    " budget_changed on_hold paused under_defence resumed reanchored resume_asked hardship_declared"
    " hardship notice notice_lost served lost approval_asked approved rejected approval_lapsed"
    " suspended reinstated defence_filed defence_accepted defence_rejected hold_placed hold_lifted"
    " prior_step_taken payment payment_reversed payment_claimed settled paid_less paid_late remitted"
    " remission_undone agreement_signed agreement_effective agreement_broken agreement_restored"
    " agreement_rescinded agreement_completed agreement_reminder agreement_alert"
    " agreement_message_unsent contact_given opted_out call_asked objection_asked instalments_asked"
)


def upgrade() -> None:
    listed = ", ".join(f"'{kind}'" for kind in KINDS.split())
    op.create_check_constraint("kind_known", "decisions", f"kind IN ({listed})")


def downgrade() -> None:
    op.drop_constraint(op.f("ck_decisions_kind_known"), "decisions")
