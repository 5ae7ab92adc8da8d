"""The analysts' commands: one file a group, each function one command, each file with a `register(app)`."""

from typing import NamedTuple


class Listed(NamedTuple):
    """A command as `--help` lists it, without loading it."""

    files: str
    """The files of this folder that register it."""
    help: str


COMMANDS = {
    "ruler": Listed("ruler classify", "Rulers: check one, see its heat-map and its dated steps, and classify with it."),
    "catalogue": Listed(
        "catalogue", "An authority's own rulers, policies, tables, templates: publish, see and export them."
    ),
    "agreement": Listed("agreement", "Instalment agreements: quote, sign and see them."),
    "accrual": Listed("accrual", "What delay adds to a debt by law."),
    "calendar": Listed("calendar", "Working days and terms by law."),
    "stack": Listed("stack", "The embedded stack: PostgreSQL, Temporal, a worker and the web."),
    "taxpayers": Listed("taxpayers", "Taxpayers and their registered debts."),
    "filings": Listed("imports", "Returns by period: filed, late, missing; declared and paid."),
    "benefits": Listed("imports", "Tax benefits held."),
    "contacts": Listed("imports", "How taxpayers are reached, in bulk."),
    "sample": Listed("imports", "Write a small invented set that leads to all eight hypotheses of alagoas-icms."),
    "cohort": Listed("cohort migrate", "Start a ruler on a cohort, and see how it stands."),
    "schedule": Listed("schedule", "Take the newly delinquent into a cohort, night after night."),
    "case": Listed("case explain", "See one case, and act on it."),
    "letter": Listed("letter", "Letters with a return receipt: batches for the post, and what became of them."),
    "gazette": Listed("gazette", "Editals: what is published where no personal means could serve a notice."),
    "call": Listed("call", "The call centre: one task at a time, and what came of it."),
    "flow": Listed("flow", "Flows of conversations: check one, try it here, draw it."),
    "task": Listed("tasks", "What people have to do."),
    "payments": Listed("payments", "Money that came in."),
    "slip": Listed("slip", "Slips to pay by, and the files that register them with a bank."),
    "rates": Listed("rates", "Monthly rates that accrual needs, as the Central Bank publishes them."),
    "debt": Listed("debt", "One debt."),
    "status": Listed("status", "Say what is overdue, missing, stuck, owed, kept aside or failing."),
    "audit": Listed("audit", "Check what must be true of every case."),
    "audit-log": Listed("audit", "Show who did what and when, the oldest first."),
    "person": Listed("persons", "Who acts: one person each, with the names to sign in by."),
    "token": Listed("tokens", "Who may do what: tokens of analysts, supervisors and auditors."),
    "power": Listed("power", "Say how many cases must be held out for an uplift to show."),
    "report": Listed("report", "Say what a cohort's ruler brought in, and how sure that is."),
    "experiment": Listed("experiment", "An experiment as it was registered, its arms, and its reading."),
    "web": Listed("web", "Serve the webhooks, and deliver what they owe to the running cases."),
    "background": Listed("web", "Do what `web` does beside answering, as a process of its own."),
    "migrate": Listed("web", "Bring the database at DATABASE_URL to this version's schema."),
    "downgrade": Listed("web", "Take the database back to an older schema, before older code is started."),
    "demo": Listed("demo", "Let an invented city live through 240 days in two minutes."),
}
"""In the order of `--help`. Only the files of what was asked for are loaded, so that each command answers at once."""
