"""Experiments on record: registered with their cohort, and never changed."""

from __future__ import annotations

from typing import TypedDict

from sqlalchemy import Connection, insert, or_, select, text

from models.errors import Refusal
from models.proof.experiment import Experiment, Primary
from storage.rows import typed_rows
from storage.schema import experiments


class DrawnStratum(TypedDict):
    """How many units and cases of a stratum were drawn for an arm."""

    arm: str
    stratum: str
    units: int
    cases: int


DRAWN = text("""
    SELECT arm, stratum, count(DISTINCT unit) AS units, count(*) AS cases FROM cases
    WHERE cohort = :cohort AND arm IS NOT NULL GROUP BY arm, stratum ORDER BY arm, stratum
""")


def register(connection: Connection, cohort: str, experiment: Experiment, by: str) -> None:
    """Put an experiment on record, in the transaction that founds its cohort. Raises Refusal when its name is taken."""
    taken = select(experiments.c.cohort).where(experiments.c.name == experiment.name)
    if other := connection.scalars(taken).one_or_none():
        raise Refusal(f"experiment {experiment.name} is cohort {other}'s; choose another name")
    row = {"cohort": cohort, "name": experiment.name, "claim": experiment.claim, "registered_by": by}
    connection.execute(insert(experiments).values(**row, primary_figure=experiment.primary))


def registered_for(connection: Connection, cohort: str) -> Experiment | None:
    row = connection.execute(select(experiments).where(experiments.c.cohort == cohort)).one_or_none()
    return Experiment(row.name, row.claim, Primary(row.primary_figure)) if row else None


class Registration(TypedDict):
    """The row of an experiment, as people read it."""

    cohort: str
    name: str
    claim: str
    primary_figure: str
    registered_by: str
    registered_at: object


def read_registration(connection: Connection, named: str) -> Registration:
    """An experiment by its own name or its cohort's. Raises Refusal when there is none."""
    where = or_(experiments.c.name == named, experiments.c.cohort == named)
    rows = typed_rows(Registration, connection.execute(select(experiments).where(where).limit(1)).mappings())
    if not rows:
        raise Refusal(f"there is no experiment {named}; `cohort start --experiment` registers one")
    return rows[0]


def drawn_by_stratum(connection: Connection, cohort: str) -> list[DrawnStratum]:
    return typed_rows(DrawnStratum, connection.execute(DRAWN, {"cohort": cohort}).mappings())
