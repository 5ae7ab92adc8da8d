"""The rights of the application's role in the database: its work, and nothing that takes back what was recorded.

What decisions rest on can't be rewritten: rows of the tables of APPEND_ONLY stay as they are, of the others the columns
of FIXED do, and rows go from those of PASSING alone. What is written once, such as the end of a token, a trigger of
migration 0034 guards. `docs/audit.md` has the table for people.
"""

from __future__ import annotations

import psycopg
from psycopg import sql

from models.errors import Refusal
from storage.schema import metadata

APPEND_ONLY = frozenset({
    "acts",
    "agreement_debts",
    "annulments",
    "arms",
    "assets",
    "audit_log",
    "certificates",
    "conversation_lines",
    "decisions",
    "defence_credits",
    "delivery_events",
    "experiments",
    "interruptions",
    "notice_credits",
    "opt_outs",
    "policies",
    "prior_step_debts",
    "prior_steps",
    "published",
    "remissions",
    "remittances",
    "request_credits",
    "request_files",
    "rulers",
    "sign_ins",
    "upload_parts",
})  # fmt: skip

FIXED = {
    "agreements": "id case policy renegotiation amount discount signed_on signed_by signed_via identified_by"
    " recorded_at",
    "approvals": "id case given_by reason given_on seen recorded_at",
    "bank_files": "id digest layout agreement number made_on records accepted amount recorded_at",
    "batched_notices": "notice batch number",
    "charges": "id debt instalment case recurrence txid recorded_at",
    "benefits": "id taxpayer code",
    "communications": "id case kind instalment payment due recorded_at",
    "calls": "id task queue channel at started_at",
    "cohort_drafts": "id made_by made_at",
    "cohorts": "name started_by selection started_at",
    "conversations": "id token case flow pinned opened_at",
    "debts": "id tax pix_txid slip_number",
    "defences": "id case filed_on reference recorded_by recorded_at appeal",
    "extinctions": "id debt ground on source recorded_at",
    "filings": "id taxpayer tax period due status filed_on declared assessed paid paid_on paid_before_due corrected"
    " corrected_on recorded_at",
    "holds": "id debt ground source placed_by reason evidence since until",
    "instalments": "id agreement n pix_txid slip_number",
    "intakes": "id cohort cron rate asked_by asked_at",
    "notice_batches": "id channel closed_by closed_at",
    "notices": "id case kind communication step channel rung_channel at due_at hypothesis stage rigidity tone template"
    " formal subject body address segments claimed_at",
    "outbox": "id case name payload recorded_at",
    "once_links": "id digest person role made_by made_at expires_at",
    "payments": "id channel amount origin",
    "promises": "id case amount promised_for due judged_on channel made_by made_on after_payment recorded_at",
    "quarantined_items": "id digest sealed reason arrived_at",
    "recurrences": "id agreement asked_by recorded_at",
    "replies": "id provider event channel address taxpayer case body intent",
    "requests": "id case kind made_on due reference recorded_by recorded_at said key",
    "reversals": "id payment reference kind moved_to by reason amount reversed_on recorded_at",
    "ruler_drafts": "id ruler made_by made_at",
    "sessions": "id digest person role token signed_in_at",
    "slips": "id kind debt instalment taxpayer amount due issued_on issued_by barcode beneficiary beneficiary_tax_id"
    " bank account wallet sequence printed_number remitted_number returned_number recorded_at",
    "suspensions": "id benefit case suspended_on approved_by recorded_at",
    "tasks": "id case kind reference what source opened_at",
    "unmatched_reversals": "id reference agreement slip slip_number amount taken_back_at recorded_at",
    "taxpayers": "id key",
    "uploads": "id name brought_by brought_at",
    "tokens": "id name role digest issued_by issued_at expires_at",
}
"""Table -> columns that no update touches."""

PASSING = frozenset({"allocations", "charge_debts", "debtors", "outbox", "upload_parts"})
"""Tables whose rows may go: how a payment is shared is worked out anew, and what a charge is for when it is revised, an
extract takes a debtor off a debt, a signal may be overtaken before it is heard, and a file that was imported is kept no
longer."""

OWNERS = frozenset({"restatements"})
"""Tables that triggers alone write to."""

REFUSED = """
    SELECT rolsuper, EXISTS (
        SELECT FROM pg_class
        WHERE relnamespace = 'public'::regnamespace AND pg_has_role(pg_roles.oid, relowner, 'MEMBER'))
    FROM pg_roles WHERE rolname = %s
"""


def grant_to(database: str, role: str) -> None:
    """Grant a role what the application needs, as the owner of the tables, after each migration. Raises Refusal for a
    role that isn't there, and for one that could do more than it is granted."""
    with psycopg.connect(database) as connection:
        found = connection.execute(REFUSED, [role]).fetchone()
        if found is None:
            raise Refusal(f"the database has no role {role}; CREATE ROLE {role} LOGIN PASSWORD '…' makes it")
        superuser, owner = found
        if superuser or owner:
            is_what = "is a superuser" if superuser else "owns tables, or is a member of who does"
            raise Refusal(f"role {role} {is_what}: nothing could be kept from it; choose another")
        for statement in _grants():
            connection.execute(sql.SQL(statement).format(role=sql.Identifier(role)))


def _grants() -> list[str]:
    public = "SCHEMA public"
    return [
        f"GRANT USAGE ON {public} TO {{role}}",
        # column by column too, where only some were granted
        f"REVOKE ALL ON ALL TABLES IN {public} FROM {{role}}",
        f"GRANT SELECT ON ALL TABLES IN {public} TO {{role}}",
        f"GRANT USAGE ON ALL SEQUENCES IN {public} TO {{role}}",
        *(
            f"GRANT {', '.join(rights)} ON {name} TO {{role}}"
            for name in metadata.tables
            if (rights := rights_on(name))
        ),
    ]


def rights_on(table: str) -> list[str]:
    """The rights on a table besides reading it, as GRANT writes them."""
    if table in OWNERS:
        return []
    rights = ["INSERT"]
    if table not in APPEND_ONLY:
        kept = FIXED.get(table, "").split()
        free = [f'"{column.name}"' for column in metadata.tables[table].columns if column.name not in kept]
        rights.append(f"UPDATE ({', '.join(free)})" if kept else "UPDATE")
    if table in PASSING:
        rights.append("DELETE")
    return rights
