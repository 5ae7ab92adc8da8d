"""The path of a case over the heat-map: the cells whose notices it was sent."""

from __future__ import annotations

from sqlalchemy import Connection, text

from models.formats import day

CELLS = text("""
    SELECT at, hypothesis, stage, rigidity FROM notices WHERE "case" = :case AND kind = 'rung'
    GROUP BY step, at, hypothesis, stage, rigidity ORDER BY step
""")


def path_of(connection: Connection, case: str) -> tuple[str, ...]:
    """A line for each rung, the oldest first: its day and its cell."""
    rows = connection.execute(CELLS, {"case": case})
    return tuple(f"{day(row.at)} · {row.hypothesis.upper()} · {row.stage} · {row.rigidity}" for row in rows)
