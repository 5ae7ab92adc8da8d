"""Suspensions of tax benefits: each on record once, by whom it was approved, until it is given back."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import date

from sqlalchemy import Connection, func, select, update
from sqlalchemy.dialects.postgresql import insert

from models.case.credit import CreditId
from storage.case.cases import Case
from storage.schema import benefits, suspensions


def suspend_benefits(
    connection: Connection, case: Case, approvers: Iterable[str], on: date, credits: Iterable[CreditId]
) -> None:
    """Suspend the benefits that the taxpayer holds of the case's tax, for these credits; those that are suspended stay
    as they are."""
    of_tax = func.coalesce(benefits.c.tax, case.tax) == case.tax
    held = connection.scalars(select(benefits.c.id).where(benefits.c.taxpayer == case.taxpayer, of_tax)).all()
    why = {"case": case.id, "suspended_on": on, "approved_by": ", ".join(approvers), "credits": list(credits)}
    if held:
        rows = [{"benefit": benefit, **why} for benefit in held]
        connection.execute(insert(suspensions).on_conflict_do_nothing(), rows)


def give_back(connection: Connection, case: str, on: date) -> None:
    """End what the case holds suspended."""
    suspended = (suspensions.c.case == case) & suspensions.c.reinstated_at.is_(None)
    ended = {"reinstated_on": on, "reinstated_at": func.clock_timestamp()}
    connection.execute(update(suspensions).where(suspended).values(ended))
