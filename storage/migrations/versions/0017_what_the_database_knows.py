"""The database knows its words: enumerations are checked, searched foreign keys have an index, facts are columns."""

import sqlalchemy as sa
from alembic import op

revision = "0017"
down_revision = "0016"

WORDS = {
    ("agreements", "state"): "active broken completed",
    ("approvals", "state"): "given carried_out lapsed",
    ("audit_log", "outcome"): "done refused",
    ("audit_log", "role"): "analyst supervisor auditor",
    ("bank_files", "state"): "disagreeing applying applied",
    ("cases", "arm"): "control ruler rival",
    ("cases", "habit"): "paid_after_notice paid_unprompted answered silent unknown",
    ("cases", "status"): (
        "running on_hold paused unreachable over_budget under_defence awaiting_approval"
        " awaiting_prior_steps amount_unknown resolved benefits_suspended referred ended cancelled control"
    ),
    ("charges", "state"): "claimed open paid removed",
    ("cohorts", "lifecycle"): "running paused cancelled",
    ("debts", "kind"): "contribution fee tax",
    ("defences", "state"): "open accepted rejected",
    ("filings", "status"): "filed late missing not_required",
    ("notices", "channel"): "email sms whatsapp messenger voice domicile",
    ("notices", "hypothesis"): "h1 h2 h3 h4 h5 h6 h7 h8",
    ("notices", "kind"): "rung reinstatement",
    ("notices", "rung_channel"): "email sms whatsapp messenger voice domicile",
    ("notices", "stage"): "reminder alert warning notice final_notice suspension",
    ("notices", "status"): "claimed queued sent delivered read answered failed bounced blocked",
    ("notices", "tone"): "friendly guiding firm formal final",
    ("opt_outs", "channel"): "email sms whatsapp messenger voice domicile",
    ("payments", "channel"): "pix bank",
    ("prior_steps", "kind"): "conciliation administrative_solution protest protest_exception cadin_notice",
    ("remissions", "ground"): "agreement campaign",
    ("replies", "channel"): "email sms whatsapp messenger voice domicile",
    ("replies", "intent"): "pay instalments paid objection call opt_out unclear",
    ("suppressed_contacts", "channel"): "email sms whatsapp messenger voice domicile",
    ("tasks", "kind"): "call objection instalments contact processed suit_suspension protest_costs registers_removed",
    ("tokens", "role"): "analyst supervisor auditor",
}

INDEXES = {
    "charges": ("debt", "instalment"),
    "filings": ("taxpayer",),
    "holds": ("debt",),
    "payments": ("bank_file",),
    "replies": ("case", "taxpayer"),
    "suppressed_contacts": ("notice",),
    "suspensions": ("benefit",),
}


RULERS = {"offers": "offer", "accrues": "accrual:"}


def upgrade() -> None:
    for (table, column), words in WORDS.items():
        listed = ", ".join(f"'{word}'" for word in words.split())
        op.create_check_constraint(f"{column}_known", table, f"{column} IN ({listed})")
    for table, columns in INDEXES.items():
        for column in columns:
            op.create_index(f"ix_{table}_{column}", table, [column])
    op.add_column("payments", sa.Column("hour_known", sa.Boolean(), server_default=sa.text("true"), nullable=False))
    # what said so until now: the noon of a payment that a bank's file reported
    op.execute("""
        UPDATE payments SET hour_known = false
        WHERE reference IS NOT NULL AND CAST(paid_at AT TIME ZONE 'America/Sao_Paulo' AS time) = '12:00'
    """)
    for column, word in RULERS.items():
        op.add_column("rulers", sa.Column(column, sa.Boolean(), server_default=sa.text("false"), nullable=False))
        # more rulers than it is true of: each of them is asked again before it counts
        op.execute(f"UPDATE rulers SET {column} = true WHERE source LIKE '%{word}%'")  # noqa: S608 - constants


def downgrade() -> None:
    for column in RULERS:
        op.drop_column("rulers", column)
    op.drop_column("payments", "hour_known")
    for table, columns in INDEXES.items():
        for column in columns:
            op.drop_index(f"ix_{table}_{column}", table)
    for table, column in WORDS:
        op.drop_constraint(op.f(f"ck_{table}_{column}_known"), table)
