"""The analysts' commands: one file a group, each function one command, each file with a `register(app)`."""

GROUPS = {
    "ruler": ("ruler",),
    "catalogue": ("catalogue",),
    "agreement": ("agreement",),
    "stack": ("stack",),
    "imports": ("taxpayers", "filings", "benefits", "sample"),
    "cohort": ("cohort",),
    "migrate": ("cohort",),
    "schedule": ("schedule",),
    "case": ("case",),
    "explain": ("case",),
    "tasks": ("task",),
    "payments": ("payments",),
    "rates": ("rates",),
    "debt": ("debt",),
    "audit": ("audit", "audit-log"),
    "tokens": ("token",),
    "power": ("power",),
    "report": ("report",),
    "web": ("web", "migrate", "downgrade"),
    "demo": ("demo",),
}
"""file -> the commands in it. Only the file that was asked for is loaded, so that each command answers at once."""
