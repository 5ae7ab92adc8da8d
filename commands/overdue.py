"""Overdue cases, and those of them that Temporal runs no workflow for."""

from __future__ import annotations

import asyncio
from dataclasses import dataclass
from datetime import UTC, datetime

from sqlalchemy import Engine

from commands.services import temporal_client
from models.errors import Refusal
from storage.audit.living import CASES, overdue_cases
from storage.case.cohorts import read_cohort
from workflows.names import case_workflow_id
from workflows.running import How, describe

ASKED = 1000
"""Cases that Temporal is asked about at most."""


@dataclass(frozen=True)
class Overdue:
    cases: list[str]
    gone: list[str] | None
    """The cases that have no workflow; none: Temporal doesn't answer."""


def overdue(engine: Engine, cohort: str) -> Overdue:
    """The cases of a cohort whose next step should have been done a day ago."""
    with engine.connect() as connection:
        late = overdue_cases(connection, read_cohort(connection, cohort), datetime.now(UTC))
    return Overdue(late, asyncio.run(_gone(late[:ASKED])) if late else [])


async def _gone(cases: list[str]) -> list[str] | None:
    try:
        client = await temporal_client()
        described = [await describe(client, case_workflow_id(case), CASES.workflow) for case in cases]
    except (Refusal, RuntimeError):
        return None
    return [case for case, found in zip(cases, described, strict=True) if found.how is not How.RUNS]
