"""The tables: what is remembered. Money is NUMERIC(15,2); instants are UTC; dates are logical days of the case.

Rows are locked in one order everywhere: cases by id, then debts by id. So payments and notices queue, never deadlock.
"""

from storage.schema.agreements import agreement_debts, agreements, instalments, recurrences
from storage.schema.audit import audit_log, once_links, restatements, sessions, sign_ins, tokens
from storage.schema.base import metadata
from storage.schema.cases import arms, cases, cohorts, decisions, experiments, intakes, outbox
from storage.schema.certificates import certificates
from storage.schema.collections import agent_queues, calls, promises
from storage.schema.conversations import conversation_lines, conversations
from storage.schema.debts import (
    access_keys,
    benefits,
    debtors,
    debts,
    extinctions,
    extract_sources,
    filings,
    holds,
    interruptions,
    rates,
    snapshot_debts,
)
from storage.schema.drafts import cohort_drafts, ruler_drafts
from storage.schema.due_process import (
    acts,
    annulments,
    approvals,
    defence_credits,
    defences,
    prior_step_debts,
    prior_steps,
    request_credits,
    request_files,
    requests,
    suspensions,
    tasks,
)
from storage.schema.notices import (
    batched_notices,
    communications,
    delivery_events,
    notice_batches,
    notice_credits,
    notices,
    replies,
)
from storage.schema.payments import (
    allocations,
    bank_files,
    charge_debts,
    charges,
    payments,
    quarantined_items,
    remissions,
    reversals,
    unmatched_reversals,
)
from storage.schema.rulers import assets, policies, published, rulers
from storage.schema.slips import remittances, slips
from storage.schema.taxpayers import contacts, opt_outs, suppressed_contacts, taxpayers
from storage.schema.uploads import upload_parts, uploads

__all__ = [
    "access_keys",
    "acts",
    "agent_queues",
    "agreement_debts",
    "agreements",
    "allocations",
    "annulments",
    "approvals",
    "arms",
    "assets",
    "audit_log",
    "bank_files",
    "batched_notices",
    "benefits",
    "calls",
    "cases",
    "certificates",
    "charge_debts",
    "charges",
    "cohort_drafts",
    "cohorts",
    "communications",
    "contacts",
    "conversation_lines",
    "conversations",
    "debtors",
    "debts",
    "decisions",
    "defence_credits",
    "defences",
    "delivery_events",
    "experiments",
    "extinctions",
    "extract_sources",
    "filings",
    "holds",
    "instalments",
    "intakes",
    "interruptions",
    "metadata",
    "notice_batches",
    "notice_credits",
    "notices",
    "once_links",
    "opt_outs",
    "outbox",
    "payments",
    "policies",
    "prior_step_debts",
    "prior_steps",
    "promises",
    "published",
    "quarantined_items",
    "rates",
    "recurrences",
    "remissions",
    "remittances",
    "replies",
    "request_credits",
    "request_files",
    "requests",
    "restatements",
    "reversals",
    "ruler_drafts",
    "rulers",
    "sessions",
    "sign_ins",
    "slips",
    "snapshot_debts",
    "suppressed_contacts",
    "suspensions",
    "tasks",
    "taxpayers",
    "tokens",
    "unmatched_reversals",
    "upload_parts",
    "uploads",
]
