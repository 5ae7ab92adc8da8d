"""Names that the processes agree on: queue, search attributes, ids. One place, so that none drifts."""

TASK_QUEUE = "regua"


def queue_of(provider: str) -> str:
    """Each provider has a queue of its own, at its own rate: a slow SMS gateway never holds up e-mail."""
    return f"{TASK_QUEUE}-{provider}" if provider in PROVIDERS else TASK_QUEUE


PROVIDERS = ("sendgrid", "twilio")
"""The others write files, as fast as a disk can."""

# name -> type, as the dev server's `--search-attribute NAME=TYPE` wants them. No person's data here, ever.
SEARCH_ATTRIBUTES = {
    "Cohort": "Keyword",
    "Ruler": "Keyword",
    "Hypothesis": "Keyword",
    "Stage": "Keyword",
    "Rigidity": "Int",
    "CaseStatus": "Keyword",
    "NextStep": "Datetime",
}


ACTED = "acted"
"""The one update that a case's workflow knows."""

CASE, AGREEMENT, COMMUNICATION, INTAKE = "case-", "agreement-", "communication-", "intake-"


def case_workflow_id(case: str) -> str:
    return f"{CASE}{case}"


def case_of(workflow_id: str) -> str:
    return workflow_id.removeprefix(CASE)


def agreement_workflow_id(agreement: str) -> str:
    return f"{AGREEMENT}{agreement}"


def communication_workflow_id(communication: str) -> str:
    return f"{COMMUNICATION}{communication}"


def cohort_workflow_id(cohort: str) -> str:
    return f"cohort-{cohort}"


def intake_id(cohort: str) -> str:
    """The id of the schedule by which a cohort grows; its runs have their time added."""
    return f"{INTAKE}{cohort}"
