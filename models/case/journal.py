"""The kinds of journal entries: what can happen to a case, each as `subject:action`."""

from __future__ import annotations

from enum import StrEnum


class EntryKind(StrEnum):
    """The kind of a decision on record.

    The value is the word that is stored and shown. It never changes, since entries are chained by their hash; the name
    says the same as subject and action.
    """

    CASE_CLASSIFIED = "classified"
    CASE_RECLASSIFIED = "reclassified"
    CASE_REFERRED = "referred"
    CASE_BEGUN_ANEW = "begun_anew"
    CASE_RESOLVED = "resolved"
    CASE_ENDED = "ended"
    CASE_CANCELLED = "cancelled"
    CASE_REOPENED = "reopened"
    CASE_RESUMED_AFTER_DEFAULT = "resumed_after_break"
    RULER_CHANGED = "migrated"
    BUDGET_CHANGED = "budget_changed"
    CLOCK_HELD = "on_hold"
    CLOCK_PAUSED = "paused"
    CLOCK_DEFENDED = "under_defence"
    CLOCK_RESUMED = "resumed"
    CLOCK_RESTARTED = "reanchored"
    PAUSE_LIFTED = "resume_asked"
    HARDSHIP_DECLARED = "hardship_declared"
    HARDSHIP_HEEDED = "hardship"
    NOTICE_ISSUED = "notice"
    NOTICE_POSTED = "notice_posted"
    NOTICE_PUBLISHED = "notice_published"
    NOTICE_RECEIVED = "notice_received"
    NOTICE_LOST = "notice_lost"
    NOTICE_SERVED = "served"
    RUNG_LOST = "lost"
    SUSPENSION_ASKED = "approval_asked"
    SUSPENSION_APPROVED = "approved"
    SUSPENSION_REJECTED = "rejected"
    SUSPENSION_LAPSED = "approval_lapsed"
    BENEFITS_SUSPENDED = "suspended"
    BENEFITS_REINSTATED = "reinstated"
    BENEFITS_TO_REASSESS = "reassessment_due"
    DEFENCE_FILED = "defence_filed"
    DEFENCE_ACCEPTED = "defence_accepted"
    DEFENCE_REJECTED = "defence_rejected"
    HOLD_PLACED = "hold_placed"
    HOLD_LIFTED = "hold_lifted"
    PRIOR_STEP_TAKEN = "prior_step_taken"
    ENTRY_ANNULLED = "entry_annulled"
    PRESCRIPTION_INTERRUPTED = "prescription_interrupted"
    EXTINCTION_CONFIRMED = "extinction_confirmed"
    EXTINCTION_REFUTED = "extinction_refuted"
    PAYMENT_RECEIVED = "payment"
    PAYMENT_REVERSED = "payment_reversed"
    PAYMENT_CLAIMED = "payment_claimed"
    CALL_MADE = "call_made"
    PROMISE_MADE = "promise_made"
    PROMISE_KEPT = "promise_kept"
    PROMISE_KEPT_IN_PART = "promise_kept_in_part"
    PROMISE_BROKEN = "promise_broken"
    PROMISE_REOPENED = "promise_reopened"
    PROMISE_CANCELLED = "promise_cancelled"
    PROMISE_OVERTAKEN = "promise_overtaken"
    OFFER_SETTLED = "settled"
    OFFER_UNDERPAID = "paid_less"
    OFFER_PAID_LATE = "paid_late"
    REMISSION_GRANTED = "remitted"
    REMISSION_UNDONE = "remission_undone"
    AGREEMENT_SIGNED = "agreement_signed"
    AGREEMENT_EFFECTIVE = "agreement_effective"
    AGREEMENT_BROKEN = "agreement_broken"
    AGREEMENT_RESTORED = "agreement_restored"
    AGREEMENT_RESCINDED = "agreement_rescinded"
    AGREEMENT_COMPLETED = "agreement_completed"
    AGREEMENT_DEBIT_ENDED = "agreement_debit_ended"
    AGREEMENT_OFFSET_REFUSED = "agreement_offset_refused"
    AGREEMENT_REMINDED = "agreement_reminder"
    AGREEMENT_ALERTED = "agreement_alert"
    AGREEMENT_MESSAGE_UNSENT = "agreement_message_unsent"
    COMMUNICATION_ISSUED = "communication"
    COMMUNICATION_UNSENT = "communication_unsent"
    DEBTOR_REMOVED = "debtor_removed"
    CONTACT_GIVEN = "contact_given"
    CONTACT_REFUSED = "opted_out"
    REQUEST_MADE = "request_made"
    REQUEST_ANSWERED = "request_answered"
    REPLY_CALL_ASKED = "call_asked"
    REPLY_OBJECTION_MADE = "objection_asked"
    REPLY_INSTALMENTS_ASKED = "instalments_asked"

    @property
    def subject(self) -> str:
        """The part of the case it is about: benefits, notice, payment, …"""
        return next(subject for subject in SUBJECTS if self.name.startswith(f"{subject.upper()}_"))

    @property
    def event(self) -> str:
        """The kind as `subject:action`."""
        return f"{self.subject}:{self.name.lower().removeprefix(f'{self.subject}_')}"


SUBJECTS = (
    "agreement",
    "benefits",
    "budget",
    "call",
    "case",
    "clock",
    "communication",
    "contact",
    "debtor",
    "defence",
    "entry",
    "extinction",
    "hardship",
    "hold",
    "notice",
    "offer",
    "pause",
    "payment",
    "prescription",
    "prior_step",
    "promise",
    "remission",
    "reply",
    "request",
    "ruler",
    "rung",
    "suspension",
)
