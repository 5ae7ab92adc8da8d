"""The steps that the law wants before a suit, as people put them on record of debts (CNJ 547/2024, Lei 14.973/2024)."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date, datetime

from sqlalchemy import Engine, insert, text, update

from models.case.commands import must_have_been
from models.case.facts import StepKind
from models.case.journal import EntryKind
from models.errors import Refusal
from models.events import PriorStepTaken
from models.formats import day
from models.words import PRIOR_STEPS
from storage.law.of_debts import locked_debts, named, tell
from storage.schema import debts, prior_step_debts, prior_steps


def take_prior_step(
    engine: Engine,
    case: str,
    kind: StepKind,
    on: date,
    reference: str,
    by: str,
    now: datetime,
    of_debts: Sequence[str] = (),
) -> list[str]:
    """Record a prior step for the debts of the case that were there by then, or for those named; returns them. Raises
    Refusal when it is on record for one of these already, or on a day that can't be."""
    with locked_debts(engine, case, of_debts, existing_on=on) as locked:
        must_have_been("a step can't have been taken", on, locked.case.clock.day_at(now))
        known = {row.debt: row for row in locked.connection.execute(TAKEN, {"case": case, "kind": kind})}
        meant = [debt for debt in locked.debts if debt not in known]
        if twice := [debt for debt in locked.debts if debt in known and (debt in of_debts or not meant)]:
            first = known[twice[0]]
            raise Refusal(
                f"debt {', '.join(twice)} of case {case} has its {kind.replace('_', '-')} of {first.on} on record"
                f" already: {first.reference}, by {first.recorded_by}"
            )
        row = {"case": case, "kind": kind, "on": on, "reference": reference, "recorded_by": by}
        step = locked.connection.execute(insert(prior_steps).values(row).returning(prior_steps.c.id)).scalar_one()
        locked.connection.execute(insert(prior_step_debts), [{"prior_step": step, "debt": debt} for debt in meant])
        if kind == "registration":
            registered = update(debts).where(debts.c.id.in_(meant), debts.c.registered_on.is_(None))
            locked.connection.execute(registered.values(registered_on=on))
        of = f" ({named(meant)})" if of_debts else ""
        why = f"{PRIOR_STEPS[kind]}{of}, em {day(on)}, registrado por {by}: {reference}"
        tell(locked, EntryKind.PRIOR_STEP_TAKEN, why, now, PriorStepTaken())
        return meant


TAKEN = text("""
    SELECT debt, "on", reference, recorded_by FROM prior_steps JOIN prior_step_debts ON prior_step = prior_steps.id
    WHERE "case" = :case AND kind = :kind AND NOT EXISTS (
        SELECT FROM annulments WHERE annulments.kind = 'step' AND entry = CAST(prior_steps.id AS text))
    ORDER BY prior_steps.id
""")
