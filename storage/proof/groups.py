"""The groups of a cohort as they are compared: the units that were drawn, by stratum, and what came of those that paid.

It reads the relations of storage/proof/figures.py, once these are prepared.
"""

from __future__ import annotations

from collections.abc import Mapping

from sqlalchemy import Connection, text

from models.proof.holdout import Arm
from models.proof.uplift import CENT, Group, Payer, together

STRATA = """
    SELECT arm, stratum, count(*) AS units, sum(cases)::int AS cases, sum(owed ^ 2) AS squares
    FROM drawn_units WHERE {which} GROUP BY arm, stratum ORDER BY arm, stratum
"""

PAYERS = """
    SELECT arm, stratum, paying, (received * 100)::bigint AS cents
    FROM drawn_units WHERE received > 0 AND ({which}) ORDER BY arm, unit
"""

DRAWN = "true"
TOLD_APART = "told_apart"
"""People whom the cohort's ruler has other rungs for, by their habits, in whatever arm."""
UNTOUCHED = "NOT contaminated"
REACHED = "reached AND arm <> 'control'"
OTHERS = "arm = 'control' OR NOT reached AND NOT EXISTS (SELECT FROM drawn_units WHERE arm = 'control')"


def groups_of(connection: Connection, names: Mapping[Arm, str], which: str = DRAWN) -> dict[Arm, Group]:
    """The group of each arm, of those units alone that a condition names."""
    strata = connection.execute(text(STRATA.format(which=which))).all()
    payers = connection.execute(text(PAYERS.format(which=which))).all()
    found = {}
    for arm, name in names.items():
        own = [row for row in strata if row.arm == arm]
        units = {row.stratum: row.units for row in own}
        squares, size = sum(row.squares for row in own), sum(units.values())
        found[arm] = Group(
            name,
            cases=sum(row.cases for row in own),
            units=units,
            paid=tuple(Payer(row.stratum, row.paying, row.cents) for row in payers if row.arm == arm),
            typical=(squares / size).sqrt() if squares else CENT,
        )
    return found


def as_delivered(connection: Connection, names: Mapping[Arm, str]) -> tuple[Group, Group]:
    """Who was reached, and who was held out or, where nobody was, all others."""
    reached, others = (groups_of(connection, names, which).values() for which in (REACHED, OTHERS))
    return together("alcançados", reached), together(names.get(Arm.CONTROL, "não alcançados"), others)
