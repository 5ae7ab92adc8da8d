"""The steps that the law wants before a suit, as people put them on record (CNJ 547/2024, Lei 14.973/2024)."""

from __future__ import annotations

from datetime import date, datetime

from sqlalchemy import Engine, insert, select

from models.case.commands import must_be_open, must_have_been
from models.case.facts import StepKind
from models.case.journal import EntryKind
from models.errors import Refusal
from models.events import PriorStepTaken
from models.formats import day
from models.words import PRIOR_STEPS
from storage.case.cases import read_case
from storage.case.transaction import record_decision
from storage.outbox import enqueue
from storage.schema import prior_steps


def take_prior_step(
    engine: Engine, case: str, kind: StepKind, on: date, reference: str, by: str, now: datetime
) -> None:
    """Record a prior step. Raises Refusal when it is on record already, or the day is yet to come."""
    with engine.begin() as connection:
        record = read_case(connection, case, lock=True)
        must_be_open(record.situation)
        mine = (prior_steps.c.case == case) & (prior_steps.c.kind == kind)
        if known := connection.execute(select(prior_steps).where(mine)).one_or_none():
            raise Refusal(
                f"case {case} has its {kind.replace('_', '-')} of {known.on} on record already:"
                f" {known.reference}, by {known.recorded_by}"
            )
        today = record.clock.day_at(now)
        must_have_been("a step can't have been taken", on, today)
        row = {"case": case, "kind": kind, "on": on, "reference": reference, "recorded_by": by}
        connection.execute(insert(prior_steps).values(row))
        why = f"{PRIOR_STEPS[kind]}, em {day(on)}, registrado por {by}: {reference}"
        record_decision(connection, record, EntryKind.PRIOR_STEP_TAKEN, why, today)
        enqueue(connection, [case], PriorStepTaken())
